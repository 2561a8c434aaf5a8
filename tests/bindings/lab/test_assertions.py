#!/usr/bin/env python3
"""The examples that assert a leak on the lab, in pytest and in Go's testing: each starts the flag
service, the shop and real Locust, once with the flag on and once with it off. Both languages at the
same time: they mostly wait."""

import concurrent.futures
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import support  # noqa: E402

EXAMPLES = os.path.join(support.TOP, "examples")


def in_python(folder):
    return support.run(support.PYTHON, "-m", "pytest", "-v", "-p", "no:cacheprovider",
                       "--basetemp", os.path.join(folder, "t"),
                       os.path.join(EXAMPLES, "python", "test_lab.py"))


def in_go():
    return support.run("go", "test", "-count=1", "-v", "./lab", cwd=os.path.join(EXAMPLES, "go"))


def passed(done, pattern):
    """Names of the tests that the output calls passed."""
    return set(re.findall(pattern, done.stdout, re.M))


def main():
    count = support.Count()
    reason = support.old_go()
    if reason:
        print("SKIPPED: go: %s" % reason)
        count.skipped += 2
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor() as both:
        python = both.submit(in_python, folder)
        go = None if reason else both.submit(in_go)
        python = python.result()
        go = go.result() if go else None
    names = passed(python, r"::(\w+)\[\w+\] PASSED")
    for name in ("test_the_flag_makes_a_leak", "test_without_the_flag_there_is_none"):
        count.check("pytest: " + name, None if name in names else python.stdout[-6000:])
    for name in ("TestTheFlagMakesALeak", "TestWithoutTheFlagThereIsNone") if go else ():
        names = passed(go, r"^--- PASS: (\w+)")
        count.check("go: " + name, None if name in names else go.stdout[-6000:])
    count.end()


if __name__ == "__main__":
    main()

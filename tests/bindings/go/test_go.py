#!/usr/bin/env python3
"""The Go package: formatted, vetted, its tests with and without the race detector, and a library of
another version refused."""

import json
import os
import re
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import support  # noqa: E402

# What waits for its own sake or counts to a million says nothing more under the race detector.
NOT_UNDER_RACE = "Million|ThisProcessLeaks|Costs"


def run_tests(count, sentence, *arguments):
    """Each test of go test is a check."""
    done = support.run("go", "test", "-json", *arguments, "./...", cwd=support.GO_MODULE)
    said, ended = {}, 0
    for line in done.stdout.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            print(line)
            continue
        test = event.get("Test")
        if event.get("Action") == "output":
            said.setdefault(test, []).append(event["Output"])
        elif test and event.get("Action") in ("pass", "fail"):
            ended += 1
            count.check("%s: %s" % (sentence, test),
                        "".join(said[test]) if event["Action"] == "fail" else None)
        elif test and event.get("Action") == "skip":
            ended += 1
            count.skipped += 1
            print("SKIPPED: %s: %s" % (test, "".join(said[test])))
    count.check("%s: go test ends well" % sentence,
                None if done.returncode == 0 and ended else done.stdout[-4000:])
    for test, lines in said.items():
        if test and "Costs" in test:
            print("".join(line for line in lines if " ns" in line), end="")


def other_version(count):
    """Headers of another minor version stop the build, with a reason."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.join(folder, "prefix")
        shutil.copytree(support.PREFIX, prefix, symlinks=True)
        header = os.path.join(prefix, "include", "leakdiag", "base.h")
        with open(header, encoding="utf-8") as file:
            text = file.read()
        with open(header, "w", encoding="utf-8") as file:
            file.write(re.sub(r"(#define LEAKDIAG_VERSION_MINOR) \d+", r"\1 99", text))
        pc = os.path.join(prefix, "lib", "pkgconfig", "leakdiag.pc")
        with open(pc, encoding="utf-8") as file:
            text = file.read()
        with open(pc, "w", encoding="utf-8") as file:
            file.write(re.sub(r"^prefix=.*", "prefix=" + prefix, text, flags=re.M))
        done = support.run("go", "build", "./internal/capi", cwd=support.GO_MODULE,
                           PKG_CONFIG_PATH=os.path.dirname(pc))
        count.check("a library of another minor version stops the build",
                    None if done.returncode and "this Go package is for libleakdiag" in done.stdout
                    else done.stdout)


def main():
    support.skip_with_old_go()
    count = support.Count()
    done = support.run("gofmt", "-l", ".", cwd=support.GO_MODULE)
    count.check("everything is formatted", done.stdout)
    # What SWIG writes trips -unsafeptr; the rest of vet stays.
    count.ran("go vet finds nothing", support.run("go", "vet", "-unsafeptr=false", "./...",
                                                  cwd=support.GO_MODULE))
    run_tests(count, "plain")
    run_tests(count, "race", "-race", "-skip", NOT_UNDER_RACE)
    other_version(count)
    count.end()


if __name__ == "__main__":
    main()

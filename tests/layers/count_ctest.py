#!/usr/bin/env python3
"""Run the ctest tests that carry one of the labels and count the single checks in them.

A Check program says "100%: Checks: 12, Failures: 0, Errors: 0"; other programs may end with
"N passed, N failed, N skipped". A test that says neither counts as failed, because a program
that stops early with status 0 would pass unseen.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CHECK_LINE = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
COUNT_LINE = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", re.M)


def counts_in(output):
    """Passed, failed and skipped that the program itself names, or None."""
    checks = CHECK_LINE.findall(output)
    if checks:
        total, failures, errors = (sum(int(line[i]) for line in checks) for i in range(3))
        return total - failures - errors, failures + errors, 0
    lines = COUNT_LINE.findall(output)
    return tuple(int(n) for n in lines[-1]) if lines else None


def count_case(case):
    """Counts of one test of ctest, and why it counts as failed if its own lines do not say so."""
    status = case.get("status")
    counts = counts_in(case.findtext("system-out") or "")
    if status == "notrun" or status == "disabled":
        skip = case.find("skipped")
        reason = skip.get("message") if skip is not None else ""
        if "SKIP" in (reason or ""):
            return (0, 0, 1), None
        return (0, 1, 0), "it did not run: %s" % (reason or status)
    if counts is None:
        return (0, 1, 0), "it printed no countable line"
    if sum(counts) == 0:
        return (0, 1, 0), "it tested nothing"
    if status != "run" and counts[1] == 0:
        return (counts[0], 1, counts[2]), "it counted no failure, but ctest says it failed"
    return counts, None


def without_randomisation():
    """A command prefix; the sanitizers of older compilers trip over much address randomisation."""
    prefix = ["setarch", platform.machine(), "--addr-no-randomize"]
    try:
        allowed = subprocess.run(prefix + ["true"], stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        allowed = False
    return prefix if allowed else []


def command_line(build, labels, report):
    unlimited = str(1 << 30)
    return without_randomisation() + [
        "ctest", "--test-dir", build, "--label-regex", "^(%s)$" % "|".join(labels),
        "--parallel", str(os.cpu_count() or 2), "--output-on-failure", "--no-tests=ignore",
        "--test-output-size-passed", unlimited, "--test-output-size-failed", unlimited,
        "--output-junit", report]


def has_tests(build, label):
    """Whether a test carries this label; a label that vanished must not pass unseen."""
    listing = subprocess.run(["ctest", "--test-dir", build, "-N", "--label-regex", "^%s$" % label],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return re.search(r"^Total Tests: [1-9]", listing.stdout, re.M) is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("preset", help="a folder below build/, or the path of a build folder")
    parser.add_argument("labels", help="labels, separated by commas")
    args = parser.parse_args()

    build = args.preset if os.sep in args.preset else os.path.join(TOP, "build", args.preset)
    labels = args.labels.split(",")
    environment = dict(os.environ, CK_VERBOSITY="normal")
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.xml")
        sys.stdout.flush()
        subprocess.run(command_line(build, labels, report), env=environment, check=False)
        cases = list(ET.parse(report).getroot().iter("testcase")) if os.path.exists(report) else []

    total = [0, 0, 0]
    for case in cases:
        counts, reason = count_case(case)
        total = [a + b for a, b in zip(total, counts)]
        if counts[1]:
            print("FAILED %s: %s" % (case.get("name"), reason or "%d of its checks" % counts[1]))
    for label in labels:
        if not has_tests(build, label):
            print("FAILED: there is no test with the label %s in %s" % (label, build))
            total[1] += 1
    if not cases and not total[1]:
        print("FAILED: ctest wrote no report")
        total[1] += 1
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())

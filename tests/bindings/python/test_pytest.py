#!/usr/bin/env python3
"""The tests of the Python package (bindings/python/tests), counted."""

import os
import sys
import tempfile
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import support  # noqa: E402


def main():
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.xml")
        done = support.run(support.PYTHON, "-m", "pytest", "-q", "-rs", "--junitxml", report,
                           "-W", "error::pytest.PytestUnraisableExceptionWarning",
                           "--basetemp", os.path.join(folder, "t"),
                           cwd=os.path.join(support.TOP, "bindings", "python"))
        print(done.stdout)
        suite = ET.parse(report).getroot().find("testsuite")
    total, failures, errors, skipped = (int(suite.get(name)) for name in
                                        ("tests", "failures", "errors", "skipped"))
    failed = failures + errors
    if done.returncode and not failed:
        print("pytest ended with status %d" % done.returncode)
        failed = 1
    print("%d passed, %d failed, %d skipped" % (max(0, total - failed - skipped), failed, skipped))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

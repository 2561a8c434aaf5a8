#!/usr/bin/env python3
"""The test of count_ctest.py: what ctest's report says must not turn into a pass by accident."""

import os
import sys
import unittest
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import count_ctest  # noqa: E402

PASS = "100%: Checks: 12, Failures: 0, Errors: 0\n"
FAIL = "66%: Checks: 12, Failures: 3, Errors: 1\nt.c:1:F:a:b:0: no\n"


def count(status, output, skipped=None):
    case = ET.Element("testcase", name="test_x", status=status)
    ET.SubElement(case, "system-out").text = output
    if skipped is not None:
        ET.SubElement(case, "skipped", message=skipped)
    return count_ctest.count_case(case)[0]


class Counting(unittest.TestCase):
    def test_the_checks_of_a_program_are_counted(self):
        self.assertEqual(count("run", "Running suite(s): a\n" + PASS), (12, 0, 0))

    def test_failures_and_errors_are_failures(self):
        self.assertEqual(count("fail", FAIL), (8, 4, 0))

    def test_several_suites_are_summed(self):
        self.assertEqual(count("fail", PASS + FAIL), (20, 4, 0))

    def test_a_count_line_is_taken_as_it_is(self):
        self.assertEqual(count("run", "5 passed, 0 failed, 2 skipped\n"), (5, 0, 2))

    def test_success_without_a_count_is_a_failure(self):
        self.assertEqual(count("run", "fine\n"), (0, 1, 0))

    def test_a_program_without_checks_is_a_failure(self):
        self.assertEqual(count("run", "100%: Checks: 0, Failures: 0, Errors: 0\n"), (0, 1, 0))

    def test_a_crash_after_the_summary_is_a_failure(self):
        self.assertEqual(count("fail", PASS), (12, 1, 0))

    def test_a_missing_program_is_a_failure(self):
        self.assertEqual(count("notrun", "", skipped="Unable to find executable"), (0, 1, 0))

    def test_a_disabled_test_is_a_failure(self):
        self.assertEqual(count("disabled", ""), (0, 1, 0))

    def test_a_test_that_skips_itself_is_skipped(self):
        self.assertEqual(count("notrun", "", skipped="SKIP_RETURN_CODE=77"), (0, 0, 1))


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    failed = len(result.failures) + len(result.errors)
    print("%d passed, %d failed, %d skipped"
          % (result.testsRun - failed - len(result.skipped), failed, len(result.skipped)))
    sys.exit(1 if failed else 0)

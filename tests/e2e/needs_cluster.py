"""Runs the tests of a program that need the cluster of the tests, or says what this machine lacks."""

import os
import signal
import sys
import time
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests", "kubernetes"))
import box  # noqa: E402
import cluster  # noqa: E402
import parts  # noqa: E402


def lacks():
    """What this machine lacks for a cluster; None: nothing."""
    try:
        cluster.require_machine()
        box.Box.make(30, True).remove()
        parts.kubernetes()
        cluster.images.build()
    except (box.Cannot, parts.Missing) as problem:
        return problem
    return None


def main():
    """The exit status; the last line of the output is the sum. LEAKDIAG_CLUSTER=required makes a machine
    that cannot a failure."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # who is ended cleans up
    problem = lacks()
    if problem:
        required = os.environ.get("LEAKDIAG_CLUSTER") == "required"
        print("NO CLUSTER: this machine cannot: %s" % problem)
        print("0 passed, %d failed, %d skipped" % (required, not required))
        return cluster.CANNOT if required else 0
    started = time.monotonic()
    try:
        result = unittest.main(exit=False, verbosity=2).result
    except KeyboardInterrupt:
        for case in vars(sys.modules["__main__"]).values():
            if isinstance(case, type) and issubclass(case, unittest.TestCase):
                case.doClassCleanups()
        return 130
    failed, skipped = len(result.failures) + len(result.errors), len(result.skipped)
    passed = max(result.testsRun - failed - skipped, 0)  # what fails in setUpClass ran no test
    print("%.0f s" % (time.monotonic() - started))
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0

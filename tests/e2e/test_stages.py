#!/usr/bin/env python3
"""The quickstart for real: Locust, the shop under its memory limit, the stand-in for flagd. Reads the
JSON of each stage, replays the captures, and kills the shop between two looks.

Needs LEAKDIAG_VENV (made by examples/prepare venv) and build/dev.
"""

import json
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAB = os.path.join(TOP, "examples", "lab")
BUILD = os.path.join(TOP, "build", "dev")
LEAKDIAG = os.path.join(BUILD, "leakdiag")
LOCUST = os.path.join(os.environ.get("LEAKDIAG_VENV", ""), "bin", "locust")

sys.path.insert(0, LAB)
sys.dont_write_bytecode = True
import stages  # noqa: E402  (the quickstart's own list of stages and of what is announced)


def lab(folder, *command):
    return subprocess.run(
        [sys.executable, os.path.join(LAB, "lab.py"), *command, "--dir", folder],
        check=True,
        capture_output=True,
        timeout=60,
    )


def leakdiag(*arguments):
    return subprocess.run([LEAKDIAG, *arguments], capture_output=True, timeout=90)


class Quickstart(unittest.TestCase):
    """All stages once; each test reads what its stage left."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="leakdiag-e2e-")
        cls.run_ = subprocess.run(
            [sys.executable, os.path.join(LAB, "stages.py"), "--leakdiag", LEAKDIAG]
            + ["--locust", LOCUST, "--keep", cls.folder.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
        sys.stdout.write(cls.run_.stdout.decode("utf-8", "replace"))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def said(self, stage):
        path = os.path.join(self.folder.name, stage + ".json")
        if not os.path.exists(path) and b"OOM not tested" in self.run_.stdout:
            self.skipTest("no memory cgroup may be made here")
        with open(path) as file:
            return json.load(file)

    def check_(self, said, name):
        return next(check for check in said["checks"] if check["id"] == name)

    def test_every_stage_says_what_was_announced(self):
        self.assertEqual(self.run_.returncode, 0)

    def test_a_leak_on_track_has_a_time_to_the_limit_that_came_true(self):
        said = self.said("on-track")
        self.assertEqual(said["verdict"], "as-expected")
        self.assertEqual(self.check_(said, "memory")["finding"], "on-track")
        self.assertEqual(said["causes"], [])
        low, ttl, high = (said["predictions"][key] for key in ("ttl_lo_s", "ttl_s", "ttl_hi_s"))
        self.assertTrue(0 < low <= ttl <= high, said["predictions"])
        kill = self.kill_ms()
        with open(os.path.join(self.folder.name, "on-track.capture.json")) as file:
            now_ms = json.load(file)["now_ms"]
        self.assertTrue(low <= (kill - now_ms) / 1000 <= high, (low, high, kill - now_ms))

    def kill_ms(self):
        """When the kernel killed the shop, from the cgroup's counter in the capture."""
        self.said("oom-kill")
        with open(os.path.join(self.folder.name, "oom-kill.capture.json")) as file:
            facts = json.load(file)["facts"]
        samples = [fact["memory"] for fact in facts if fact["kind"] == "memory" and "memory" in fact]
        return next(sample["sample_ms"] for sample in samples if sample["oom_kills"] > 0)

    def test_the_oom_kill_leaves_a_sawtooth(self):
        said = self.said("oom-kill")
        self.assertEqual(self.check_(said, "memory")["finding"], "oom-sawtooth")
        self.assertEqual(self.check_(said, "termination")["finding"], "oom-killed")
        self.assertEqual(said["verdict"], "as-expected")

    def test_a_flag_that_is_off_is_the_cause_and_the_rest_is_blocked(self):
        said = self.said("flag-off")
        self.assertEqual(said["causes"][0]["id"], "flag-not-applied")
        self.assertEqual(self.check_(said, "flag.value")["outcome"], "fail")
        self.assertEqual(self.check_(said, "memory")["outcome"], "blocked")

    def test_a_flag_of_100_is_too_low_and_the_time_it_takes_is_told(self):
        said = self.said("flag-100")
        self.assertEqual(said["causes"][0]["id"], "flag-value-too-low")
        self.assertEqual(self.check_(said, "flag.seen")["finding"], "seen")
        self.assertRegex(said["causes"][0]["prediction"], r"at 100 the limit is reached")
        self.assertIn("300 or 500", said["causes"][0]["fix"])

    def test_without_load_the_flag_is_not_blamed(self):
        said = self.said("load-stopped")
        self.assertEqual(said["causes"][0]["id"], "no-checkouts")
        self.assertEqual(self.check_(said, "load")["finding"], "stopped")
        self.assertEqual(self.check_(said, "flag.seen")["outcome"], "blocked")
        self.assertNotIn("app-has-old-value", [cause["id"] for cause in said["causes"]])

    def test_a_limit_too_high_is_the_cause_while_memory_rises(self):
        said = self.said("limit-too-high")
        self.assertEqual(said["causes"][0]["id"], "limit-too-high")
        self.assertEqual(self.check_(said, "limit")["finding"], "higher")

    def test_a_replay_gives_the_same_bytes_each_time(self):
        for stage in stages.STAGES:
            self.said(stage.name)
            capture = os.path.join(self.folder.name, stage.name + ".capture.json")
            first, second = (leakdiag("replay", capture, "-o", "json") for _ in range(2))
            self.assertEqual(first.stdout, second.stdout)
            with open(os.path.join(self.folder.name, stage.name + ".json"), "rb") as file:
                self.assertEqual(first.stdout, file.read())


class KilledShop(unittest.TestCase):
    """The same service, the same flag and load; only the shop is killed between two looks."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="leakdiag-e2e-")
        self.addCleanup(self.folder.cleanup)
        lab(self.folder.name, "up", "--flag", "300", "--locust", LOCUST, "--life-s", "120")
        self.addCleanup(lab, self.folder.name, "down")

    def look(self, name, *more):
        capture = os.path.join(self.folder.name, name)
        arguments = ["diagnose", "--scenario", stages.SCENARIO, "--for", "3s", "-o", "json"]
        for key, value in stages.sources(self.folder.name).items():
            arguments += ["--set", "%s=%s" % (key, value)]
        done = leakdiag(*arguments, "--save", capture, *more)
        said = json.loads(done.stdout)
        return {check["id"]: check["finding"] for check in said["checks"]}, said, capture

    def test_a_kill_in_the_middle_changes_the_answer(self):
        before, _, capture = self.look("before.json")
        self.assertEqual(before["termination"], "none")
        lab(self.folder.name, "kill-shop")
        after, said, _ = self.look("after.json", "--history", capture)
        self.assertEqual(after["termination"], "crashed")
        self.assertEqual(said["verdict"], "not-as-expected")


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    print(
        "%d passed, %d failed, %d skipped"
        % (result.testsRun - failed - len(result.skipped), failed, len(result.skipped))
    )
    sys.exit(1 if failed else 0)

#!/usr/bin/env python3
"""The supervisor of the lab: restarts, the state file, the memory cgroup and its end.

Where memory cgroups are not allowed, the tests that need one count as skipped.
"""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

import harness
import supervisor  # found through harness
from harness import DEADLINE_S, wait_until
from supervisor import Cgroup, NotAllowed

SUPERVISOR = os.path.join(harness.LAB, "supervisor.py")
MI = 1 << 20
TALKER = ["/bin/sh", "-c", "echo hello; exec sleep 60"]


def cgroups_allowed():
    try:
        Cgroup("leakdiag-test-%d" % os.getpid(), 20 * MI).remove()
        return True
    except NotAllowed:
        return False


CGROUPS = cgroups_allowed()


class Supervised:
    def __init__(self, command, *options):
        self.folder = tempfile.mkdtemp()
        self.state_path = os.path.join(self.folder, "state.json")
        self.log = os.path.join(self.folder, "log")
        self.said = os.path.join(self.folder, "said")
        with open(self.said, "w") as said:
            self.process = subprocess.Popen(
                [sys.executable, SUPERVISOR, "--state", self.state_path, "--log", self.log]
                + ["--max-life-s", "60", *options, "--", *command],
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        wait_until("state file", lambda: os.path.exists(self.state_path))

    def state(self):
        with open(self.state_path) as file:
            return json.load(file)

    def wait_for(self, what, condition):
        wait_until(what, lambda: condition(self.state()))
        return self.state()

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(DEADLINE_S)


class SupervisorTest(unittest.TestCase):
    def supervised(self, command, *options):
        made = Supervised(command, *options)
        self.addCleanup(shutil.rmtree, made.folder)
        self.addCleanup(made.stop)
        return made

    def test_a_killed_program_is_started_again_and_counted(self):
        made = self.supervised(TALKER)
        before = made.state()
        self.assertEqual((before["restarts"], before["last_exit"]), (0, None))
        for restarts in (1, 2):
            wait_until("output", lambda: harness.read_text(made.log) == "hello\n" * restarts)
            os.kill(made.state()["pid"], signal.SIGKILL)
            after = made.wait_for("restart", lambda s: s["restarts"] == restarts and s["pid"])
            self.assertNotEqual(after["pid"], before["pid"])
            self.assertEqual(after["last_exit"]["signal"], signal.SIGKILL)
            self.assertNotEqual(after["last_exit"]["oom_killed"], True)
            self.assertEqual(after["cgroup"], before["cgroup"])
        wait_until("output", lambda: harness.read_text(made.log) == "hello\n" * 3)

    def test_the_end_is_orderly_and_leaves_no_process_and_no_cgroup(self):
        made = self.supervised(TALKER)
        before = made.state()
        self.assertEqual(made.stop(), 0)
        self.assertFalse(os.path.exists("/proc/%d" % before["pid"]))
        self.assertIsNone(made.state()["pid"])
        self.assertFalse(before["cgroup"] and os.path.exists(before["cgroup"]))

    def test_a_program_that_does_not_start_ends_the_supervisor_with_1(self):
        made = self.supervised(["/bin/sh", "-c", "exit 3"])
        self.assertEqual(made.process.wait(DEADLINE_S), 1)
        self.assertIn("does not start", harness.read_text(made.said))
        self.assertEqual(made.state()["last_exit"]["exit_code"], 3)

    def test_without_a_cgroup_the_state_says_null_and_the_output_says_why(self):
        made = self.supervised(TALKER, "--no-cgroup")
        state = made.state()
        for name in ("cgroup", "cgroup_version", "limit_bytes", "oom_kills"):
            self.assertIsNone(state[name])
        self.assertIn("without a cgroup", harness.read_text(made.said))

    def test_it_ends_by_itself(self):
        made = self.supervised(TALKER, "--max-life-s", "1")
        pid = made.state()["pid"]
        self.assertEqual(made.process.wait(DEADLINE_S), 0)
        self.assertFalse(os.path.exists("/proc/%d" % pid))

    @unittest.skipUnless(CGROUPS, "memory cgroups are not allowed here")
    def test_the_program_is_in_the_cgroup_and_the_limit_is_set(self):
        made = self.supervised(TALKER, "--limit-bytes", str(20 * MI))
        state = made.state()
        pids = harness.read_text(os.path.join(state["cgroup"], "cgroup.procs")).split()
        self.assertEqual(pids, [str(state["pid"])])
        limits = {1: "memory.limit_in_bytes", 2: "memory.max"}
        limit = os.path.join(state["cgroup"], limits[state["cgroup_version"]])
        self.assertEqual(int(harness.read_text(limit)), 20971520)
        self.assertEqual((state["limit_bytes"], state["oom_kills"]), (20971520, 0))

    @unittest.skipUnless(CGROUPS, "memory cgroups are not allowed here")
    def test_oom_kills_add_up_over_restarts_in_the_same_cgroup(self):
        shop = [harness.shop_binary(), "--port", str(harness.free_port())]
        made = self.supervised(shop + ["--ballast-bytes", str(64 * MI)])
        cgroup = made.state()["cgroup"]
        after = made.wait_for("two kills", lambda s: s["oom_kills"] == 2 and s["restarts"] >= 1)
        self.assertTrue(after["last_exit"]["oom_killed"])
        self.assertEqual(after["last_exit"]["signal"], signal.SIGKILL)
        self.assertEqual(after["cgroup"], cgroup)

    @unittest.skipUnless(CGROUPS, "memory cgroups are not allowed here")
    def test_the_shop_at_rest_has_a_working_set_of_about_8_mi(self):
        made = self.supervised([harness.shop_binary(), "--port", str(harness.free_port())])
        state = made.state()
        wait_until("start", lambda: "starting to listen" in harness.read_text(made.log))
        self.assertGreater(working_set(state), 8 * MI)
        self.assertLess(working_set(state), 9.5 * MI)

    @unittest.skipUnless(CGROUPS, "memory cgroups are not allowed here")
    def test_what_the_program_prints_is_not_charged_to_it(self):
        script = "i=0; while [ $i -lt 40 ]; do head -c 100000 /dev/zero; i=$((i+1)); done; exec sleep 60"
        made = self.supervised(["/bin/sh", "-c", script])
        wait_until("output", lambda: os.path.getsize(made.log) == 4_000_000)
        self.assertLess(working_set(made.state()), 2 * MI)


def working_set(state):
    usage, name = {
        1: ("memory.usage_in_bytes", "total_inactive_file"),
        2: ("memory.current", "inactive_file"),
    }[state["cgroup_version"]]
    stat = dict(
        line.split() for line in harness.read_text(state["cgroup"] + "/memory.stat").splitlines()
    )
    return int(harness.read_text(os.path.join(state["cgroup"], usage))) - int(stat[name])


class CgroupPathTest(unittest.TestCase):
    """Where the cgroup goes, on made-up machines: folders stand for cgroup file systems."""

    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def proc(self, cgroup, mountinfo):
        for name, text in (("cgroup", cgroup), ("mountinfo", mountinfo)):
            with open(os.path.join(self.folder, name), "w") as file:
                file.write(text)
        return Cgroup.find(self.folder)

    def test_v1_beside_an_empty_v2_is_found(self):
        found = self.proc(
            "5:memory:/jobs/a\n4:cpu,cpuacct:/\n0::/\n",
            "30 24 0:26 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n"
            "31 24 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
            "32 24 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n",
        )
        self.assertEqual(found[0], "/sys/fs/cgroup/memory/jobs/a")

    def test_a_v1_mount_inside_a_container_begins_below_the_root(self):
        found = self.proc(
            "5:memory:/docker/abc\n",
            "30 24 0:26 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
        )
        self.assertEqual(found, ("/sys/fs/cgroup/memory", None))

    def test_v2_alone_is_found_with_its_mount(self):
        found = self.proc(
            "0::/user.slice/user-0.slice/session-3.scope\n",
            "32 24 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n",
        )
        ours = "/sys/fs/cgroup/user.slice/user-0.slice/session-3.scope"
        self.assertEqual(found, (None, ("/sys/fs/cgroup", ours)))

    def test_no_cgroup_mounted_is_told(self):
        self.assertEqual(self.proc("0::/\n", "20 1 0:5 / /proc rw - proc proc rw\n"), (None, None))

    def make_v2(self, enabled, refuse):
        """A v2 tree root/slice/scope with these controllers enabled; we are in scope. Enabling is
        refused in the cgroups named, as it is where processes are."""
        path = self.folder
        for name, controllers in zip(("root", "slice", "scope"), enabled):
            path = os.path.join(path, name)
            os.mkdir(path)
            with open(os.path.join(path, "cgroup.subtree_control"), "w") as file:
                file.write(controllers)

        def write_file(target, text):
            folder, name = os.path.split(target)
            if name == "cgroup.subtree_control" and os.path.basename(folder) in refuse:
                raise OSError(errno.EBUSY, "busy")
            with open(target, "w") as file:
                file.write(text)

        cgroup = Cgroup.__new__(Cgroup)
        cgroup.limit_bytes = 20 * MI
        cgroup.path = cgroup.enabled_in = None
        with mock.patch.object(supervisor, "write_file", write_file):
            cgroup.make_v2((os.path.join(self.folder, "root"), path), "lab")
        return cgroup

    def test_v2_goes_to_the_nearest_ancestor_that_has_the_controller(self):
        cgroup = self.make_v2(("cpu memory", "cpu memory pids", ""), refuse=("scope",))
        self.assertEqual(cgroup.path, os.path.join(self.folder, "root/slice/lab"))
        self.assertEqual(harness.read_text(cgroup.path + "/memory.max"), "20971520")
        self.assertIsNone(cgroup.enabled_in)

    def test_v2_enables_the_controller_where_it_may_and_remembers_that(self):
        cgroup = self.make_v2(("cpu", "cpu", ""), refuse=("scope",))
        control = os.path.join(self.folder, "root/slice/cgroup.subtree_control")
        self.assertEqual(cgroup.enabled_in, control)
        self.assertEqual(harness.read_text(control), "+memory")
        self.assertEqual(cgroup.path, os.path.join(self.folder, "root/slice/lab"))

    def test_v2_without_any_place_is_not_allowed(self):
        with self.assertRaises(NotAllowed):
            self.make_v2(("cpu", "cpu", ""), refuse=("root", "slice", "scope"))


if __name__ == "__main__":
    sys.exit(harness.main(__name__))

#!/usr/bin/env python3
"""The lab command without load: what it starts, changes and ends. Load is for the e2e tests."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import harness
import lab
from harness import DEADLINE_S, wait_until

LAB = os.path.join(harness.LAB, "lab.py")


class LabTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.addCleanup(self.run_lab, "down")

    def run_lab(self, *arguments):
        """(exit code, what it printed)."""
        done = subprocess.run(
            [sys.executable, LAB, *arguments, "--dir", self.folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=60,
            text=True,
        )
        return done.returncode, done.stdout

    def lab(self, *arguments):
        code, text = self.run_lab(*arguments)
        self.assertEqual(code, 0, text)
        return text

    def up(self, *arguments):
        self.lab("up", "--no-load", "--shop", harness.shop_binary(), *arguments)
        return self.data()

    def data(self):
        with open(os.path.join(self.folder, "lab.json")) as file:
            return json.load(file)

    def shop(self):
        with open(self.data()["state_file"]) as file:
            return json.load(file)

    def order(self):
        answer = lab.request(self.data()["ports"]["shop"], "POST", "/api/checkout", "{}")
        self.assertEqual(answer[0], 200)

    def messages(self):
        lines = harness.read_text(self.data()["log"]).splitlines()
        return [json.loads(line)["message"] for line in lines]

    def done_lines(self):
        return [text for text in self.messages() if text.startswith("Done with #")]

    def running(self, data):
        """Which of the remembered processes are still that process."""
        return [
            name
            for name, known in data["pids"].items()
            if lab.start_ticks(known["pid"]) == known["start_ticks"]
        ]

    def test_up_starts_everything_and_an_order_goes_all_the_way(self):
        data = self.up()
        self.assertEqual(sorted(self.running(data)), ["flag_service", "supervisor"])
        self.assertIsNone(data["locust_url"])
        self.order()
        wait_until("pile", self.done_lines)
        self.assertEqual(self.done_lines(), ["Done with #300 messages for overload simulation."])
        state = json.loads(self.lab("status", "--json"))
        self.assertEqual((state["flag"], state["load"], state["orders"]), (300, None, None))
        self.assertEqual(state["shop"]["cgroup"], data["cgroup"])

    def test_a_flag_is_in_force_when_the_command_returns(self):
        self.up("--flag", "off")
        expected = []
        for value, count in (("off", 0), ("500", 500), ("on", 100), ("disabled", 0), ("300", 300)):
            self.lab("flag", value)
            self.order()
            if count:
                expected.append("Done with #%d messages for overload simulation." % count)
            wait_until("pile of %s" % value, lambda: self.done_lines() == expected)
        # A rejected edit leaves 300 in force; a missing flag does not.
        self.assertIn("300", self.lab("flag", "broken"))
        self.assertIn("missing", self.lab("flag", "missing"))

    def test_a_killed_shop_comes_back_and_is_no_oom_kill(self):
        self.up()
        before = self.shop()
        self.lab("kill-shop")
        after = self.shop()
        self.assertEqual(after["restarts"], 1)
        self.assertNotEqual(after["pid"], before["pid"])
        self.assertIn(after["oom_kills"], (0, None))
        self.order()

    def test_another_limit_and_another_hand_off_mean_a_new_shop(self):
        self.up()
        before = self.shop()
        self.lab("limit", "64Mi")
        after = self.shop()
        self.assertNotEqual(after["pid"], before["pid"])
        self.assertEqual(after["restarts"], 0)
        if after["cgroup"]:
            self.assertEqual(after["limit_bytes"], 64 << 20)
            self.assertEqual(self.data()["cgroup"], after["cgroup"])
            self.assertFalse(os.path.exists(before["cgroup"]))
        self.lab("limit", "none")
        self.assertIsNone(self.shop()["limit_bytes"])
        self.lab("handoff", "fail")
        self.order()
        failed = "Failed to send message to Kafka within context deadline: context canceled"
        wait_until("failed hand-off", lambda: failed in self.messages())
        self.lab("handoff", "none")
        self.order()
        self.assertEqual(self.messages().count("sending to postProcessor"), 1)
        self.assertEqual(self.done_lines(), [])

    def test_down_ends_exactly_what_up_started_and_can_be_said_twice(self):
        bystander = subprocess.Popen(["sleep", "60"])
        data = self.up()
        shop = self.shop()
        self.assertIn("supervisor", self.lab("down"))
        self.assertEqual(self.running(data), [])
        self.assertIsNone(lab.start_ticks(shop["pid"]))
        self.assertFalse(shop["cgroup"] and os.path.exists(shop["cgroup"]))
        self.assertIn("nothing", self.lab("down"))
        self.assertIsNone(bystander.poll())
        bystander.kill()
        bystander.wait()

    def test_a_reused_pid_is_left_alone(self):
        data = self.up()
        self.lab("down")
        bystander = subprocess.Popen(["sleep", "60"])
        data["pids"] = {"supervisor": {"pid": bystander.pid, "start_ticks": 1}}
        with open(os.path.join(self.folder, "lab.json"), "w") as file:
            json.dump(data, file)
        self.lab("down")
        self.assertIsNone(bystander.poll())
        bystander.kill()
        bystander.wait()

    def test_down_works_after_a_crash_of_the_supervisor(self):
        data = self.up()
        shop = self.shop()
        os.kill(data["pids"]["supervisor"]["pid"], signal.SIGKILL)
        wait_until("end of the shop", lambda: lab.start_ticks(shop["pid"]) is None)
        self.lab("down")
        self.assertFalse(shop["cgroup"] and os.path.exists(shop["cgroup"]))
        self.assertEqual(self.running(data), [])

    def test_everything_ends_by_itself_after_its_life(self):
        data = self.up("--life-s", "3")
        shop = self.shop()
        wait_until("end of the lab", lambda: not self.running(data))
        self.assertIsNone(lab.start_ticks(shop["pid"]))
        self.assertFalse(shop["cgroup"] and os.path.exists(shop["cgroup"]))
        code, text = self.run_lab("limit", "none")
        self.assertEqual(code, 1)
        self.assertIn("life time", text)

    def test_without_a_cgroup_the_lab_runs_and_says_so(self):
        data = self.up("--no-cgroup")
        self.assertIsNone(data["cgroup"])
        self.assertIsNone(json.loads(self.lab("status", "--json"))["shop"]["oom_kills"])
        self.order()

    def test_up_refuses_a_second_lab_in_the_same_folder(self):
        data = self.up()
        code, text = self.run_lab("up", "--no-load", "--shop", harness.shop_binary())
        self.assertEqual(code, 1)
        self.assertIn("up in", text)
        self.assertEqual(self.data()["pids"], data["pids"])

    def test_an_up_that_fails_leaves_nothing_and_says_what_to_do(self):
        code, text = self.run_lab("up", "--locust", "/nowhere/locust")
        self.assertEqual((code, "--locust" in text), (1, True), text)
        code, text = self.run_lab("up", "--no-load", "--shop", "/bin/false")
        self.assertEqual(code, 1)
        self.assertIn("does not start", text)
        self.assertEqual(self.data()["pids"], {})
        self.assertFalse(self.data()["cgroup"])

    def test_commands_without_a_lab_name_the_next_step(self):
        for command in (("status",), ("flag", "on"), ("kill-shop",), ("load", "start")):
            code, text = self.run_lab(*command)
            self.assertEqual(code, 1)
            self.assertIn("lab.py up --dir", text)
        self.up()
        code, text = self.run_lab("load", "stop")
        self.assertEqual((code, "--locust" in text), (1, True), text)

    def test_sizes_are_binary_or_decimal_as_written(self):
        for text, size in (("20Mi", 20971520), ("20M", 20000000), ("1", 1), ("none", None)):
            self.assertEqual(lab.parse_size(text), size)
        for text in ("", "20 Mi", "-1", "Mi", "20mi", "1e6"):
            with self.assertRaises(Exception):
                lab.parse_size(text)


if __name__ == "__main__":
    sys.exit(harness.main(__name__))

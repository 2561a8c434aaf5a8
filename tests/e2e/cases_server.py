"""An API server that goes away in the middle of a look and of a run of looks."""

import os
import signal
import subprocess
import time

import box
from on_cluster import Said, time_ms


class Server:
    def test_23_a_gather_that_the_api_server_dies_in_ends_in_time_with_reasons(self):
        self.flag_for_good(300)
        self.fresh()  # so that nothing is killed meanwhile
        self.wait_for_age(6)
        self.addCleanup(self.signal, "kubelet", signal.SIGCONT)
        self.signal("kubelet", signal.SIGSTOP)  # logs come from it: they stay under way
        started = time.monotonic()
        capture = os.path.join(self.folder, "cut.json")
        process = self.start(*self.diagnose_arguments(0, capture), "--log", "debug")
        try:
            for asked in ("/deployments/checkout", "/pods?"):
                while asked not in process.stderr.readline():
                    self.assertIsNone(process.poll())
            self.kubernetes.restart("kube-apiserver")
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
        self.assertLess(time.monotonic() - started, 12)
        self.signal("kubelet", signal.SIGCONT)
        said = Said(subprocess.CompletedProcess([], process.returncode, out, err), capture)
        print("    %s" % str(said).replace("\n", "\n    "), flush=True)
        # What was answered before is known; the log was cut off, and that is no evidence of anything.
        self.expect(said, limit="expected", flag_seen="unknown")
        self.assertTrue(all("error" in one for one in said.facts("log")) and said.facts("log"))
        self.assertEqual((said.verdict, said.status, said.causes), ("inconclusive", 5, []), str(said))
        for check in said.checks.values():
            if check["configured"] and check["outcome"] == "unknown":
                self.assertTrue(check["reason"], check)
            self.assertNotEqual(check["outcome"], "fail", check)
        self.assertEqual(self.check("limit").finding("limit"), "expected")

    def signal(self, name, number):
        self.kubernetes.box.ask("stop", name=name, number=int(number))

    def is_connected(self, pid):
        port = "%04X" % self.kubernetes.box.relay_port()
        with open("/proc/%d/net/tcp" % pid) as file:
            return any(
                line.split()[2].endswith(":" + port) and line.split()[3] == "01" for line in list(file)[1:]
            )

    def test_24_a_watch_goes_on_when_the_api_server_was_away_and_counts_nothing_twice(self):
        self.flag_for_good(300)
        self.kubernetes.set_limit("64Mi")  # so that nothing is killed meanwhile
        self.addCleanup(self.settled, "checkout")
        self.addCleanup(self.kubernetes.set_limit, "20Mi")
        self.settled("checkout")
        capture = os.path.join(self.folder, "watch.json")
        # With the usual 5 s a look waits until the API server is back, and nothing fails at all. Looks
        # begin each second and last one at most: of those within 3 s one meets nobody at all.
        arguments = [*self.diagnose_arguments(30, capture, timeout="1s"), "--set", "limit=64Mi"]
        process = self.start(*arguments)
        box.patiently(lambda: self.is_connected(process.pid), 10)
        time.sleep(4)  # of the watch itself, not for something to become true
        self.kubernetes.restart("kube-apiserver", away_s=3)
        out, err = process.communicate(timeout=60)
        said = Said(subprocess.CompletedProcess([], process.returncode, out, err), capture)
        print("    %s" % str(said).replace("\n", "\n    "), flush=True)
        failed = [one for one in said.facts("workload") if "error" in one]
        self.assertTrue(failed, "the API server was away and nobody noticed")
        self.assertTrue(all(one["error"] for one in failed))
        times = [one["t_ms"] for one in said.facts("workload", "checkout") if "error" not in one]
        self.assertGreater(max(times) - max(one["t_ms"] for one in failed), 2000)
        self.expect(said, flag_value="expected", flag_seen="seen", limit="expected", termination="none")
        self.assertIn(said.verdict, ("as-expected", "inconclusive"), str(said))
        self.assertEqual(said.causes, [])
        self.assertEqual(*self.orders_seen_and_written(said))

    def orders_seen_and_written(self, said):
        """Orders counted in all looks, and those that kubectl's log has from the first to the last."""
        logs = [one["log"] for one in said.facts("log") if "log" in one]
        orders = [one for log in logs for one in log["patterns"] if one["name"] == "order" and one["count"]]
        first = min(one["first"]["t_ms"] for one in orders)
        last = max(one["last"]["t_ms"] for one in orders)
        text = self.kubernetes.kubectl("logs", self.pod()["metadata"]["name"], "--timestamps")
        written = [time_ms(line.split()[0]) for line in text.splitlines() if "order placed" in line]
        return sum(one["count"] for one in orders), len([ms for ms in written if first <= ms <= last])

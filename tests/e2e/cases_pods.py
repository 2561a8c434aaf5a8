"""Pods that are not what one expects: a sidecar, replicas that differ, a rollout that is not done."""

import json
import os
import re
import subprocess

import compressed
from on_cluster import Said


class Pods:
    def test_14_a_sidecar_that_stands_first_is_not_taken_for_the_application(self):
        sidecar = {"name": "a-sidecar", "image": "localhost/busybox:1", "command": ["sleep", "86400"]}
        sidecar["resources"] = {"limits": {"memory": "64Mi"}}
        where = "/spec/template/spec/containers/0"
        self.addCleanup(self.settled, "checkout")
        self.addCleanup(self.patch_checkout, [{"op": "remove", "path": where}], "json")
        self.patch_checkout([{"op": "add", "path": where, "value": sidecar}], "json")
        self.settled("checkout")
        self.assertEqual(self.pod()["spec"]["containers"][0]["name"], "a-sidecar")
        said = self.look(3)
        self.expect(said, limit="expected", hand_off="configured")
        self.assertEqual({one["memory"]["pod"]["container"] for one in said.facts("memory")}, {"checkout"})

    def test_15_two_replicas_with_two_limits_differ_while_a_rollout_hangs(self):
        self.kubernetes.kubectl("scale", "deployment/checkout", "--replicas=2")
        self.addCleanup(self.settled, "checkout")
        self.addCleanup(self.kubernetes.kubectl, "scale", "deployment/checkout", "--replicas=1")
        self.settled("checkout", replicas=2)
        both = self.look()
        self.expect(both, limit="expected")
        self.assertEqual(len({one["memory"]["pod"]["name"] for one in both.facts("memory")}), 2)
        limits, never = {"limits": {"memory": "64Mi"}}, {"httpGet": {"path": "/nowhere", "port": 8080}}
        container = {"name": "checkout", "resources": limits, "readinessProbe": never}
        self.patch_checkout({"spec": {"template": {"spec": {"containers": [container]}}}})
        self.addCleanup(self.kubernetes.kubectl, "rollout", "undo", "deployment/checkout")
        self.kubernetes.wait("a pod with the new limit", self.has_new_limit)
        said = self.look()
        self.expect(said, limit="pods-differ", rollout_app="in-progress")
        self.assertNotIn("limit-too-high", said.causes)

    def has_new_limit(self):
        pods = self.kubernetes.pods("checkout")
        limits = {pod["spec"]["containers"][0]["resources"]["limits"]["memory"] for pod in pods}
        running = [pod for pod in pods if pod["status"]["phase"] == "Running"]
        return limits == {"20Mi", "64Mi"} and len(running) == 3

    def test_16_a_rollout_is_not_done_while_an_old_pod_lingers(self):
        lingering = {"terminationGracePeriodSeconds": 70}
        lingering["containers"] = [{"name": "checkout", "lifecycle": {"preStop": {"sleep": {"seconds": 60}}}}]
        self.addCleanup(self.settled, "checkout")
        undo = {"terminationGracePeriodSeconds": 2, "containers": [{"name": "checkout", "lifecycle": None}]}
        self.addCleanup(self.patch_checkout, {"spec": {"template": {"spec": undo}}})
        self.patch_checkout({"spec": {"template": {"spec": lingering}}})
        self.settled("checkout")
        old = self.pod()["metadata"]["uid"]
        self.kubernetes.kubectl("rollout", "restart", "deployment/checkout")
        self.kubernetes.wait_for_rollout("checkout")  # kubectl calls it done
        said = self.check("rollout.app")
        shown = Said(self.run_it("top", "deploy/checkout", "-o", "json")).json
        (name,) = [
            pod["metadata"]["name"] for pod in self.kubernetes.pods("checkout") if pod["metadata"]["uid"] == old
        ]
        self.expect(said, rollout_app="in-progress")
        self.assertIn("1 old", said.checks["rollout.app"]["observed"])
        self.assertEqual(shown["rollout"], "in-progress")
        self.kubernetes.kubectl("delete", "pod", name, "--grace-period=0", "--force")
        self.kubernetes.wait("the old pod gone", lambda: len(self.kubernetes.pods("checkout")) == 1)
        said = self.check("rollout.app")
        self.assertIn(said.finding("rollout.app"), ("settled", "settling"), str(said))
        self.assertNotIn("old", said.checks["rollout.app"]["observed"])

    def test_17_top_lists_all_pods_in_a_stable_order_with_age_window_and_share(self):
        def rows():
            shown = Said(self.run_it("top", "-o", "json")).json["containers"]
            return shown if all(row["working_set_bytes"] for row in shown) else None

        shown = self.kubernetes.wait("samples of all", rows)
        names = [(row["pod"], row["container"]) for row in shown]
        self.assertEqual(names, sorted(names))
        running = self.kubernetes.get("pods")["items"]
        self.assertEqual(
            set(names),
            {(pod["metadata"]["name"], one["name"]) for pod in running for one in pod["spec"]["containers"]},
        )
        for row in shown:
            self.assertTrue(0 <= row["sample_age_ms"] < 60000 and 1000 < row["window_ms"] < 60000, row)
        text = self.run_it("top").stdout
        self.assertEqual(names, [tuple(line.split()[:2]) for line in text.splitlines()[1 : len(names) + 1]])
        checkout = next(line.split() for line in text.splitlines() if line.startswith("checkout"))
        self.assertRegex(checkout[4], r"^\d+(\.\d)?%$")
        listed = self.kubernetes.kubectl("top", "pods", "--containers", "--no-headers")
        self.assertEqual(set(names), {tuple(line.split()[:2]) for line in listed.splitlines()})

    def test_17a_a_pod_that_comes_and_goes_between_two_looks_is_told(self):
        slow, n = re.subn(r"every: \w+", "every: 30s", compressed.scenario())
        self.assertEqual(n, 1)
        capture = os.path.join(self.folder, "between.json")
        arguments = self.diagnose_arguments(35, capture, scenario=self.file("slow.yaml", slow))
        looking = self.start(*arguments, "--log", "debug")
        try:
            # The second look is 30 s away when the first one has asked for the log.
            while "/log?" not in looking.stderr.readline():
                self.assertIsNone(looking.poll())
            self.come_and_go("passer-by")
            out, _ = looking.communicate(timeout=90)
        finally:
            looking.kill()
            looking.wait()
        done = subprocess.CompletedProcess(arguments, looking.returncode, out, "")
        said = Said(done, capture)
        told = [one["memory"]["pod"] for one in said.facts("memory", "passer-by")]
        self.assertEqual([(one["is_between_looks"], one["end_code"]) for one in told], [(True, 3)])
        gaps = [one["log"]["gap_reason"] for one in said.facts("log", "passer-by")]
        self.assertEqual(gaps, ["its pod is gone, and no look has read its log"])

    def come_and_go(self, name):
        """A pod that the Deployment's selector chooses; no ReplicaSet takes it for its own."""
        container = {"name": "checkout", "image": "localhost/busybox:1", "command": ["sh", "-c", "exit 3"]}
        labels = self.kubernetes.deployment("checkout")["spec"]["selector"]["matchLabels"]
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": labels}}
        pod["metadata"]["namespace"] = "otel-demo"
        pod["spec"] = {"restartPolicy": "Never", "containers": [container]}
        self.kubernetes.kubectl("apply", "-f", "-", data=json.dumps(pod))
        self.kubernetes.wait("its end", lambda: self.kubernetes.get("pods", name)["status"]["phase"] == "Failed", 25)
        self.kubernetes.kubectl("delete", "pod", name, "--wait=true", "--grace-period=0", "--force")

#!/usr/bin/env python3
"""On a real cluster: the Role that leakdiag prints is enough and is needed, kubectl finds the plugin and
its completer, and the kubectl lines beside the findings work.

Needs what the cluster of the tests needs (tests/kubernetes); without that it is counted as skipped.
LEAKDIAG_CLUSTER=required makes that a failure.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KUBERNETES = os.path.join(TOP, "tests", "kubernetes")
DEMO = ("flagd", "checkout", "frontend", "load-generator", "prometheus")

sys.dont_write_bytecode = True
sys.path.insert(0, KUBERNETES)
import cluster  # noqa: E402
import installed  # noqa: E402
import needs_cluster  # noqa: E402
import parts  # noqa: E402


RULE = re.compile(
    r'^- \{apiGroups: \["(.*)"\], resources: \[(.*?)\](?:, resourceNames: \[(.*?)\])?, verbs: \[(.*?)\]\}$', re.M
)


class Role(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="leakdiag-role-")
        cls.addClassCleanup(folder.cleanup)
        cls.programs = installed.programs(folder.name)
        cls.kubernetes = cluster.Cluster(life_s=2400)
        cls.addClassCleanup(cls.kubernetes.down)
        cls.kubernetes.up()
        cls.kubernetes.apply("otel-demo")
        cls.kubernetes.wait_for_rollout(*DEMO)
        cls.kubernetes.wait("a sample of checkout", cls.has_sample)

    @classmethod
    def has_sample(cls):
        done = cls.run_as("admin", "top", "deploy/checkout", "-o", "json")
        rows = json.loads(done.stdout)["containers"] if done.returncode == 0 else []
        return any(row["working_set_bytes"] for row in rows)

    @classmethod
    def environment(cls, who):
        path = ":".join((cls.programs, parts.kubernetes(), "/usr/bin:/bin"))
        return {"PATH": path, "HOME": cls.kubernetes.path("kubectl"), "LC_ALL": "C.UTF-8",
                "KUBECONFIG": cls.kubernetes.kubeconfig(who)}

    @classmethod
    def run_as(cls, who, *words, program="leakdiag"):
        return subprocess.run([program, *words], env=cls.environment(who), capture_output=True,
                              text=True, timeout=60, check=False)

    def grant(self, rules=None):
        """Applies the printed Role for the user nobody; rules takes lines of it away."""
        yaml = self.run_as("nobody", "rbac").stdout.replace("name: SOMEBODY", "name: nobody")
        lines = yaml.split("\n")
        self.assertEqual(sum(line.startswith("- {apiGroups: [") for line in lines), 11, yaml)
        self.kubernetes.kubectl("apply", "-f", "-", data="\n".join(filter(rules, lines)))

    def printed(self):
        """The rights of the printed Role as doctor names them: "get deployments.apps checkout"."""
        rights = []
        for group, resources, names, verbs in RULE.findall(self.run_as("nobody", "rbac").stdout):
            for resource in resources.split(", "):
                what = resource + ("." + group if group else "")
                for name in [" " + name.strip('"') for name in names.split(", ")] if names else [""]:
                    rights += ["%s %s%s" % (verb, what, name) for verb in verbs.split(", ")]
        return rights

    def denied(self):
        """The rights that doctor misses, once the API server knows of the latest Role."""
        out = self.run_as("nobody", "doctor").stdout
        return re.findall(r"^missing (.*) in otel-demo: denied", out, re.M)

    def test_1_without_the_role_every_right_is_missing_and_nothing_answers(self):
        done = self.run_as("nobody", "doctor")
        self.assertEqual(done.returncode, 1, done)
        self.assertGreaterEqual(len(self.printed()), 16)
        self.assertEqual(sorted(self.denied()), sorted(self.printed()), done.stdout)

    def test_2_under_the_role_all_of_it_answers(self):
        self.grant()
        self.kubernetes.wait("the rights of the Role", lambda: not self.denied())
        done = self.run_as("nobody", "doctor")
        self.assertEqual(done.returncode, 0, done)
        self.assertNotIn("HTTP 403", done.stdout)
        self.assertNotIn("missing", done.stdout.replace("missing memory cgroups", ""))
        for words in (("top", "deploy/checkout"), ("flag", "get", "kafkaQueueProblems", "-n", "otel-demo"),
                      ("load", "status", "-n", "otel-demo")):
            done = self.run_as("nobody", *words)
            self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        self.assertEqual(self.run_as("nobody", "top", "pod/x").returncode, 1)

    def test_3_a_rule_that_is_taken_away_is_what_doctor_names(self):
        self.grant(lambda line: "services/proxy" not in line or "create" not in line)
        wanted = ["create services/proxy flagd:8016", "create services/proxy flagd:8013"]
        self.kubernetes.wait("the smaller Role", lambda: self.denied() == wanted)
        done = self.run_as("nobody", "flag", "get", "kafkaQueueProblems", "-n", "otel-demo")
        self.assertIn("resources: [services/proxy], verbs: [create]", done.stdout)

    def test_kubectl_finds_the_plugin_and_its_completer(self):
        done = self.run_as("admin", "leakdiag", "top", "--help", program="kubectl")
        self.assertIn("\n  kubectl leakdiag top [OPTIONS]", done.stdout, done)
        shown = self.run_as("admin", "leakdiag", "top", "deploy/checkout", program="kubectl")
        self.assertRegex(shown.stdout, r"\ncheckout-\S+ +checkout +\d+Ki +20Mi ")
        done = self.run_as("admin", "__complete", "leakdiag", "timeline", "", program="kubectl")
        self.assertEqual([line.split("\t")[0] for line in done.stdout.split("\n")[:3]],
                         ["analyze", "compare", ":4"], done)

    def test_the_kubectl_lines_beside_the_findings_work(self):
        for words in ((), ("deploy/checkout",)):
            report = json.loads(self.run_as("admin", "diagnose", *words, "-o", "json").stdout)
            lines = [check["command"] for check in report["checks"] if check["command"]]
            plain = [line for line in lines if "grep" not in line and "create" not in line]
            self.assertGreaterEqual(len(plain), 5, lines)
            for line in plain:
                done = self.run_as("admin", "-o", "pipefail", "-c", line, program="bash")
                self.assertEqual((done.returncode, done.stderr), (0, ""), line)

    def test_top_says_what_kubectl_says(self):
        row = json.loads(self.run_as("admin", "top", "deploy/checkout", "-o", "json").stdout)
        pod = self.kubernetes.pods("checkout")[0]
        (one,) = row["containers"]
        self.assertEqual(one["pod"], pod["metadata"]["name"])
        self.assertEqual(one["uid"], pod["metadata"]["uid"])
        self.assertEqual(one["node"], pod["spec"]["nodeName"])
        self.assertEqual((one["limit"], one["limit_bytes"]), ("20Mi", 20 << 20))
        self.assertEqual(row["rollout"], "settled")


if __name__ == "__main__":
    sys.exit(needs_cluster.main())

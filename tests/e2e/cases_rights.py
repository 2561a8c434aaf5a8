"""Rights: the least Role is enough, what is missing is named, and none of it is read as health."""

import base64
import json
import subprocess

TOO_FEW = """
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: too-few, namespace: otel-demo}
rules:
- {apiGroups: [""], resources: [pods, services], verbs: [get, list]}
- {apiGroups: [apps], resources: [deployments], verbs: [get, list]}
- {apiGroups: [""], resources: [services/proxy], verbs: [get, create]}
"""


class Rights:
    def service_account(self, name, manifest):
        """A new service account with these rights; the path of its kubeconfig."""
        self.kubernetes.kubectl("create", "serviceaccount", name, "-n", "otel-demo")
        self.addCleanup(self.kubernetes.kubectl, "delete", "serviceaccount", name, "-n", "otel-demo")
        self.kubernetes.apply(manifest)
        token = self.kubernetes.kubectl("create", "token", name, "-n", "otel-demo").strip()
        return self.kubeconfig_with(name, token), token

    def kubeconfig_with(self, name, token):
        self.kubernetes.write_kubeconfig(name, self.kubernetes.status()["server"], token)
        return self.kubernetes.kubeconfig(name)

    def test_18_under_the_printed_role_everything_answers_as_to_an_administrator(self):
        role = self.run_it("rbac", "-s", self.scenario, who="nobody").stdout
        somebody = "- {apiGroup: rbac.authorization.k8s.io, kind: User, name: SOMEBODY}"
        self.assertEqual(role.count(somebody), 1)
        subject = "- {kind: ServiceAccount, name: looker, namespace: otel-demo}"
        config, _ = self.service_account("looker", role.replace(somebody, subject))
        self.kubernetes.wait("rights", lambda: "denied" not in self.doctor(config))
        self.fresh()  # so that nothing is killed between the two looks
        self.wait_for_age(6)
        mine, its = self.look(), self.look(who=config)
        for name in mine.checks:
            pair = (its.finding(name), its.outcome(name))
            if name not in ("memory", "requests", "orders"):  # they move
                self.assertEqual(pair, (mine.finding(name), mine.outcome(name)), name)
        self.assertEqual(its.causes, mine.causes)
        self.assertNotIn("HTTP 403", json.dumps(its.json))
        self.assertFalse([one for one in its.facts("log") + its.facts("memory") if "error" in one])

    def doctor(self, who):
        return self.run_it("doctor", "-s", self.scenario, who=who).stdout

    def test_19_a_right_that_is_missing_makes_unknown_and_is_named(self):
        binding = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\n"
        binding += "metadata: {name: too-few, namespace: otel-demo}\n"
        binding += "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: too-few}\n"
        binding += "subjects: [{kind: ServiceAccount, name: few, namespace: otel-demo}]\n"
        config, token = self.service_account("few", TOO_FEW + binding)
        self.kubernetes.wait("rights", lambda: "ok      list pods in" in self.doctor(config))
        said = self.look(0, "--set", "prometheus=nowhere", who=config)
        self.expect(said, flag_value="expected", flag_seen="unknown", memory="no-samples", limit="expected")
        self.assertEqual(said.outcome("memory"), "unknown")
        self.expect(said, reach_flagd="unknown", frontend="unknown")
        self.assertEqual((said.verdict, said.status, said.causes), ("inconclusive", 5, []), str(said))
        for name, verb, what in (
            ("flag.seen", "get", "pods/log"),
            ("memory", "list", "pods.metrics.k8s.io"),
            ("frontend", "list", "endpointslices.discovery.k8s.io"),
        ):
            reason = said.checks[name]["reason"]
            self.assertIn("%s %s" % (verb, what), reason)
            self.assertIn("403", reason)
        shown = self.doctor(config)
        for line in ("get pods/log", "list pods.metrics.k8s.io", "get configmaps flagd-config"):
            self.assertRegex(shown, r"(?m)^missing %s in otel-demo: denied" % line)
        self.assertNotIn(token, shown + json.dumps(said.json))

    def test_20_nobody_gets_unknown_everywhere_and_no_verdict(self):
        said = self.look(0, who="nobody")
        self.assertEqual({check["outcome"] for check in said.checks.values()} - {"unknown", "blocked"}, set())
        self.assertEqual(said.causes, [])
        self.assertIn("create services/proxy flagd:8016", said.checks["flag.value"]["reason"])
        self.assertEqual((said.verdict, said.status), ("inconclusive", 5))

    def test_21_a_wrong_namespace_is_said_and_not_read_as_no_pods_that_leak(self):
        said = self.look(0, "-n", "nowhere")
        self.expect(said, limit="unknown", memory="no-samples")
        self.assertIn("is the namespace right?", said.checks["limit"]["reason"])
        self.assertEqual((said.verdict, said.status, said.causes), ("inconclusive", 5, []))

    def test_22_a_token_that_has_expired_is_401_with_the_next_step(self):
        said = self.look(0, who=self.kubeconfig_with("late", self.expired_token()))
        self.assertEqual((said.verdict, said.status, said.causes), ("inconclusive", 5, []))
        reason = said.checks["limit"]["reason"]
        self.assertIn("401", reason)
        self.assertRegex(reason, r"token expired (1h|5\dm|6\dm)\S* ago .*get a new token")

    def expired_token(self):
        """A service account's token signed by the cluster's own key, whose time was over an hour ago."""

        def encode(data):
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

        def decode(text):
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

        good = self.kubernetes.kubectl("create", "token", "otel-demo", "-n", "otel-demo").strip()
        alive = self.check("limit", who=self.kubeconfig_with("good", good)).checks["limit"]
        self.assertIn("403", alive["reason"])  # it is known, and may do nothing
        head, body, _ = good.split(".")
        claims = json.loads(decode(body))
        for name in ("exp", "iat", "nbf"):
            claims[name] -= 2 * 3600
        signed = "%s.%s" % (head, encode(json.dumps(claims).encode()))
        key = self.kubernetes.path("pki", "sa.key")
        words = ["openssl", "dgst", "-sha256", "-sign", key]
        signature = subprocess.run(words, input=signed.encode(), stdout=subprocess.PIPE, check=True).stdout
        return "%s.%s" % (signed, encode(signature))

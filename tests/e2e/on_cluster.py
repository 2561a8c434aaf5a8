"""Running leakdiag against the tests' cluster with the demo in it, and changing the demo: what the cases
of the suite (cases_*.py) stand on."""

import calendar
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "kubernetes")]
import cluster  # noqa: E402
import compressed  # noqa: E402
import installed  # noqa: E402

DEMO = ("flagd", "checkout", "frontend", "load-generator", "prometheus", "otel-collector")
NAMES = {
    name.replace(".", "_").replace("-", "_"): name
    for name in (
        "flag.value flag.agreement flag.seen orders requests hand-off load frontend rollout.app "
        "rollout.flagd reach.flagd limit soft-limit memory termination"
    ).split()
}


def time_ms(text):
    """Of an RFC 3339 time as Kubernetes writes it."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    seconds = calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S"))
    return 1000 * seconds + int((fraction + "000")[:3])


class Said:
    """What one run of the command said in JSON, and what it saw when that was saved."""

    def __init__(self, done, capture=None):
        self.status, self.err = done.returncode, done.stderr
        try:
            self.json = json.loads(done.stdout)
        except ValueError:
            raise AssertionError("no JSON, status %d: %s%s" % (done.returncode, done.stdout, done.stderr))
        self.checks = {check["id"]: check for check in self.json.get("checks", [])}
        self.causes = [cause["id"] for cause in self.json.get("causes", [])]
        self.verdict = self.json.get("verdict")
        self.capture = capture

    def finding(self, name):
        return self.checks[name]["finding"]

    def outcome(self, name):
        return self.checks[name]["outcome"]

    def cause(self, name):
        return next(cause for cause in self.json["causes"] if cause["id"] == name)

    def facts(self, kind, source=""):
        """What was collected of a kind, from a source whose name has that text in it."""
        with open(self.capture) as file:
            facts = json.load(file)["facts"]
        return [one for one in facts if one["kind"] == kind and source in one["source"]]

    def now_s(self):
        with open(self.capture) as file:
            return json.load(file)["now_ms"] / 1000

    def sample_age_s(self):
        """How old the newest sample of memory was."""
        times = [one["series"]["times_ms"][-1] for one in self.facts("series") if "values_bytes" in one["series"]]
        times += [one["memory"]["sample_ms"] for one in self.facts("memory") if "working_set_bytes" in one["memory"]]
        return self.now_s() - max(times) / 1000

    def __str__(self):
        lines = ["verdict %s, status %d, causes %s" % (self.verdict, self.status, self.causes)]
        for check in self.json.get("checks", []):
            words = (check["outcome"], check["id"], check["finding"], check["observed"], check["reason"])
            lines.append("  %-7s %-15s %s: %s (%s)" % words)
        return "\n".join(lines + [self.err])


class OnCluster:
    """Mixed into a unittest.TestCase."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = os.environ.get("LEAKDIAG_SUITE_KEEP")
        if not cls.folder:
            folder = tempfile.TemporaryDirectory(prefix="leakdiag-suite-")
            cls.addClassCleanup(folder.cleanup)
            cls.folder = folder.name
        cls.command = installed.command(cls.folder)
        cls.scenario = cls.file("scenario.yaml", compressed.scenario())
        state = os.environ.get("LEAKDIAG_CLUSTER_STATE")
        cls.kubernetes = cluster.Cluster(life_s=2400, state=state)
        if not state:
            cls.addClassCleanup(cls.kubernetes.down)
            cls.kubernetes.up()
            cls.kubernetes.apply("otel-demo")
        cls.kubernetes.wait_for_rollout(*DEMO)
        print("up: %s" % cls.kubernetes.times, flush=True)

    @classmethod
    def file(cls, name, text):
        path = os.path.join(cls.folder, name)
        with open(path, "w") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
        return path

    # -- running the command --

    def environment(self, who="admin"):
        config = who if os.sep in who else self.kubernetes.kubeconfig(who)
        return {"PATH": "/usr/bin:/bin", "HOME": self.folder, "LC_ALL": "C.UTF-8", "KUBECONFIG": config}

    def start(self, *arguments, who="admin", before=()):
        return subprocess.Popen(
            [*before, self.command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(who),
            text=True,
        )

    def run_it(self, *arguments, who="admin", seconds=120, before=()):
        process = self.start(*arguments, who=who, before=before)
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssertionError("leakdiag %s did not end within %d s" % (" ".join(arguments), seconds))
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def diagnose_arguments(self, for_s, capture, history=None, scenario=None, timeout="10s"):
        arguments = ["diagnose", "-s", scenario or self.scenario, "-o", "json", "--save", capture]
        arguments += ["--force", "--request-timeout", timeout]
        arguments += ["--for", "%ds" % for_s] if for_s else []
        return arguments + (["--history", history.capture] if history else [])

    def look(self, for_s=0, *more, history=None, who="admin", scenario=None):
        """One diagnosis, from looks over so many seconds; 0: from one look."""
        type(self).looks = getattr(self, "looks", 0) + 1
        capture = os.path.join(self.folder, "look-%d.json" % self.looks)
        arguments = self.diagnose_arguments(for_s, capture, history, scenario)
        said = Said(self.run_it(*arguments, *more, who=who), capture)
        print("    %s" % str(said).replace("\n", "\n    "), flush=True)
        return said

    def check(self, *names, who="admin", more=()):
        patient = ("--request-timeout", "20s")
        return Said(self.run_it("check", *names, "-s", self.scenario, "-o", "json", *patient, *more, who=who))

    def expect(self, said, **findings):
        """flag_value="expected" is the finding of flag.value; "blocked" and "unknown" are outcomes."""
        for name, wanted in findings.items():
            name = NAMES[name]
            got = said.outcome(name) if wanted in ("blocked", "unknown") else said.finding(name)
            self.assertEqual((name, got), (name, wanted), str(said))

    # -- changing the demo --

    def flag_for_good(self, value):
        if self.stored_flag() != value or self.kubernetes.flag() != value:
            self.kubernetes.set_flag_for_good(value)

    def stored_flag(self):
        config = self.kubernetes.get("configmaps", "flagd-config")
        flag = json.loads(config["data"]["demo.flagd.json"])["flags"]["kafkaQueueProblems"]
        return flag["variants"][flag["defaultVariant"]]

    def fresh(self, *deployments):
        """New pods, the old ones gone: memory begins at its baseline."""
        for name in deployments or ("checkout",):
            self.kubernetes.kubectl("rollout", "restart", "deployment/" + name)
        self.settled(*(deployments or ("checkout",)))

    def settled(self, *deployments, replicas=1):
        for name in deployments:
            self.kubernetes.wait_for_rollout(name)
            self.kubernetes.wait("old pods gone", lambda: len(self.kubernetes.pods(name)) == replicas)

    def pod(self):
        pods = self.kubernetes.pods("checkout")
        return next(pod for pod in pods if "deletionTimestamp" not in pod["metadata"])

    def container(self):
        return self.pod()["status"]["containerStatuses"][0]

    def wait_for_age(self, seconds):
        """Until the load test, and the checkout, have run for so long."""

        def is_old():
            started = time_ms(self.container()["state"]["running"]["startedAt"])
            load = self.kubernetes.load() or {}
            return time.time() * 1000 - started > 1000 * seconds and load.get("state") == "running"

        self.kubernetes.wait("%d s of age" % seconds, is_old)

    def patch_checkout(self, patch, kind="strategic"):
        words = ["patch", "deployment", "checkout", "--type", kind, "-p", json.dumps(patch)]
        self.kubernetes.kubectl(*words)

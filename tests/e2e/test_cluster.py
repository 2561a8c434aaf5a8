#!/usr/bin/env python3
"""The cluster of the tests, itself: it comes up, the demo in it leaks until the kernel kills it, real
kubectl and real Prometheus see the same, and nothing of it is left, also when it was killed.

Needs root, namespaces, and a memory controller; without them it says what is missing and is counted
as skipped. LEAKDIAG_CLUSTER=required makes that a failure.
"""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
KUBERNETES = os.path.join(TOP, "tests", "kubernetes")
COMMAND = os.path.join(KUBERNETES, "cluster.py")

sys.dont_write_bytecode = True
sys.path.insert(0, KUBERNETES)
import box  # noqa: E402
import cluster  # noqa: E402
import needs_cluster  # noqa: E402
import parts  # noqa: E402

DEMO = ("flagd", "checkout", "frontend", "load-generator", "prometheus", "otel-collector")
SETTINGS = ("net/ipv4/ip_forward", *sorted(box.KERNEL_SETTINGS))
OOM_S = 120
MIB = 1 << 20


def read(path):
    with open(path) as file:
        return file.read().strip()


class Machine:
    """What a cluster could leave behind on this machine."""

    def __init__(self):
        with open("/proc/mounts") as file:
            self.mounts = {line.split()[1] for line in file if box.PREFIX in line}
        self.devices = set(os.listdir("/sys/class/net"))
        self.namespaces = set(os.listdir("/run/netns")) if os.path.isdir("/run/netns") else set()
        self.settings = {name: read("/proc/sys/" + name) for name in SETTINGS}
        self.routes = read("/proc/net/route")
        self.folders = {
            path: set(os.listdir(path)) if os.path.isdir(path) else None
            for path in (
                "/var/lib/kubelet",
                "/var/lib/cni",
                "/var/lib/containerd",
                "/var/log/pods",
                "/run/containerd",
            )
        }

    def __eq__(self, other):
        return vars(self) == vars(other)

    def __repr__(self):
        return repr(vars(self))


def traces(name):
    """What on this machine carries the name of a run: processes, cgroups, folders."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % pid, "rb") as file:
                if name.encode() in file.read():
                    found.append("process %s" % pid)
            with open("/proc/%s/cgroup" % pid) as file:
                if name in file.read():
                    found.append("process %s in its cgroup" % pid)
        except OSError:
            continue  # it ended meanwhile
    found += [path for path in box.states() if box.name_of(path) == name]
    for folder in box.hierarchies():
        if os.path.exists(os.path.join(folder, name)):
            found.append(os.path.join(folder, name))
    return found


def gone(name, seconds=30):
    return box.patiently(lambda: not traces(name), seconds)


class WholeCluster(unittest.TestCase):
    """One cluster with the demo; each test looks at it, the last class looks at what is left."""

    @classmethod
    def setUpClass(cls):
        cls.before = Machine()
        cls.kubernetes = cluster.Cluster(life_s=2400)
        cls.addClassCleanup(cls.take_down)
        cls.kubernetes.up()
        cls.kubernetes.apply("otel-demo")
        cls.kubernetes.wait_for_rollout(*DEMO)
        print("up: %s" % cls.kubernetes.times, flush=True)

    @classmethod
    def take_down(cls):
        name = box.name_of(cls.kubernetes.box.state) if cls.kubernetes.box else None
        left = cls.kubernetes.down()
        if left or (name and not gone(name)) or Machine() != cls.before:
            left += traces(name) if name else []
            raise AssertionError("left behind: %s, %s before, %s now" % (left, cls.before, Machine()))

    def checkout(self):
        pods = self.kubernetes.pods("checkout")
        return next(pod for pod in pods if "deletionTimestamp" not in pod["metadata"])

    def container(self):
        return self.checkout()["status"]["containerStatuses"][0]

    def death(self):
        """How the checkout died last; None: it did not."""
        status = self.container()
        return (status.get("lastState") or {}).get("terminated")

    def prometheus(self, query):
        said = self.kubernetes.service("prometheus", 9090, "/api/v1/query?query=" + query)
        return json.loads(said[1])["data"]["result"] if said[0] == 200 else []

    def test_1_checkout_is_ready_with_the_charts_label_env_and_limit(self):
        spec = self.kubernetes.deployment("checkout")["spec"]
        self.assertEqual(spec["selector"]["matchLabels"], {"opentelemetry.io/name": "checkout"})
        container = spec["template"]["spec"]["containers"][0]
        self.assertEqual(container["resources"]["limits"], {"memory": "20Mi"})
        env = {one["name"]: one["value"] for one in container["env"]}
        self.assertEqual((env["FLAGD_HOST"], env["FLAGD_PORT"]), ("flagd", "8013"))
        self.assertTrue(self.container()["ready"])

    def test_2_load_is_real_and_reaches_the_checkout_by_names(self):
        def orders():
            rows = (self.kubernetes.load() or {}).get("stats", [])
            return [row for row in rows if row["name"] == "/api/checkout" and row["num_requests"] > 20]

        row = self.kubernetes.wait("orders", orders)[0]
        self.assertLess(row["num_failures"], row["num_requests"] / 2)
        self.assertIn("order placed", self.kubernetes.kubectl("logs", "deployment/checkout"))

    def test_3_metrics_say_what_the_kernel_says(self):
        path = "/apis/metrics.k8s.io/v1beta1/namespaces/otel-demo/pods/"

        def sample():
            pod = self.kubernetes.read(path + self.checkout()["metadata"]["name"])
            return pod and pod["containers"]

        usage = self.kubernetes.wait("a sample of checkout", sample)[0]["usage"]["memory"]
        self.assertRegex(usage, r"^\d+Ki$")
        self.assertTrue(7 * 1024 < int(usage[:-2]) < 20 * 1024, usage)
        top = self.kubernetes.kubectl("top", "pod", "-l", "opentelemetry.io/name=checkout", "--no-headers")
        self.assertRegex(top, r"^checkout-\S+ +\d+m +(7|8|9|10|11)Mi")
        query = "container_memory_working_set_bytes%7Bcontainer%3D%22checkout%22%7D"
        jobs = {"kubelet-cadvisor", "kubelet-resource"}

        def both():
            found = self.prometheus(query) or []
            return found if {row["metric"]["job"] for row in found} == jobs else None

        rows = self.kubernetes.wait("both jobs of Prometheus", both)
        for row in rows:
            self.assertTrue(7 * MIB < int(row["value"][1]) < 20 * MIB, row)

    def test_4_a_flag_set_on_the_page_leaks_until_the_kernel_kills_with_137(self):
        self.assertIsNone(self.death())
        self.kubernetes.set_flag(300)
        death = self.kubernetes.wait("an OOM kill", self.death, OOM_S)
        self.assertEqual((death["reason"], death["exitCode"]), ("OOMKilled", 137))
        self.assertGreaterEqual(self.container()["restartCount"], 1)
        how = "jsonpath={.items[0].status.containerStatuses[0].lastState.terminated.reason}"
        labels = ("-l", "opentelemetry.io/name=checkout", "-o", how)
        self.assertEqual(self.kubernetes.kubectl("get", "pods", *labels), "OOMKilled")

        def previous():  # while the next one is dead as well there is none
            try:
                return self.kubernetes.kubectl("logs", "deployment/checkout", "--previous")
            except RuntimeError:
                return None

        log = self.kubernetes.wait("the log of the dead one", previous)
        self.assertIn("kafkaQueueProblems' is activated", log)

    def test_5_a_restart_of_flagd_forgets_what_the_page_wrote(self):
        self.assertEqual(self.kubernetes.flag(), 300)
        self.kubernetes.kubectl("rollout", "restart", "deployment/flagd")
        self.kubernetes.wait_for_rollout("flagd")
        self.kubernetes.wait("flag 0", lambda: self.kubernetes.flag() == 0, seen=self.kubernetes.flag_answer)

    def test_6_rights_are_enforced(self):
        pods = "/api/v1/namespaces/otel-demo/pods"
        self.assertEqual(self.kubernetes.ask("GET", pods, who="viewer")[0], 200)
        self.assertEqual(self.kubernetes.ask("GET", pods, who="nobody")[0], 403)
        secrets = "/api/v1/namespaces/otel-demo/secrets"
        self.assertEqual(self.kubernetes.ask("GET", secrets, who="viewer")[0], 403)

    def test_7_the_api_server_can_be_killed_and_comes_back_with_everything(self):
        uid = self.checkout()["metadata"]["uid"]
        self.kubernetes.restart("kube-apiserver")
        self.assertEqual(self.checkout()["metadata"]["uid"], uid)

    def test_8_outside_there_is_only_a_port_on_loopback(self):
        status = self.kubernetes.status()
        self.assertEqual(set(status["programs"].values()), {"running"})
        self.assertRegex(status["server"], r"^https://127\.0\.0\.1:\d+$")
        self.assertEqual(Machine(), self.before)
        # Nor can what is inside reach out: 192.0.2.1 is an address that nobody has.
        code = "import socket; print(socket.socket().connect_ex(('192.0.2.1', 80)))"
        said = self.kubernetes.box.run([sys.executable, "-c", code], seconds=30)
        self.assertEqual(int(said), errno.ENETUNREACH)

    def test_9_what_the_runbooks_issues_need_can_be_turned_on_and_off(self):
        kubernetes = self.kubernetes
        kubernetes.stop_load()
        self.assertEqual(kubernetes.load()["user_count"], 0)
        kubernetes.set_flag_for_good(100)
        kubernetes.set_limit("20M")
        kubernetes.set_env("GOMEMLIMIT", "16MiB")
        container = self.checkout()["spec"]["containers"][0]
        self.assertEqual(container["resources"]["limits"]["memory"], "20M")
        self.assertIn({"name": "GOMEMLIMIT", "value": "16MiB"}, container["env"])
        kubernetes.set_limit(None)
        kubernetes.set_env("GOMEMLIMIT", None)
        container = self.checkout()["spec"]["containers"][0]
        self.assertNotIn("memory", container["resources"].get("limits", {}))
        self.assertNotIn("GOMEMLIMIT", [one["name"] for one in container["env"]])
        kubernetes.start_load()
        self.assertEqual(kubernetes.flag(), 100)


class KilledCluster(unittest.TestCase):
    """The hard end of a cluster with containers, shims and mounts in it."""

    def test_after_kill_9_everything_ends_at_once_and_the_next_run_removes_the_rest(self):
        before = Machine()
        up = [COMMAND, "up", "--life-s", "300"]
        kubeconfig = (
            subprocess.run(up, check=True, stdout=subprocess.PIPE, timeout=300).stdout.decode().strip()
        )
        state = os.path.dirname(kubeconfig)
        self.addCleanup(box.remove, state)
        kubernetes, name = cluster.Cluster(state=state), box.name_of(state)
        kubernetes.wait_for_rollout("checkout", "flagd")
        known = box.record(state)
        os.kill(known["keeper"]["pid"], signal.SIGKILL)
        self.assertTrue(box.wait_gone(known["first"], 20))
        self.assertTrue(box.patiently(lambda: not [one for one in traces(name) if "process" in one]))
        self.assertEqual(Machine(), before)
        subprocess.run([COMMAND, "down", "--stale"], check=True, timeout=60)
        self.assertEqual(traces(name), [])


class World(unittest.TestCase):
    def test_names_services_and_endpoints_as_its_own_tests_say(self):
        command = parts.go("test", "-count=1", ".")
        done = subprocess.run(command, cwd=os.path.join(KUBERNETES, "world"), capture_output=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())


class Parts(unittest.TestCase):
    """What is built is whole or not there."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        replaced = mock.patch.dict(os.environ, XDG_CACHE_HOME=folder.name)
        replaced.start()
        self.addCleanup(replaced.stop)
        self.made = []

    def make(self, folder, fail_at=None):
        def write(path, name):
            with open(path, "w") as file:
                file.write(name)
                if name == fail_at:
                    raise KeyboardInterrupt
            self.made.append(name)

        for name in ("one", "two"):
            parts.output_file(folder, name, lambda path: write(path, name))

    def test_an_interrupted_build_leaves_nothing_half_and_goes_on_where_it_was(self):
        with self.assertRaises(KeyboardInterrupt):
            parts.made("test", "key", lambda folder: self.make(folder, fail_at="two"))
        folder = os.path.join(parts.cache(), "test-key")
        self.assertFalse(os.path.exists(os.path.join(folder, "two")))
        self.assertEqual(parts.made("test", "key", self.make), folder)
        self.assertEqual(self.made, ["one", "two"])
        self.assertEqual(sorted(os.listdir(folder)), [".complete", "one", "two"])
        parts.made("test", "key", self.make)
        self.assertEqual(self.made, ["one", "two"])

    def test_what_was_long_not_used_goes_when_something_newer_is_made(self):
        old, used = parts.made("test", "old", self.make), parts.made("test", "used", self.make)
        past = time.time() - parts.KEPT_S - 60
        os.utime(os.path.join(old, ".complete"), (past, past))
        parts.made("test", "new", self.make)
        self.assertEqual((os.path.exists(old), os.path.exists(used)), (False, True))


class Ends(unittest.TestCase):
    """Boxes without Kubernetes: however they end, nothing is left."""

    def setUp(self):
        self.before = Machine()
        self.addCleanup(lambda: self.assertEqual(Machine(), self.before))

    def holder(self):
        """A process that owns a box with a program in it; returns it and the box's folder."""
        code = (
            "import sys; sys.path.insert(0, %r); import box\n"
            "one = box.Box.make(60, True); one.start('sleep', ['/bin/sleep', '60'])\n"
            "print(one.state, flush=True); sys.stdin.read()" % KUBERNETES
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.addCleanup(holder.stdout.close)
        self.addCleanup(holder.stdin.close)
        self.addCleanup(holder.wait, 30)
        self.addCleanup(holder.kill)
        return holder, holder.stdout.readline().strip()

    def test_when_its_owner_is_killed_it_goes_by_itself(self):
        holder, state = self.holder()
        name = box.name_of(state)
        self.assertTrue(traces(name))
        holder.kill()
        self.assertTrue(gone(name), traces(name))

    def test_when_its_keeper_is_killed_everything_ends_and_the_next_run_tidies_up(self):
        _, state = self.holder()
        name, known = box.name_of(state), box.record(state)
        os.kill(known["keeper"]["pid"], signal.SIGKILL)
        self.assertTrue(box.wait_gone(known["first"], 10))
        self.assertTrue(box.is_stale(state))
        self.assertIn(state, traces(name))
        subprocess.run([COMMAND, "down", "--stale"], check=True, timeout=60)
        self.assertTrue(gone(name), traces(name))

    def test_a_recorded_process_id_that_belongs_to_somebody_else_is_left_alone(self):
        other = subprocess.Popen(["/bin/sleep", "60"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        state = os.path.join(box.PARENT, box.PREFIX + "test-%d" % os.getpid())
        os.mkdir(state)
        mistaken = {"pid": other.pid, "start": box.start_time(other.pid) - 1}
        box.write_json(os.path.join(state, "box.json"), {"keeper": mistaken, "first": mistaken})
        self.assertEqual(box.remove(state), [])
        self.assertIsNone(other.poll())
        self.assertFalse(os.path.exists(state))

    def test_its_life_time_ends_it(self):
        started = time.monotonic()
        one = box.Box.make(1, False)
        self.addCleanup(one.remove)
        name = box.name_of(one.state)
        self.assertTrue(gone(name), traces(name))
        self.assertGreaterEqual(time.monotonic() - started, 1)

    def test_a_program_that_ends_is_known_to_have_ended(self):
        one = box.Box.make(60, True)
        self.addCleanup(one.remove)
        one.start("false", ["/bin/false"])
        self.assertTrue(box.patiently(lambda: one.programs()["false"]["exit"] == 1 << 8, 10))
        one.start("sleep", ["/bin/sleep", "60"])
        with self.assertRaisesRegex(RuntimeError, "running already"):
            one.start("sleep", ["/bin/sleep", "60"])
        one.stop("sleep")
        self.assertEqual(one.programs()["sleep"]["exit"], int(signal.SIGTERM))


class Machines(unittest.TestCase):
    """A machine that cannot is told apart from a failure, by status 77 and a reason."""

    def check_on(self, *around):
        return subprocess.run([*around, sys.executable, COMMAND, "check"], capture_output=True, timeout=60)

    def check_after(self, script):
        """The same after a shell script has changed the mounts, which only the two see."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        apart = (
            "import os, sys; sys.path.insert(0, %r); import box; box.unshare(box.CLONE_NEWNS)\n"
            "box.own_the_root(%r); os.execvp(sys.argv[1], sys.argv[1:])" % (KUBERNETES, folder.name)
        )
        return self.check_on(sys.executable, "-c", apart, "sh", "-c", script + '; exec "$@"', "sh")

    def assert_cannot(self, done, reason):
        self.assertEqual(done.returncode, cluster.CANNOT, done.stderr)
        self.assertRegex(done.stderr.decode(), "this machine cannot: .*%s" % reason)
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_without_root(self):
        # Others may not be able to read the sources, so root goes after they are loaded.
        code = "import sys; sys.path.insert(0, %r); import cluster; cluster.require_machine()" % KUBERNETES
        code = "import os; %s" % code.replace("cluster.require", "os.seteuid(65534); cluster.require")
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
        self.assertIn("not root", done.stderr.decode().splitlines()[-1])

    def test_without_the_right_to_make_namespaces(self):
        self.assert_cannot(self.check_on("setpriv", "--bounding-set", "-sys_admin"), "namespaces of its own")

    def test_without_a_memory_controller(self):
        done = self.check_after("mount -t tmpfs none /sys/fs/cgroup")
        self.assert_cannot(done, "no memory controller")

    def test_with_cgroups_that_are_read_only(self):
        each = 'for each in /sys/fs/cgroup /sys/fs/cgroup/*; do mount -o remount,bind,ro "$each"; done 2>/dev/null'
        self.assert_cannot(self.check_after(each), "read-only")

    def test_without_shared_memory_it_can_all_the_same(self):
        # Never rmdir a mount point here: the kernel then unmounts it in all namespaces.
        done = self.check_after("while umount -l /dev/shm; do :; done 2>/dev/null")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    sys.exit(needs_cluster.main())

#!/usr/bin/env python3
"""A real Kubernetes on this machine for the tests: control plane, one node, metrics, and the demo.

    with cluster.Cluster() as kubernetes:           # ends with this process, whatever happens to it
        kubernetes.apply("otel-demo")
        kubernetes.kubectl("get", "pods", "-n", "otel-demo")

Everything runs in a box (box.py): namespaces of its own, so neither its network, its mounts, its
ports nor its kernel settings meet the machine's. Outside there are a state folder and a cgroup, both
named after the run, and one listening port on 127.0.0.1 that leads to the API server.

What is not real: kube-proxy and DNS are world/network.go (Services by a relay, names from the API).
"""

import argparse
import base64
import contextlib
import http.client
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.parse

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import box  # noqa: E402
import configs  # noqa: E402
import demo  # noqa: E402
import images  # noqa: E402
import parts  # noqa: E402
from configs import CONTAINERD, DNS_ADDRESS, SERVICE_RANGE  # noqa: E402
from demo import NAMESPACE, READY_S  # noqa: E402

CANNOT = 77
NODE, NODE_ADDRESS = "node-1", "10.99.0.1"
API_ADDRESS = "10.96.0.1"
API, ETCD, METRICS_PORT = "https://127.0.0.1:6443", "http://127.0.0.1:2379", 4443
MANIFESTS = os.path.join(parts.HERE, "manifests")
# Who may what is in manifests/otel-demo.yaml. The tokens are worth nothing outside the box.
TOKENS = {"viewer": "viewers", "nobody": ""}
READS = 3
MIN_FREE_MIB = 1500  # of memory; as much on disk


def require_machine():
    """Raises Cannot for what can be seen before anything is started."""
    if sys.platform != "linux":
        raise box.Cannot("this is not Linux; a node needs its namespaces and cgroups")
    if os.geteuid() != 0:
        raise box.Cannot("not root; namespaces, mounts and cgroups need it: run it as root")
    for tool in ("nsenter", "mount", "umount"):
        if not shutil.which(tool):
            raise box.Cannot("no command %s; install the packages util-linux and mount" % tool)
    folders = box.hierarchies()
    has_memory = any(os.path.exists(folder + "/memory.limit_in_bytes") for folder in folders)
    with contextlib.suppress(OSError), open(box.CGROUPS + "/cgroup.controllers") as file:
        has_memory = "memory" in file.read().split()
    if not has_memory:
        raise box.Cannot("no memory controller below %s; mount cgroups with it" % box.CGROUPS)
    if not any(os.access(folder, os.W_OK) for folder in folders):
        raise box.Cannot("%s is read-only; a node makes cgroups there" % box.CGROUPS)
    with open("/proc/meminfo") as file:
        free = int(next(line for line in file if line.startswith("MemAvailable")).split()[1]) >> 10
    if free < MIN_FREE_MIB:
        raise box.Cannot("%d MiB of memory are free, %d are needed" % (free, MIN_FREE_MIB))
    free = shutil.disk_usage(box.PARENT).free >> 20
    if free < MIN_FREE_MIB:
        raise box.Cannot("%d MiB are free in %s, %d are needed" % (free, box.PARENT, MIN_FREE_MIB))


class Cluster(demo.Demo):
    """life_s bounds how long it can be there. owned: it ends with this process. kubelet: settings
    that are to be different, by their names in KubeletConfiguration. metrics_s: how often
    metrics-server asks. state: the folder of one that is up."""

    def __init__(self, life_s=3600, owned=True, kubelet=None, metrics_s=10, state=None):
        self.life_s, self.owned = life_s, owned
        self.kubelet, self.metrics_s = kubelet or {}, metrics_s
        self.box = box.Box(state) if state else None
        self.times, self.lock = {}, threading.Lock()
        self.programs = box.read_json(self.path("programs.json")) if state else {}

    def __enter__(self):
        try:
            self.up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_):
        left = self.down()
        if left:
            raise RuntimeError("left behind: " + ", ".join(left))

    def path(self, *names):
        return os.path.join(self.box.state, *names)

    # -- up --

    def up(self):
        require_machine()
        for state in box.states():
            if box.is_stale(state):
                parts.say("removing what is left of %s" % state)
                box.remove(state)
        self.kubernetes, self.world = parts.kubernetes(), parts.world()
        self.packages, self.images = parts.packages(), images.build()
        started = time.monotonic()
        self.box = box.Box.make(self.life_s, self.owned)
        self.prepare()
        importing = Thread(self.start_containerd)
        self.start_control_plane()
        self.lap("control plane", started)
        self.apply("system", {"CA_BUNDLE": self.encoded("ca.crt")})
        importing.join()
        self.start_node()
        self.lap("node", started)
        self.wait("metrics.k8s.io", self.has_metrics_api)
        self.lap("metrics", started)

    def lap(self, what, since):
        self.times[what] = round(time.monotonic() - since, 1)

    def prepare(self):
        ip = [self.packages + "/bin/busybox", "ip"]
        self.box.run(ip + ["addr", "add", NODE_ADDRESS + "/32", "dev", "lo"])
        self.box.run(ip + ["route", "add", "local", SERVICE_RANGE, "dev", "lo"])
        hosts = ["127.0.0.1", NODE_ADDRESS, API_ADDRESS, "localhost", "kubernetes"]
        hosts += ["kubernetes.default", "kubernetes.default.svc"]
        command = [self.world + "/world", "pki", "-folder", self.path("pki"), "-node", NODE]
        parts.run(command + ["-hosts", ",".join(hosts)], "making certificates")
        for name in ("kubelet", "controller-manager", "scheduler", "metrics-server"):
            self.write_kubeconfig(name, API)
        outside = "https://127.0.0.1:%d" % self.box.relay_port()
        self.write_kubeconfig("admin", outside)
        with open(self.path("pki", "tokens.csv"), "w") as file:
            for number, (name, group) in enumerate(sorted(TOKENS.items())):
                token = "%s-%s" % (name, os.urandom(8).hex())
                groups = ',"%s"' % group if group else ""
                file.write("%s,%s,%d%s\n" % (token, name, 1000 + number, groups))
                self.write_kubeconfig(name, outside, token)
        self.start("relay", "relay", "-fd", "%d", "-to", "127.0.0.1:6443")

    def encoded(self, file):
        with open(self.path("pki", file), "rb") as opened:
            return base64.b64encode(opened.read()).decode()

    def write_kubeconfig(self, name, server, token=None):
        user = (
            ["    token: %s" % token]
            if token
            else [
                "    client-certificate-data: %s" % self.encoded(name + ".crt"),
                "    client-key-data: %s" % self.encoded(name + ".key"),
            ]
        )
        lines = ["apiVersion: v1", "kind: Config", "clusters:", "- name: test", "  cluster:"]
        lines += ["    server: %s" % server]
        lines += ["    certificate-authority-data: %s" % self.encoded("ca.crt")]
        lines += ["users:", "- name: %s" % name, "  user:", *user]
        lines += ["contexts:", "- name: %s@test" % name, "  context:"]
        lines += ["    cluster: test", "    user: %s" % name, "    namespace: %s" % NAMESPACE]
        lines += ["current-context: %s@test" % name, ""]
        with open(self.kubeconfig(name), "w") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write("\n".join(lines))

    def kubeconfig(self, who="admin"):
        """Path of a kubeconfig for outside; who: admin, viewer or nobody."""
        return self.path(who + ".kubeconfig")

    # -- programs --

    def start(self, name, *argv, program=None, path=""):
        """Starts one of the cluster's programs, and remembers how."""
        if program is None:
            program = self.world + "/world"
        env = {"PATH": path + "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/run/box"}
        with self.lock:  # containerd is started while the control plane is
            self.programs[name] = {"argv": [program, *argv], "env": env, "relay": name == "relay"}
            box.write_json(self.path("programs.json"), self.programs)
        self.start_again(name)

    def start_again(self, name):
        how = dict(self.programs[name])
        if how["relay"]:
            how["argv"] = [word.replace("%d", str(self.relay_descriptor())) for word in how["argv"]]
        self.box.start(name, **how)

    def relay_descriptor(self):
        return box.record(self.box.state)["relay_fd"]

    def stop(self, name, number=signal.SIGKILL):
        """Ends a program at once: a graceful end of the API server takes a minute with watches open."""
        self.box.stop(name, number)

    def restart(self, name, away_s=0):
        """As a crash of e.g. kube-apiserver and a new start so much later, until it is ready again."""
        self.stop(name)
        time.sleep(away_s)
        self.start_again(name)
        if name == "kube-apiserver":
            self.wait("API server", self.api_is_ready)

    def hyperkube(self, name, **flags):
        words = ["--%s=%s" % (key.replace("_", "-"), value) for key, value in flags.items()]
        self.start(name, name, *words, program=self.kubernetes + "/hyperkube")

    def start_control_plane(self):
        self.start_etcd()
        self.hyperkube("kube-apiserver", **configs.api_server(self.path("pki"), ETCD, NODE_ADDRESS))
        self.wait("API server", self.api_is_ready)
        pki = self.path("pki") + "/"
        self.start_controller(
            "controller-manager",
            service_account_private_key_file=pki + "sa.key",
            root_ca_file=pki + "ca.crt",
            use_service_account_credentials="true",
            node_monitor_period="2s",
            node_monitor_grace_period="20s",
        )
        self.start_controller("scheduler")
        dns = DNS_ADDRESS + ":53"
        self.start("network", "network", "-api", API, "-pki", self.path("pki"), "-dns", dns)

    def start_etcd(self):
        peer = "http://127.0.0.1:2380"
        flags = {"name": "test", "data-dir": "/run/etcd", "logger": "zap"}
        flags.update({"listen-client-urls": ETCD, "advertise-client-urls": ETCD})
        flags.update({"listen-peer-urls": peer, "initial-advertise-peer-urls": peer})
        flags["initial-cluster"] = "test=" + peer
        words = ["--%s=%s" % pair for pair in flags.items()]
        self.start("etcd", *words, program=self.packages + "/usr/bin/etcd")

    def start_controller(self, name, **flags):
        config = self.kubeconfig(name)
        flags.update({"kubeconfig": config, "authentication_kubeconfig": config})
        flags.update({"authorization_kubeconfig": config, "bind_address": "127.0.0.1"})
        flags.update({"leader_elect": "false", "cert_dir": "/run/box", "profiling": "false"})
        self.hyperkube("kube-" + name, **flags)

    def start_containerd(self):
        config = self.path("containerd.toml")
        with open(config, "w") as file:
            file.write(configs.containerd(self.path("disk", "containerd"), self.packages, self.path()))
        with open(self.path("10-bridge.conflist"), "w") as file:
            json.dump(configs.network(), file)
        here = ["usr/bin", "usr/sbin", "bin"]
        path = "".join("%s/%s:" % (self.packages, folder) for folder in here)
        containerd = self.packages + "/usr/bin/containerd"
        self.start("containerd", "--config", config, program=containerd, path=path)
        ctr = [self.packages + "/usr/bin/ctr", "-a", CONTAINERD, "-n", "k8s.io"]
        self.wait("containerd", lambda: self.succeeds(ctr + ["version"]))
        self.box.run(ctr + ["images", "import", self.images + "/images.tar"], seconds=120)

    def start_node(self):
        with open(self.path("kubelet.json"), "w") as file:
            config = configs.kubelet(self.path("pki"), "/" + box.name_of(self.box.state))
            json.dump(dict(config, **self.kubelet), file, indent=1)
        self.hyperkube(
            "kubelet",
            config=self.path("kubelet.json"),
            kubeconfig=self.kubeconfig("kubelet"),
            hostname_override=NODE,
            node_ip=NODE_ADDRESS,
            root_dir=self.path("disk", "kubelet"),
            cert_dir="/run/box/kubelet",
            housekeeping_interval="1s",
        )
        self.wait("kubelet", self.node_is_ready)
        config, pki = self.kubeconfig("metrics-server"), self.path("pki") + "/"
        flags = {"kubeconfig": config, "authentication-kubeconfig": config}
        flags.update({"authorization-kubeconfig": config, "secure-port": METRICS_PORT})
        flags.update(
            {"tls-cert-file": pki + "metrics-server.crt", "metric-resolution": "%ds" % self.metrics_s}
        )
        flags.update({"tls-private-key-file": pki + "metrics-server.key"})
        flags.update({"kubelet-certificate-authority": pki + "ca.crt"})
        flags.update({"kubelet-preferred-address-types": "InternalIP", "kubelet-request-timeout": "5s"})
        words = ["--%s=%s" % pair for pair in flags.items()]
        self.start("metrics-server", *words, program=self.kubernetes + "/metrics-server")

    # -- what is so --

    def succeeds(self, argv):
        try:
            self.box.run(argv, seconds=10)
        except (RuntimeError, subprocess.TimeoutExpired):
            return False
        return True

    def api_is_ready(self):
        return self.ask("GET", "/readyz")[0] == 200

    def node_is_ready(self):
        node = self.read("/api/v1/nodes/" + NODE)
        conditions = node["status"].get("conditions", []) if node else []
        return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)

    def has_metrics_api(self):
        return self.ask("GET", "/apis/metrics.k8s.io/v1beta1/nodes")[0] == 200

    def wait(self, what, condition, seconds=READY_S, seen=None):
        """The condition's first true value. When it stays false: what seen() says there is instead,
        and what the programs said last."""
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                instead = ", but %s" % (seen(),) if seen else ""
                words = (what, seconds, instead, self.last_words())
                raise RuntimeError("%s: not so within %d s%s\n%s" % words)
            time.sleep(0.1)

    def last_words(self):
        said = []
        for name, program in sorted(self.box.programs().items()):
            if program["exit"] is not None:
                said.append("%s ended (%d): %s" % (name, program["exit"], self.box.last_words(name)))
        return "\n".join(said) or "all programs are running"

    def status(self):
        return {
            "state": self.box.state,
            "kubeconfig": self.kubeconfig(),
            "server": "https://127.0.0.1:%d" % self.box.relay_port(),
            "cgroup": box.name_of(self.box.state),
            "programs": {
                name: "running" if program["exit"] is None else "ended (%d)" % program["exit"]
                for name, program in self.box.programs().items()
            },
        }

    # -- asking --

    def ask(self, method, path, body=None, who="admin", kind="application/json", seconds=10):
        """(status, body) from the API server, as it comes; (None, reason) when there is no answer."""
        context = ssl.create_default_context(cafile=self.path("pki", "ca.crt"))
        headers = {"Content-Type": kind} if body is not None else {}
        if who in TOKENS:
            headers["Authorization"] = "Bearer " + self.token(who)
        else:
            context.load_cert_chain(self.path("pki", who + ".crt"), self.path("pki", who + ".key"))
        port = self.box.relay_port()
        api = http.client.HTTPSConnection("127.0.0.1", port, timeout=seconds, context=context)
        try:
            api.request(method, path, body, headers)
            answer = api.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        except (OSError, http.client.HTTPException) as problem:
            return None, str(problem)
        finally:
            api.close()

    def token(self, who):
        with open(self.path("pki", "tokens.csv")) as file:
            return next(line.split(",")[0] for line in file if line.split(",")[1] == who)

    def read(self, path, who="admin"):
        """The object at a path of the API; None when there is none. What is no answer is asked again."""
        for _ in range(READS):
            status, body = self.ask("GET", path, who=who)
            if status is not None and status != 429 and status < 500:
                break
            time.sleep(0.5)
        return json.loads(body) if status == 200 else None

    def get(self, kind, name="", group="api/v1", namespace=NAMESPACE, query=""):
        """An object, or a list without a name; None when there is none."""
        path = "/%s/namespaces/%s/%s" % (group, namespace, kind)
        return self.read(path + ("/" + name if name else "") + query)

    def service(self, name, port, path, body=None, method=None, who="admin", kind="application/json"):
        """(status, body) of a Service through the API server's proxy, the library's way to it."""
        target = "/api/v1/namespaces/%s/services/%s:%s/proxy%s" % (NAMESPACE, name, port, path)
        return self.ask(method or ("GET" if body is None else "POST"), target, body, who, kind)

    def deployment(self, name):
        return self.get("deployments", name, "apis/apps/v1")

    def pods(self, deployment):
        """Pods of a Deployment by its own selector, those that are being deleted as well."""
        labels = self.deployment(deployment)["spec"]["selector"]["matchLabels"]
        selector = ",".join("%s=%s" % pair for pair in sorted(labels.items()))
        return self.get("pods", query="?labelSelector=" + urllib.parse.quote(selector))["items"]

    def kubectl(self, *arguments, who="admin", data=None, seconds=60):
        """Standard output of kubectl; RuntimeError with what it said when it fails."""
        done = subprocess.run(
            [parts.kubernetes() + "/kubectl", "--kubeconfig", self.kubeconfig(who), *arguments],
            input=data.encode() if data is not None else b"",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=seconds,
            # Its caches belong to the run.
            env={"PATH": "/usr/bin:/bin", "HOME": self.path("kubectl")},
        )
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise RuntimeError("kubectl %s: %s" % (" ".join(arguments), said))
        return done.stdout.decode()

    # -- the demo --

    def apply(self, manifest, values=None):
        """Applies manifests/NAME.yaml (or the text of one); ${NAME} is replaced by values."""
        text = manifest
        if "\n" not in manifest:
            with open(os.path.join(MANIFESTS, manifest + ".yaml")) as file:
                text = file.read()
        for name, value in dict(values or {}, NODE_ADDRESS=NODE_ADDRESS).items():
            text = text.replace("${%s}" % name, value)
        self.kubectl("apply", "-f", "-", data=text)

    def wait_for_rollout(self, *deployments, seconds=READY_S):
        for name in deployments:
            what = ["rollout", "status", "deployment/" + name, "--timeout=%ds" % seconds]
            self.kubectl(*what, seconds=seconds + 10)

    # -- down --

    def down(self):
        """Ends everything; returns what could not be removed."""
        return self.box.remove() if self.box else []


class Thread(threading.Thread):
    """A thread whose failure is its joiner's."""

    def __init__(self, action):
        super().__init__(daemon=True)
        self.action, self.problem = action, None
        self.start()

    def run(self):
        try:
            self.action()
        except Exception as problem:
            self.problem = problem

    def join(self, timeout=None):
        super().join(timeout)
        if self.problem:
            raise self.problem


# ---- the command ----


def the_state(given):
    """The cluster that is meant: the given one, or the only one there is."""
    found = [given] if given else [state for state in box.states() if not box.is_stale(state)]
    if len(found) != 1:
        raise RuntimeError("%d clusters are up; name one: %s" % (len(found), " ".join(found) or "none"))
    return found[0]


def up(options):
    cluster = Cluster(options.life_s, owned=False)
    try:
        cluster.up()
        if not options.bare:
            cluster.apply("otel-demo")
    except BaseException:
        if options.keep and cluster.box:
            parts.say("kept for a look: %s" % cluster.box.state)
        else:
            cluster.down()
        raise
    parts.say("up: %s" % ", ".join("%s after %.1f s" % pair for pair in cluster.times.items()))
    print(cluster.kubeconfig())


def down(options):
    if options.stale:
        left = [one for state in box.states() if box.is_stale(state) for one in box.remove(state)]
    else:
        left = box.remove(the_state(options.state))
    if left:
        raise RuntimeError("left behind: " + ", ".join(left))


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="Exit status 77: this machine cannot, and why. STATE may be left out when one is up.",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")
    start = verbs.add_parser("up", help="bring a cluster up, print the path of its kubeconfig")
    start.add_argument("--life-s", type=float, default=3600, help="it ends by itself")
    start.add_argument("--bare", action="store_true", help="without the demo")
    start.add_argument("--keep", action="store_true", help="keep what does not come up, for a look")
    for name, text in (
        ("down", "end a cluster and remove all of it"),
        ("status", "what runs, as JSON"),
        ("kubeconfig", "print the path of a kubeconfig"),
        ("shell", "a shell, or the given command, inside the box"),
        ("restart", "end a program hard and start it again"),
        ("check", "say whether this machine can"),
    ):
        verb = verbs.add_parser(name, help=text)
        verb.add_argument("--state")
        if name == "down":
            verb.add_argument("--stale", action="store_true", help="remove what dead runs left")
        if name == "kubeconfig":
            verb.add_argument("who", nargs="?", default="admin", choices=("admin", *TOKENS))
        if name == "restart":
            verb.add_argument("program")
        if name == "shell":
            verb.add_argument("argv", nargs=argparse.REMAINDER)
    return parser.parse_args()


def shell(options):
    first = str(box.record(the_state(options.state))["first"]["pid"])
    argv = options.argv or [os.environ.get("SHELL", "/bin/sh")]
    inside = ["nsenter", "--target", first, "--mount", "--net", "--pid", "--root", "--wd=/", "--"]
    os.execvp(inside[0], inside + argv)


def run(options):
    if options.verb == "up":
        up(options)
    elif options.verb == "down":
        down(options)
    elif options.verb == "check":
        require_machine()
        left = box.Box.make(30, True).remove()
        if left:
            raise RuntimeError("left behind: " + ", ".join(left))
    elif options.verb == "shell":
        shell(options)
    else:
        cluster = Cluster(state=the_state(options.state))
        if options.verb == "status":
            print(json.dumps(cluster.status(), indent=1, sort_keys=True))
        elif options.verb == "kubeconfig":
            print(cluster.kubeconfig(options.who))
        else:
            cluster.restart(options.program)


def main():
    options = parse_arguments()
    try:
        run(options)
    except (box.Cannot, parts.Missing) as problem:
        print("cluster: this machine cannot: %s" % problem, file=sys.stderr)
        return CANNOT
    except (RuntimeError, OSError, subprocess.TimeoutExpired) as problem:
        print("cluster: %s" % problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

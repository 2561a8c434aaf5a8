#!/usr/bin/env python3
"""What the command makes of a real Prometheus (the Debian package): a pod's memory of the last half
hour and the rate of its orders, beside an API server that answers with recorded objects.

The past is put into Prometheus by promtool; nothing waits for real samples.
"""

import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
FIXTURES = os.path.join(TOP, "tests", "fixtures", "kubernetes")
sys.path.insert(0, os.path.join(TOP, "tests", "kubernetes"))
sys.dont_write_bytecode = True
MI = 1 << 20
STEP_S = 15
POD = "checkout-558fcdb47f-gq2n7"  # of the recording

results = [0, 0, 0]


def binary():
    for path in [os.environ.get("LEAKDIAG"), os.path.join(TOP, "build", "dev", "leakdiag"),
                 os.path.join(TOP, "build", "leakdiag")]:
        if path and os.access(path, os.X_OK):
            return path
    sys.exit("no command to test; build with: cmake --preset dev")


def recorded(name):
    with open(os.path.join(FIXTURES, name + ".http"), "rb") as file:
        head, _, body = file.read().partition(b"\r\n\r\n")
    if b"chunked" in head.lower():
        whole = b""
        while body:
            size, _, rest = body.partition(b"\r\n")
            n = int(size, 16)
            whole, body = whole + rest[:n], rest[n + 2:]
            if n == 0:
                break
        body = whole
    return json.loads(body)


def rfc3339(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class Api(http.server.BaseHTTPRequestHandler):
    """The objects of the recording, started when the test says; everything else is not there."""

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        path = urllib.parse.urlparse(self.path).path
        if path.endswith("/deployments/checkout"):
            self.answer(200, self.server.deployment)
        elif path.endswith("/pods") and "metrics.k8s.io" not in path:
            self.answer(200, self.server.pods)
        else:
            self.answer(404, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "code": 404,
                              "status": "Failure", "reason": "NotFound",
                              "message": "the server could not find the requested resource"})

    do_POST = do_GET


def api(started, ended=None, ended_started=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.deployment, server.pods = recorded("deployment-get"), recorded("pods-list")
    pod = server.pods["items"][0]
    status = pod["status"]["containerStatuses"][0]
    status["state"] = {"running": {"startedAt": rfc3339(started)}}
    status["restartCount"] = 0
    status["lastState"] = {}
    if ended:
        status["restartCount"] = 1
        status["lastState"] = {"terminated": {
            "reason": "OOMKilled", "exitCode": 137, "startedAt": rfc3339(ended_started),
            "finishedAt": rfc3339(ended), "containerID": "containerd://0"}}
    assert pod["metadata"]["name"] == POD
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Prometheus:
    """One that remembers what it is given: {series: [(seconds, value), ...]}."""

    def __init__(self, folder, tools, series):
        self.folder = tempfile.mkdtemp(dir=folder)
        metrics = os.path.join(self.folder, "past.om")
        with open(metrics, "w") as file:
            for name in sorted({re.match(r"\w+", labels).group() for labels in series}):
                kind = "counter" if name.endswith("_total") else "gauge"
                file.write("# TYPE %s %s\n" % (re.sub("_total$", "", name), kind))
                for labels, points in series.items():
                    if re.match(r"\w+", labels).group() == name:
                        file.writelines("%s %r %.3f\n" % (labels, v, t) for t, v in points)
            file.write("# EOF\n")
        data = os.path.join(self.folder, "data")
        subprocess.run([os.path.join(tools, "promtool"), "tsdb", "create-blocks-from",
                        "openmetrics", metrics, data], check=True, stdout=subprocess.DEVNULL)
        config = os.path.join(self.folder, "prometheus.yml")
        with open(config, "w") as file:
            file.write("scrape_configs: []\n")
        port = free_port()
        self.url = "http://127.0.0.1:%d" % port
        self.log = open(os.path.join(self.folder, "log"), "w")
        self.process = subprocess.Popen(
            [os.path.join(tools, "prometheus"), "--config.file", config,
             "--storage.tsdb.path", data, "--storage.tsdb.retention.time", "1d",
             "--web.listen-address", "127.0.0.1:%d" % port],
            stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 30
        while not self.is_ready():
            assert self.process.poll() is None, "Prometheus ended: see its log"
            assert time.monotonic() < deadline, "Prometheus is not ready after 30 s"
            time.sleep(0.05)

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.url + "/-/ready", timeout=1) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()


def memory(labels, points):
    name = "container_memory_working_set_bytes"
    return {'%s{namespace="otel-demo",pod="%s",%s}' % (name, POD, labels): points}


def ramp(start, seconds, first, per_s):
    return [(start + t, float(first + per_s * t)) for t in range(0, seconds, STEP_S)]


def look(command, server, prometheus, folder, workload):
    kubeconfig = os.path.join(folder, "kubeconfig")
    with open(kubeconfig, "w") as file:
        json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "c",
                   "clusters": [{"name": "c", "cluster": {
                       "server": "http://127.0.0.1:%d" % server.server_address[1]}}],
                   "contexts": [{"name": "c", "context": {"cluster": "c",
                                                          "namespace": "otel-demo"}}]}, file)
    os.chmod(kubeconfig, 0o600)
    capture = os.path.join(folder, "capture.json")
    arguments = [command, "diagnose"] + workload + [
        "--kubeconfig", kubeconfig, "--set", "prometheus_url=" + prometheus.url, "-o", "json",
        "--save", capture, "--force"]
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    assert done.stdout, done.stderr.decode()
    again = subprocess.run([command, "replay", capture, "-o", "json"], stdout=subprocess.PIPE,
                           timeout=60)
    assert again.stdout == done.stdout, "the replay says something else"
    return json.loads(done.stdout), json.load(open(capture))


def check(report, name):
    return next(c for c in report["checks"] if c["id"] == name)


def series_of(capture, name):
    return [f["series"] for f in capture["facts"]
            if f["kind"] == "series" and "series" in f and f["series"]["name"] == name]


def test(sentence, call):
    try:
        call()
        results[0] += 1
    except (AssertionError, KeyError, StopIteration, subprocess.SubprocessError) as problem:
        results[1] += 1
        print("FAILED: %s\n    %s: %s" % (sentence, type(problem).__name__, problem), flush=True)


def run(command, tools, folder):
    now = int(time.time()) // STEP_S * STEP_S

    def scene(series, server, workload=("deploy/checkout",)):
        prometheus = Prometheus(folder, tools, series)
        try:
            return look(command, server, prometheus, folder, list(workload))
        finally:
            prometheus.stop()
            server.shutdown()

    def leak():
        report, capture = scene(
            {**memory('container="checkout",id="/a"', ramp(now - 1500, 1500, 8 * MI, 4500)),
             # the pod as a whole and its pause container must not be counted too
             **memory('container="",id="/"', ramp(now - 1500, 1500, 80 * MI, 0)),
             **memory('container="POD",id="/p"', ramp(now - 1500, 1500, 70 * MI, 0))},
            api(now - 1500))
        (only,) = series_of(capture, "memory")
        assert only["pod"] == POD
        assert max(only["values_bytes"]) < 20 * MI, "another container's memory was counted"
        assert check(report, "memory")["finding"] == "ahead", check(report, "memory")
        assert report["causes"][0]["id"] == "memory-leak"

    def rest():
        report, _ = scene(memory('container="checkout",id="/a"',
                                 ramp(now - 1700, 1700, 9 * MI, 0)), api(now - 1700))
        assert check(report, "memory")["finding"] == "flat", check(report, "memory")
        assert report["causes"] == []

    def restarted():
        kill = now - 600
        report, capture = scene(
            {**memory('container="checkout",id="/a"', ramp(now - 1500, 900, 8 * MI, 13500)),
             **memory('container="checkout",id="/b"', ramp(kill + STEP_S, 585, 8 * MI, 13500))},
            api(kill, kill, now - 1500))
        (joined,) = series_of(capture, "memory")
        times = joined["times_ms"]
        assert times == sorted(set(times)), "two values at one time"
        assert min(v for t, v in zip(times, joined["values_bytes"])
                   if t > (kill + 30) * 1000) < 10 * MI, "the old instance outlived its kill"
        assert check(report, "memory")["finding"] == "oom-sawtooth", check(report, "memory")
        assert check(report, "termination")["finding"] == "oom-killed"

    def orders():
        name = ('traces_span_metrics_calls_total{service_name="checkout",'
                'span_name="oteldemo.CheckoutService/PlaceOrder"}')
        report, capture = scene(
            {name: [(now - 900 + t, float(t // 4)) for t in range(0, 900, STEP_S)]},
            api(now - 1500), ["--scenario", "otel-demo/checkout"])
        (rate,) = series_of(capture, "orders")
        assert abs(rate["values_per_min"][-1] - 15) < 2, rate["values_per_min"][-1]
        assert check(report, "orders")["finding"] == "in-range", check(report, "orders")

    def nothing():
        report, capture = scene(memory('container="other",id="/a"',
                                       ramp(now - 1500, 1500, 8 * MI, 0)), api(now - 1500))
        assert [s["container"] for s in series_of(capture, "memory")] == ["other"]
        assert check(report, "memory")["finding"] == "no-samples"

    def refused():
        _, capture = scene(
            memory('container="checkout",id="/a"', ramp(now - 300, 300, 8 * MI, 0)),
            api(now - 1500),
            ["--scenario", "otel-demo/checkout", "--set", "orders_query=sum(rate("])
        (failed,) = [f for f in capture["facts"] if f.get("subject") == "orders"]
        assert "parse error" in failed["error"], failed["error"]

    test("a leak of the last 25 minutes is judged in one look", leak)
    test("memory at rest is no leak", rest)
    test("an OOM kill parts two series of one pod", restarted)
    test("orders are counted from span metrics", orders)
    test("another container's series is no memory of this one", nothing)
    test("a query that Prometheus refuses says so in its own words", refused)


def main():
    import parts  # pylint: disable=import-outside-toplevel
    command = binary()
    tools = os.path.join(parts.packages(), "usr", "bin")
    folder = tempfile.mkdtemp(prefix="leakdiag-prometheus-")
    try:
        run(command, tools, folder)
    finally:
        shutil.rmtree(folder)
    print("%d passed, %d failed, %d skipped" % tuple(results))
    return 1 if results[1] else 0


if __name__ == "__main__":
    sys.exit(main())

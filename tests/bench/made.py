"""Input for the measures, the same in every run: a log of 25 KB and a capture of 20 minutes."""

import json
import os
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests", "command"))

MI = 1 << 20
START_MS = 1_733_220_000_000  # 2024-12-03T10:00:00Z
EVERY_MS = 5_000
LOOKS = 241  # 20 minutes
CURVE = [(0, 8), (180, 10), (360, 12), (540, 14), (720, 16), (900, 18), (1080, 19), (1200, 20)]


def rfc3339(time_ms):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_ms // 1000)) + ".%03dZ" % (
        time_ms % 1000)


def order_lines(number, time_ms):
    """What the demo's checkout of 2.0.2 logs for one order, and the line of later versions."""
    for i, message in enumerate((
            '[PlaceOrder] user_id="%08x" user_currency="USD"' % (number * 7919),
            "payment went through (transaction_id: %08x)" % (number * 104729),
            'order confirmation email sent to "someone@example.com"',
            "order placed (%d)" % number, "sending to postProcessor",
            "Successful to write message. offset: 0, duration: 2.1ms",
            "Warning: FeatureFlag 'kafkaQueueProblems' is activated, overloading queue now.",
            "Done with #300 messages for overload simulation.")):
        yield json.dumps({"message": message, "severity": "info",
                          "timestamp": rfc3339(time_ms + i * 100)}, separators=(",", ":"))


def log(size, end_ms=START_MS):
    """A log of whole lines that ends then, not longer than size bytes; an order every 4 s."""
    text, number = "", 0
    while True:
        more = "".join(line + "\n" for line in order_lines(number, end_ms - 4000 - number * 4000))
        if len(text) + len(more) > size:
            return text
        text, number = more + text, number + 1


def curve_bytes(seconds):
    for (t0, v0), (t1, v1) in zip(CURVE, CURVE[1:]):
        if seconds <= t1:
            return (v0 + (v1 - v0) * (seconds - t0) / (t1 - t0)) * MI
    return CURVE[-1][1] * MI


# --- the capture ----------------------------------------------------------------------------------

def two_looks(leakdiag, folder):
    """A real capture of a flag service, Locust, a process and a log that grows between two looks:
    so the measured file has all that the command writes today, and nothing else."""
    from fake import Fake, locust, ofrep_value
    scenario = subprocess.run([leakdiag, "scenario", "show", "otel-demo/checkout", "-o", "yaml"],
                              check=True, capture_output=True, text=True).stdout
    log_file, own = os.path.join(folder, "log"), os.path.join(folder, "often.yaml")
    now_ms = int(time.time() * 1000)
    with open(log_file, "w") as file:
        file.write(log(5000, now_ms))
    with open(own, "w") as file:
        file.write(scenario.replace("every: 5s", "every: 500ms"))
    services = {("POST", "/ofrep/v1/evaluate/flags/kafkaQueueProblems"): ofrep_value(300),
                ("GET", "/stats/requests"): locust()}
    workload = subprocess.Popen(["sleep", "60"], env=dict(os.environ, KAFKA_ADDR="kafka:9092"))
    with Fake(services) as fake:
        process = subprocess.Popen(
            [leakdiag, "capture", "-", "--scenario", own, "--for", "700ms", "--pid",
             str(workload.pid), "--set", "log_file=" + log_file, "--set", "ofrep_url=" + fake.url,
             "--set", "locust_url=" + fake.url], stdout=subprocess.PIPE)
        timer = threading.Timer(0.25, lambda: append(log_file, log(1300, now_ms + 4000)))
        timer.start()
        out, _ = process.communicate(timeout=60)
        timer.join()
    workload.terminate()
    workload.wait()
    capture = json.loads(out)
    times = sorted({fact["t_ms"] for fact in capture["facts"]})
    looks = [[fact for fact in capture["facts"] if fact["t_ms"] == time] for time in times]
    assert len(looks) >= 2 and len(looks[0]) == len(looks[1]) == 4, [len(look) for look in looks]
    capture["scenario"]["text"] = scenario
    return capture, looks[0], looks[1]


def append(path, text):
    with open(path, "a") as file:
        file.write(text)


def moved(value, by_ms):
    """The same fact at another time: whatever is an absolute time moves along."""
    if isinstance(value, dict):
        return {key: item + by_ms if key.endswith("_ms") and isinstance(item, int)
                and item > 10**12 and key != "started_ms" else moved(item, by_ms)
                for key, item in value.items()}
    if isinstance(value, list):
        return [moved(item, by_ms) for item in value]
    return value


def capture(leakdiag, folder):
    """Path of a capture of 20 minutes along the runbook's timeline."""
    made, first, later = two_looks(leakdiag, folder)
    begin_ms, facts = first[0]["t_ms"], []
    for look in range(LOOKS):
        now_ms = START_MS + look * EVERY_MS
        for fact in first if look == 0 else later:
            fact = moved(fact, now_ms - fact["t_ms"])
            if fact["kind"] == "memory":
                fact["memory"]["working_set_bytes"] = int(curve_bytes(look * EVERY_MS / 1000))
                fact["memory"]["limit_bytes"] = 20 * MI
                fact["memory"]["started_ms"] += START_MS - begin_ms
            elif fact["kind"] == "load":
                fact["load"]["rows"][0]["requests"] = 300 + look * 5 // 4
            facts.append(fact)
    lines = ",\n".join(json.dumps(fact, sort_keys=True, separators=(",", ":")) for fact in facts)
    path = os.path.join(folder, "run.json")
    with open(path, "w") as file:
        file.write('{"facts":[\n%s\n],\n"now_ms":%d,\n"scenario":%s,\n"schema":%s}\n' % (
            lines, START_MS + (LOOKS - 1) * EVERY_MS, json.dumps(made["scenario"]),
            json.dumps(made["schema"])))
    return path

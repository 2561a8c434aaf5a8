#!/usr/bin/env python3
"""The lab in one command: flag service, shop under its supervisor, load by real Locust.

  lab.py up --dir DIR [--flag 300] [--limit 20Mi] [--load running|stopped|none] [--locust BIN]
  lab.py flag on|off|N|disabled|missing|broken --dir DIR
  lab.py load start|stop --dir DIR
  lab.py limit 20Mi|BYTES|none --dir DIR      a new shop under another limit
  lab.py handoff ok|fail|block|reject|none --dir DIR   a new shop with another post-processor
  lab.py kill-shop --dir DIR                  SIGKILL; the supervisor starts it again
  lab.py status [--json] --dir DIR
  lab.py down --dir DIR                       ends what `up` started, and nothing else

Each command returns when the change is in force, or says what is not and exits with 1. Where
everything is, is written to DIR/lab.json. Every process ends by itself after --life-s seconds.
"""

import argparse
import contextlib
import fcntl
import glob
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
DEADLINE_S = 20.0
STOP_S = 6.0
POLL_S = 0.05
FLAG = "kafkaQueueProblems"
DEMO_ON = 100  # what the demo's own file has; the runbook wants 300
SIZES = {"": 1, "Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "k": 1000, "M": 10**6, "G": 10**9}


class Problem(Exception):
    """Told to the user as it is."""


def parse_size(text):
    """Bytes, or None for no limit."""
    if text == "none":
        return None
    match = re.match(r"^(\d{1,12})([A-Za-z]*)$", text)
    if not match or match.group(2) not in SIZES:
        raise argparse.ArgumentTypeError("%r is not none, a number of bytes, or like 20Mi" % text)
    return int(match.group(1)) * SIZES[match.group(2)]


def parse_flag(text):
    if text in ("on", "off", "disabled", "missing", "broken") or re.match(r"^\d{1,6}$", text):
        return text
    raise argparse.ArgumentTypeError(
        "%r is not on, off, a number, disabled, missing or broken" % text
    )


def wait_until(what, condition, deadline_s=DEADLINE_S):
    """The condition's first true value. It is asked again and again, never trusted to a sleep."""
    deadline = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Problem("%s did not come true within %d s" % (what, deadline_s))
        time.sleep(POLL_S)


def request(port, method, path, body=None, kind="application/json"):
    """(status, body), or None when nobody answers."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request(method, path, body, {"Content-Type": kind} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read(1 << 20)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def start_ticks(pid):
    """When a process started, in clock ticks: with the pid this names one process for good.
    None for one that is gone, or dead and not yet waited for."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def write_whole(path, text):
    with open(path + ".new", "w") as file:
        file.write(text)
    os.replace(path + ".new", path)


def read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Problem("%s is damaged: %s; remove it" % (path, error)) from None


def free_ports(count):
    """Ports that were free together a moment ago."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Lab:
    def __init__(self, folder):
        self.folder = os.path.abspath(folder)
        self.data = read_json(self.path("lab.json"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def save(self):
        write_whole(self.path("lab.json"), json.dumps(self.data, indent=1, sort_keys=True) + "\n")

    def need(self):
        if self.data is None:
            raise Problem("no lab in %s; start one with: lab.py up --dir %s" % ((self.folder,) * 2))

    def shop_state(self):
        return read_json(self.data["state_file"]) or {}

    # -- processes --

    def life_left_s(self):
        left = self.data["ends_ms"] / 1000 - time.time()
        if left < 1:
            raise Problem("the life time of this lab is over; run lab.py down and up again")
        return int(left)

    def start(self, name, command, extra_env=None):
        """Starts a process that outlives this command, and remembers it before anything else."""
        env = {
            key: value
            for key, value in os.environ.items()
            # A proxy or somebody's Locust settings must not change what the lab does.
            if not key.lower().endswith("_proxy") and not key.startswith("LOCUST_")
        }
        env.update(extra_env or {})
        with open(self.path(name + ".out"), "ab") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=env,
                start_new_session=True,
            )
        self.data["pids"][name] = {"pid": process.pid, "start_ticks": start_ticks(process.pid)}
        self.save()
        return process

    def alive(self, name):
        known = self.data["pids"].get(name)
        ours = known and known["start_ticks"] is not None
        return bool(ours and start_ticks(known["pid"]) == known["start_ticks"])

    def end(self, name):
        """Ends one remembered process, and only if it is still that process."""
        known = self.data["pids"].get(name)
        for number, patience_s in ((signal.SIGTERM, STOP_S), (signal.SIGKILL, STOP_S)):
            if not self.alive(name):
                break
            os.kill(known["pid"], number)
            with contextlib.suppress(Problem):
                wait_until("end", lambda: not self.alive(name), patience_s)
        self.data["pids"].pop(name, None)
        self.save()

    def wait_for(self, name, process, condition):
        """Waits for a process to be ready; when it ends instead, shows what it said."""

        def ready_or_gone():
            return condition() or process.poll() is not None

        try:
            wait_until("%s" % name, ready_or_gone)
        except Problem as problem:
            raise Problem("%s\n%s" % (problem, self.last_words(name))) from None
        if process.poll() is not None:
            raise Problem("the %s ended at once:\n%s" % (name, self.last_words(name)))

    def last_words(self, name):
        with open(self.path(name + ".out"), errors="replace") as file:
            return "".join("  " + line for line in file.readlines()[-8:])

    # -- the flag --

    def write_flag(self, value):
        flag = {
            "description": "Overloads Kafka queue while simultaneously introducing a consumer "
            "side delay leading to a lag spike",
            "state": "DISABLED" if value == "disabled" else "ENABLED",
            "variants": {"on": DEMO_ON, "off": 0},
            "defaultVariant": "off" if value == "off" else "on",
        }
        if value.isdigit():
            flag["variants"]["on"] = int(value)
        if value == "broken":
            flag["defaultVariant"] = "onn"
        document = {"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": {FLAG: flag}}
        if value == "missing":
            document["flags"] = {}
        write_whole(self.data["flag_file"], json.dumps(document, indent=2) + "\n")

    def flag_answer(self):
        """What OFREP says of the flag: its value, or disabled or missing; None for no answer."""
        path = "/ofrep/v1/evaluate/flags/" + FLAG
        answer = request(self.data["ports"]["flag_service"], "POST", path, '{"context":{}}')
        if answer is None or answer[0] not in (200, 404):
            return None
        return json.loads(answer[1]).get("value", "disabled" if answer[0] == 200 else "missing")

    def set_flag(self, value):
        before = self.flag_answer()
        self.write_flag(value)
        expected = {"on": DEMO_ON, "off": 0, "broken": before}.get(value, value)
        if value.isdigit():
            expected = int(value)
        wait_until("flag %s over OFREP" % value, lambda: self.flag_answer() == expected)
        return expected

    # -- parts --

    def start_flag_service(self, value):
        self.write_flag(value)
        process = self.start(
            "flag_service",
            [sys.executable, os.path.join(HERE, "flag_service.py")]
            + ["--file", self.data["flag_file"], "--port", str(self.data["ports"]["flag_service"])]
            + ["--max-life-s", str(self.life_left_s())],
        )
        self.wait_for("flag_service", process, lambda: self.flag_answer() is not None)

    def start_shop(self):
        ports, life = self.data["ports"], str(self.life_left_s())
        limit, handoff = self.data["limit_bytes"], self.data["handoff"]
        shop = [self.data["shop"], "--with-parent", "--port", str(ports["shop"])]
        shop += ["--flagd", "127.0.0.1:%d" % ports["flag_service"]]
        shop += ["--handoff", "ok" if handoff == "none" else handoff] + self.data["shop_options"]
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.data["state_file"])
        process = self.start(
            "supervisor",
            [sys.executable, os.path.join(HERE, "supervisor.py"), "--max-life-s", life]
            + ["--state", self.data["state_file"], "--log", self.data["log"]]
            + ["--limit-bytes", "none" if limit is None else str(limit)]
            + ([] if self.data["want_cgroup"] else ["--no-cgroup"])
            + ["--"]
            + shop,
            {"KAFKA_ADDR": "" if handoff == "none" else "in-process:9092"},
        )
        self.wait_for("supervisor", process, self.shop_is_ready)
        self.data["cgroup"] = self.shop_state()["cgroup"]
        self.save()

    def shop_is_ready(self):
        answer = request(self.data["ports"]["shop"], "GET", "/healthz")
        return answer is not None and answer[0] == 200 and self.shop_state().get("pid")

    def start_locust(self, binary, running):
        data, life = self.data, self.life_left_s()
        command = [binary, "-f", os.path.join(HERE, "locustfile.py"), "--host", data["shop_url"]]
        command += ["--web-host", "127.0.0.1", "--web-port", str(data["ports"]["locust"])]
        command += ["-u", str(data["users"]), "-r", str(data["spawn_rate"])]
        if running:
            command += ["--autostart", "--run-time", "%ds" % data["run_time_s"]]
        # HOME: somebody's ~/.locust.conf is not ours.
        env = {"LAB_LIFE_S": str(life), "HOME": self.folder}
        process = self.start("locust", command, env)
        self.wait_for("locust", process, lambda: self.load_is(running))

    def load_state(self):
        answer = request(self.data["ports"]["locust"], "GET", "/stats/requests")
        return json.loads(answer[1]) if answer and answer[0] == 200 else None

    def load_is(self, running):
        state = self.load_state()
        if state is None:
            return False
        if running:
            return state["state"] in ("spawning", "running") and state["user_count"] > 0
        return state["state"] in ("ready", "stopped") and state["user_count"] == 0

    def need_locust(self):
        if not self.alive("locust"):
            raise Problem("Locust is not running in this lab; run lab.py up with --locust BIN")

    def start_load(self):
        self.need_locust()
        data = self.data
        form = {"user_count": data["users"], "spawn_rate": data["spawn_rate"]}
        form.update({"host": data["shop_url"], "run_time": "%ds" % data["run_time_s"]})
        body, kind = urllib.parse.urlencode(form), "application/x-www-form-urlencoded"
        answer = request(data["ports"]["locust"], "POST", "/swarm", body, kind)
        # Locust also refuses with status 200.
        if not answer or answer[0] != 200 or not json.loads(answer[1]).get("success"):
            raise Problem("Locust did not start the load: %r" % (answer,))
        wait_until("running load", lambda: self.load_is(True))

    def stop_load(self):
        self.need_locust()
        # Up to 2.46 GET stops, from 2.47 on POST does; the other one is refused.
        for method in ("POST", "GET"):
            answer = request(self.data["ports"]["locust"], method, "/stop")
            if answer and answer[0] == 200:
                wait_until("stopped load", lambda: self.load_is(False))
                return
        raise Problem("Locust did not stop the load: %r" % (answer,))

    def replace_shop(self):
        self.end("supervisor")
        self.start_shop()

    def kill_shop(self):
        before = self.shop_state()
        pid = before.get("pid")
        if not pid or not self.alive("supervisor"):
            raise Problem("the shop is not running; look at lab.py status")
        os.kill(pid, signal.SIGKILL)

        def again():
            return self.shop_state().get("restarts", 0) > before["restarts"] and self.shop_is_ready()

        wait_until("restarted shop", again)

    def down(self):
        if self.data is None:
            return []
        ended = [name for name in ("locust", "supervisor", "flag_service") if self.alive(name)]
        cgroup = self.shop_state().get("cgroup") or self.data.get("cgroup")
        for name in ("locust", "supervisor", "flag_service"):
            self.end(name)
        # A supervisor that was killed could not do this; its shop has gone with it.
        if cgroup:
            with contextlib.suppress(Problem):
                wait_until("removed cgroup", lambda: remove_folder(cgroup), STOP_S)
        self.data["cgroup"] = None
        self.save()
        return ended


def remove_folder(path):
    with contextlib.suppress(OSError):
        os.rmdir(path)
    return not os.path.exists(path)


def find_shop(lab, given):
    """The shop's binary: as given, as built by CMake, or compiled here in a second."""
    built = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "shop")
    if given or os.access(built, os.X_OK):
        return os.path.abspath(given or built)
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler:
        raise Problem("no C compiler to build the shop with; install gcc, or give --shop BINARY")
    target = lab.path("shop")
    sources = sorted(glob.glob(os.path.join(HERE, "shop", "*.c")))
    command = [compiler, "-std=c11", "-O2", "-pthread", "-o", target] + sources
    done = subprocess.run(command, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Problem("the shop does not compile:\n" + done.stderr.decode("utf-8", "replace"))
    return target


def find_locust(given):
    locust = shutil.which(given or "locust")
    if not locust:
        raise Problem(
            "no Locust (%s); give --locust VENV/bin/locust, or --load none"
            % (given or "no command locust in PATH")
        )
    return os.path.abspath(locust)


def up(lab, options):
    if lab.data and any(lab.alive(name) for name in lab.data["pids"]):
        raise Problem("a lab is up in %s already; run lab.py down first" % lab.folder)
    locust = None if options.load == "none" else find_locust(options.locust)
    ports = dict(zip(("shop", "flag_service", "locust"), free_ports(3)))
    url = "http://127.0.0.1:%d"
    now_ms = int(time.time() * 1000)
    lab.data = {
        "schema": "leakdiag.lab/1",
        "dir": lab.folder,
        "created_ms": now_ms,
        "ends_ms": now_ms + options.life_s * 1000,
        "pids": {},
        "ports": ports,
        "shop_url": url % ports["shop"],
        "ofrep_url": url % ports["flag_service"],
        "locust_url": url % ports["locust"] if locust else None,
        "log": lab.path("shop.log"),
        "flag_file": lab.path("flags.json"),
        "state_file": lab.path("shop.json"),
        "cgroup": None,
        "want_cgroup": not options.no_cgroup,
        "limit_bytes": options.limit,
        "handoff": options.handoff,
        "shop_options": [],
        "users": options.users,
        "spawn_rate": options.spawn_rate,
        "run_time_s": min(options.run_time_s or options.life_s, options.life_s),
    }
    for name in ("message-bytes", "drain-per-s", "ballast-bytes"):
        value = getattr(options, name.replace("-", "_"))
        if value is not None:
            lab.data["shop_options"] += ["--" + name, str(value)]
    lab.save()
    lab.data["shop"] = find_shop(lab, options.shop)
    try:
        lab.start_flag_service(options.flag)
        lab.start_shop()
        if locust:
            lab.start_locust(locust, options.load == "running")
    except BaseException:
        lab.down()
        raise


def oom_kills(state):
    """Live from the cgroup: the state file is written only at a death."""
    for name in ("memory.oom_control", "memory.events"):
        with contextlib.suppress(OSError, TypeError):
            with open(os.path.join(state["cgroup"], name)) as file:
                found = re.search(r"^oom_kill (\d+)$", file.read(), re.M)
                return int(found.group(1)) if found else None
    return state.get("oom_kills")


def status(lab):
    """What is so now, asked of the parts themselves."""
    state = lab.shop_state()
    if state:
        state["oom_kills"] = oom_kills(state)
    load = lab.load_state() if lab.alive("locust") else None
    rows = [row for row in (load or {}).get("stats", []) if row["name"] == "/api/checkout"]
    return {
        "alive": {name: lab.alive(name) for name in ("flag_service", "supervisor", "locust")},
        "flag": lab.flag_answer() if lab.alive("flag_service") else None,
        "shop": state or None,
        "load": load and {"state": load["state"], "users": load["user_count"]},
        "orders": rows[0]["num_requests"] - rows[0]["num_failures"] if rows else None,
    }


def print_status(now):
    alive = ", ".join("%s %s" % (k, "up" if v else "down") for k, v in now["alive"].items())
    shop = now["shop"] or {}
    print("processes  %s" % alive)
    print("flag       %s" % now["flag"])
    print("load       %s, %s orders" % (now["load"], now["orders"]))
    names = ("pid", "restarts", "oom_kills", "limit_bytes", "cgroup")
    print("shop       %s" % ", ".join("%s %s" % (name, shop.get(name)) for name in names))


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="COMMAND")

    def verb(name, **kwargs):
        added = verbs.add_parser(name, **kwargs)
        added.add_argument("--dir", required=True, help="folder of this lab")
        return added

    handoffs = ("ok", "fail", "block", "reject", "none")
    start = verb("up")
    start.add_argument("--flag", type=parse_flag, default="300")
    start.add_argument("--limit", type=parse_size, default=20 << 20, help="20Mi, bytes, or none")
    start.add_argument("--load", choices=("running", "stopped", "none"), default="running")
    start.add_argument("--no-load", dest="load", action="store_const", const="none")
    start.add_argument("--locust", help="the program (default: locust in PATH)")
    start.add_argument("--users", type=int, default=25)
    start.add_argument("--spawn-rate", type=float, default=3, help="users per second")
    start.add_argument("--run-time-s", type=int, help="the load stops by itself (default: life)")
    start.add_argument("--life-s", type=int, default=600, help="everything ends by itself")
    start.add_argument("--shop", help="the program (default: build/shop, or compiled here)")
    start.add_argument("--handoff", choices=handoffs, default="ok", help="none: no KAFKA_ADDR")
    start.add_argument("--no-cgroup", action="store_true", help="as where cgroups are not allowed")
    start.add_argument("--message-bytes", type=int)
    start.add_argument("--drain-per-s", type=int)
    start.add_argument("--ballast-bytes", type=int)
    verb("flag").add_argument("value", type=parse_flag)
    verb("load").add_argument("action", choices=("start", "stop"))
    verb("limit").add_argument("limit", type=parse_size)
    verb("handoff").add_argument("handoff", choices=handoffs)
    verb("kill-shop")
    verb("status").add_argument("--json", action="store_true")
    verb("down")
    return parser.parse_args()


def run(options):
    lab = Lab(options.dir)
    if options.verb == "up":
        up(lab, options)
        print("lab is up: %s" % lab.path("lab.json"))
        if lab.data["cgroup"] is None and lab.data["want_cgroup"]:
            print(lab.last_words("supervisor").strip())
    elif options.verb == "down":
        print("ended: %s" % (", ".join(lab.down()) or "nothing was running"))
    else:
        lab.need()
        if options.verb == "flag":
            print("flag is %s" % lab.set_flag(options.value))
        elif options.verb == "load":
            lab.start_load() if options.action == "start" else lab.stop_load()
            print("load is %s" % lab.load_state()["state"])
        elif options.verb in ("limit", "handoff"):
            name = "limit_bytes" if options.verb == "limit" else "handoff"
            lab.data[name] = getattr(options, options.verb)
            lab.replace_shop()
            print("new shop: %s %s, pid %d" % (name, lab.data[name], lab.shop_state()["pid"]))
        elif options.verb == "kill-shop":
            lab.kill_shop()
            print("shop was killed and is back, restarts %d" % lab.shop_state()["restarts"])
        elif options.json:
            print(json.dumps(status(lab), indent=1, sort_keys=True))
        else:
            print_status(status(lab))


def main():
    options = parse_arguments()
    try:
        os.makedirs(options.dir, exist_ok=True)
        with open(os.path.join(options.dir, "lab.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            run(options)
    except (Problem, OSError) as problem:
        print("lab: %s" % problem, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Keeps the shop running in a memory cgroup of its own, as a kubelet keeps a container running.

The cgroup (v1 or v2) lives as long as the supervisor, so its oom_kill counter adds up over the
restarts. The shop joins before its exec; its output goes through a pipe into the log file, so
that the log's page cache is not charged to the shop. Where cgroups are not allowed the shop runs
without one, and the state file says `"cgroup": null`.
"""

import argparse
import errno
import json
import os
import select
import signal
import subprocess
import sys
import time

RESTART_S = 0.3
RESTART_MAX_S = 5.0
SHORT_LIFE_S = 2.0
STOP_S = 3.0
LOG_MAX_BYTES = 64 << 20
JOIN = 'echo $$ >"$0" && exec "$@"'


def say(text):
    print("supervisor: " + text, flush=True)


def write_file(path, text):
    with open(path, "w") as file:
        file.write(text)


def read_file(path):
    with open(path) as file:
        return file.read()


class NotAllowed(Exception):
    """There is no memory cgroup to be had here; the message says why."""


class Cgroup:
    """A memory cgroup of our own. limit_bytes None: no limit."""

    def __init__(self, name, limit_bytes, proc="/proc/self"):
        self.limit_bytes = limit_bytes
        self.enabled_in = None
        self.path = None
        v1, v2 = self.find(proc)
        try:
            if v1:
                self.version = 1
                self.make_v1(os.path.join(v1, name))
            elif v2:
                self.version = 2
                self.make_v2(v2, name)
            else:
                raise NotAllowed("no memory cgroup is mounted")
            self.try_to_join()
        except (OSError, NotAllowed) as error:
            self.remove()
            raise NotAllowed(str(error)) from None

    @staticmethod
    def find(proc):
        """(our v1 memory cgroup or None, (v2 mount point, our v2 cgroup) or None)."""
        paths = {}
        for line in read_file(os.path.join(proc, "cgroup")).splitlines():
            _, controllers, path = line.split(":", 2)
            if "memory" in controllers.split(","):
                paths["cgroup"] = path
            elif controllers == "":
                paths["cgroup2"] = path
        v1 = v2 = None
        for line in read_file(os.path.join(proc, "mountinfo")).splitlines():
            before, _, after = line.partition(" - ")
            root, mount = before.split()[3:5]
            kind, _, options = after.split()[:3]
            path = paths.get(kind)
            # In a container the mount may begin below the root that the path is told from.
            if path is None or os.path.relpath(path, root).startswith(".."):
                continue
            ours = os.path.normpath(os.path.join(mount, os.path.relpath(path, root)))
            if kind == "cgroup" and "memory" in options.split(","):
                v1 = v1 or ours
            elif kind == "cgroup2":
                v2 = v2 or (mount, ours)
        return v1, v2

    def make_v1(self, path):
        os.mkdir(path)
        self.path = path
        self.set("memory.swappiness", "0", optional=True)
        if self.limit_bytes is not None:
            self.set("memory.limit_in_bytes", str(self.limit_bytes))
            self.set("memory.memsw.limit_in_bytes", str(self.limit_bytes), optional=True)

    def make_v2(self, found, name):
        """A cgroup with processes in it cannot have controlled children, so the nearest ancestor
        that can is taken; usually that is the parent."""
        mount, ours = found
        while True:
            control = os.path.join(ours, "cgroup.subtree_control")
            if "memory" in read_file(control).split():
                break
            try:
                write_file(control, "+memory")
                self.enabled_in = control
                break
            except OSError as error:
                if ours == mount:
                    raise NotAllowed("memory controller not to be enabled: %s" % error) from None
            ours = os.path.dirname(ours)
        path = os.path.join(ours, name)
        os.mkdir(path)
        self.path = path
        self.set("memory.swap.max", "0", optional=True)
        if self.limit_bytes is not None:
            self.set("memory.max", str(self.limit_bytes))

    def set(self, name, value, optional=False):
        try:
            write_file(os.path.join(self.path, name), value)
        except OSError:
            if not optional:
                raise

    def try_to_join(self):
        """Making a cgroup can be allowed where moving a process into it is not."""
        done = subprocess.run(["/bin/sh", "-c", JOIN, self.procs(), "true"], stderr=subprocess.PIPE)
        if done.returncode != 0:
            raise NotAllowed(done.stderr.decode("utf-8", "replace").strip() or "cannot join")

    def procs(self):
        return os.path.join(self.path, "cgroup.procs")

    def oom_kills(self):
        name = "memory.oom_control" if self.version == 1 else "memory.events"
        for line in read_file(os.path.join(self.path, name)).splitlines():
            key, _, value = line.partition(" ")
            if key == "oom_kill":
                return int(value)
        return None

    def remove(self):
        """A cgroup empties a moment after its last process has gone."""
        deadline = time.monotonic() + STOP_S
        while self.path:
            try:
                os.rmdir(self.path)
                self.path = None
            except FileNotFoundError:
                self.path = None
            except OSError as error:
                if error.errno != errno.EBUSY or time.monotonic() > deadline:
                    say("%s is left behind: %s" % (self.path, error))
                    return
                time.sleep(0.02)
        if self.enabled_in:
            try:
                write_file(self.enabled_in, "-memory")
            except OSError:
                pass  # somebody else uses the controller there by now


class Supervisor:
    def __init__(self, options):
        self.options = options
        self.cgroup = None
        self.shop = None
        self.started = 0.0
        self.restarts = 0
        self.last_exit = None
        self.oom_kills_told = None
        self.log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self.stopping = False
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(self.wake_write, False)
        signal.set_wakeup_fd(self.wake_write)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
            signal.signal(number, self.stop)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.alarm(max(options.max_life_s, 0))

    def stop(self, *_):
        self.stopping = True

    def take_cgroup(self):
        if self.options.no_cgroup:
            say("running without a cgroup, as told")
            return
        try:
            self.cgroup = Cgroup("leakdiag-lab-%d" % os.getpid(), self.options.limit_bytes)
            say("cgroup v%d %s" % (self.cgroup.version, self.cgroup.path))
        except NotAllowed as error:
            say("cgroups are not allowed here (%s): no limit, no OOM kill" % error)

    def start_shop(self):
        command = self.options.command
        if self.cgroup:
            command = ["/bin/sh", "-c", JOIN, self.cgroup.procs()] + command
        self.shop = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.started = time.time()
        self.write_state()

    def write_state(self):
        """Whole or not at all: readers poll this file."""
        cgroup = self.cgroup
        state = {
            "pid": self.shop.pid if self.shop else None,
            "supervisor_pid": os.getpid(),
            "cgroup": cgroup.path if cgroup else None,
            "cgroup_version": cgroup.version if cgroup else None,
            "limit_bytes": cgroup.limit_bytes if cgroup else None,
            "restarts": self.restarts,
            "oom_kills": cgroup.oom_kills() if cgroup and cgroup.path else None,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.started)),
            "started_ms": int(self.started * 1000),
            "last_exit": self.last_exit,
        }
        write_file(self.options.state + ".new", json.dumps(state, indent=1, sort_keys=True) + "\n")
        os.replace(self.options.state + ".new", self.options.state)

    def pump(self, timeout_s):
        """Copies what the shop says into the log, until something happens or the time is over.
        False when the shop has closed its output."""
        sources = [self.wake_read] + ([self.shop.stdout] if self.shop else [])
        ready = select.select(sources, [], [], timeout_s)[0]
        if self.wake_read in ready:
            os.read(self.wake_read, 4096)
        if self.shop and self.shop.stdout in ready:
            data = os.read(self.shop.stdout.fileno(), 1 << 16)
            if os.fstat(self.log).st_size < LOG_MAX_BYTES:
                os.write(self.log, data)
            return bool(data)
        return True

    def bury(self):
        """The shop has gone: say how, remember it."""
        while self.pump(0) and select.select([self.shop.stdout], [], [], 0)[0]:
            pass
        status = self.shop.wait()
        self.shop.stdout.close()
        before = self.oom_kills_told
        now = self.cgroup.oom_kills() if self.cgroup else None
        self.oom_kills_told = now
        self.last_exit = {
            "at_ms": int(time.time() * 1000),
            "exit_code": status if status >= 0 else None,
            "signal": -status if status < 0 else None,
            "oom_killed": None if now is None else now > (before or 0),
        }
        how = "signal %d" % -status if status < 0 else "exit code %d" % status
        say("the shop ended: %s%s" % (how, ", OOM kill" if self.last_exit["oom_killed"] else ""))
        self.shop = None

    def run(self):
        self.take_cgroup()
        self.oom_kills_told = self.cgroup.oom_kills() if self.cgroup else None
        self.start_shop()
        wait_s = RESTART_S
        while not self.stopping:
            if not self.pump(1.0):
                time.sleep(0.01)  # its output is closed, so it has ended or is about to
            if self.shop.poll() is None:
                continue
            lived_s = time.time() - self.started
            self.bury()
            self.write_state()
            if self.last_exit["signal"] is None and lived_s < SHORT_LIFE_S and self.restarts == 0:
                say("the shop does not start; see %s and what it said above" % self.options.log)
                self.finish()
                return 1
            # A shop that dies at once is given longer and longer pauses.
            wait_s = min(wait_s * 2, RESTART_MAX_S) if lived_s < SHORT_LIFE_S else RESTART_S
            deadline = time.monotonic() + wait_s
            while not self.stopping and time.monotonic() < deadline:
                self.pump(deadline - time.monotonic())
            if not self.stopping:
                self.restarts += 1
                self.start_shop()
        self.finish()
        return 0

    def finish(self):
        if self.shop:
            self.shop.terminate()
            deadline = time.monotonic() + STOP_S
            while self.shop.poll() is None and time.monotonic() < deadline:
                self.pump(0.1)
            if self.shop.poll() is None:
                self.shop.kill()
            self.bury()
        if self.cgroup:
            self.cgroup.remove()
        self.write_state()


def main():
    parser = argparse.ArgumentParser(
        description="Run a program in a memory cgroup and restart it when it dies."
    )
    parser.add_argument("--state", required=True, help="JSON file that says how things are")
    parser.add_argument("--log", required=True, help="the program's output is appended here")
    parser.add_argument(
        "--limit-bytes",
        type=lambda text: None if text == "none" else int(text),
        default=20 << 20,
        help="memory limit of the cgroup, or none (default 20971520, 20Mi)",
    )
    parser.add_argument("--no-cgroup", action="store_true", help="do not try")
    parser.add_argument("--max-life-s", type=int, default=0, help="end by itself; 0: never")
    parser.add_argument("command", nargs="+", help="-- PROGRAM ARGUMENT...")
    return Supervisor(parser.parse_args()).run()


if __name__ == "__main__":
    sys.exit(main())

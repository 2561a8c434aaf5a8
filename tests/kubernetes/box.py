#!/usr/bin/env python3
"""A box around processes: namespaces of their own for mounts, network and process ids, and one
cgroup folder. Whatever happens in it ends with it.

The keeper stays outside. It holds the box's first process, takes away what namespaces do not (the
cgroups and the state folder), and ends the box when it is told to, when its owner dies, or when its
life time is over. The first process starts and ends named programs on request, over a socket in the
state folder. When the keeper is killed the kernel ends everything in the box; what then is left on
disk is found by the next run through the recorded process ids and start times.

What the box gives its programs: a loopback device, fresh /proc and /run, /var/log in the state
folder, changes below /var/lib that nobody else sees, and kernel settings that look as a kubelet
wants them, so that it does not change the machine's.
"""

import contextlib
import ctypes
import errno
import fcntl
import glob
import json
import os
import selectors
import shutil
import signal
import socket
import stat
import struct
import subprocess
import sys
import time

PREFIX = "leakdiag-cluster-"
PARENT = "/var/tmp"
CGROUPS = "/sys/fs/cgroup"
GONE_S = 20
MAX_REQUEST_BYTES = 1 << 20

CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x20000000, 0x40000000
MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE, MS_SHARED = 4096, 8192, 16384, 1 << 18, 1 << 20
PR_SET_PDEATHSIG = 1
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1

DEVICES = {
    **{"kmsg": (1, 11), "null": (1, 3), "zero": (1, 5), "full": (1, 7)},
    **{"random": (1, 8), "urandom": (1, 9), "tty": (5, 0)},
}

# What a kubelet sets when it is not so; the files in the box say that it is.
KERNEL_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


class Cannot(Exception):
    """This machine cannot have a box; the message says what is missing and what to do."""


# ---- processes and cgroups, seen from outside ----


def start_time(pid):
    """Ticks after boot at which a process started: with it, a process id is never mistaken."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            fields = file.read().rpartition(")")[2].split()
    except (OSError, TypeError):
        return None
    return None if fields[0] in "ZX" else int(fields[19])


def alive(process):
    """process: what identify() returned, also in another life of this program."""
    return bool(process) and start_time(process["pid"]) == process["start"]


def identify(pid):
    return {"pid": pid, "start": start_time(pid)}


def wait_gone(process, seconds):
    deadline = time.monotonic() + seconds
    while alive(process):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def hierarchies():
    """Folders in which cgroups are made: one for each controller (v1), or the only one (v2)."""
    if os.path.exists(os.path.join(CGROUPS, "cgroup.controllers")):
        return [CGROUPS]
    return sorted(
        folder
        for folder in glob.glob(CGROUPS + "/*")
        if os.path.ismount(folder) and not os.path.islink(folder)
    )


def make_cgroups(name):
    for folder in hierarchies():
        path = os.path.join(folder, name)
        os.makedirs(path, exist_ok=True)
        for setting in ("cpuset.cpus", "cpuset.mems"):  # v1: empty in a new group, and then of no use
            with contextlib.suppress(OSError), open(os.path.join(folder, setting)) as file:
                value = file.read().strip()
                with open(os.path.join(path, setting), "w") as target:
                    target.write(value)
        if folder == CGROUPS:
            with open(os.path.join(folder, "cgroup.controllers")) as file:
                wanted = " ".join("+" + controller for controller in file.read().split())
            for group in (folder, path):
                with open(os.path.join(group, "cgroup.subtree_control"), "w") as file:
                    file.write(wanted)


def remove_cgroups(name):
    """True when nothing of the name is left. Only folders of that name are touched."""
    left = False
    for folder in hierarchies():
        for path, _, _ in os.walk(os.path.join(folder, name), topdown=False):
            try:
                os.rmdir(path)
            except FileNotFoundError:
                pass
            except OSError:
                left = True
    return not left


def patiently(action, seconds=GONE_S):
    """The kernel lets go of cgroups and mounts a moment after the last process is gone."""
    deadline = time.monotonic() + seconds
    while not action():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def remove_folder(path):
    shutil.rmtree(path, ignore_errors=True)
    return not os.path.exists(path)


def read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def write_json(path, value):
    with open(path + ".part", "w") as file:
        json.dump(value, file, indent=1, sort_keys=True)
    os.replace(path + ".part", path)


def name_of(state):
    return os.path.basename(os.path.normpath(state))


def states():
    """State folders of all boxes, of living and of dead ones."""
    return sorted(glob.glob(os.path.join(PARENT, PREFIX + "*")))


def record(state):
    return read_json(os.path.join(state, "box.json"))


def is_stale(state):
    """Nobody keeps it. A folder without a record is being made, unless it is old."""
    known = record(state)
    if not known:
        with contextlib.suppress(OSError):
            return time.time() - os.stat(state).st_mtime > 60
        return False
    return not alive(known["keeper"])


def remove(state):
    """Ends and removes a box, whatever became of its keeper. Returns what could not be removed."""
    known = record(state)
    for role in ("keeper", "first"):
        process = known.get(role)
        if not alive(process):
            continue
        kind = signal.SIGTERM if role == "keeper" else signal.SIGKILL
        with contextlib.suppress(ProcessLookupError):
            os.kill(process["pid"], kind)
        if not wait_gone(process, 3 * GONE_S if role == "keeper" else GONE_S):
            return ["process %d (%s)" % (process["pid"], role)]
    return sweep(state)


def sweep(state):
    """The folder goes last: as long as it is there the next run knows what to remove."""
    if not patiently(lambda: remove_cgroups(name_of(state))):
        return ["cgroup %s" % name_of(state), state]
    return [] if patiently(lambda: remove_folder(state)) else [state]


# ---- the kernel's part ----

_libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        number = ctypes.get_errno()
        raise Cannot("%s: %s" % (what, os.strerror(number)))


def unshare(flags):
    check(_libc.unshare(ctypes.c_int(flags)), "namespaces of its own are refused (unshare)")


def mount(source, target, kind="", flags=0, data=""):
    result = _libc.mount(
        source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    check(result, "mounting %s on %s is refused" % (kind or source, target))


def can_overlay(folder):
    """Whether a folder can hold the upper side of an overlay; containers are made of those."""
    parts = [os.path.join(folder, "try", part) for part in ("lower", "upper", "work", "all")]
    for part in parts:
        os.makedirs(part, exist_ok=True)
    try:
        mount("overlay", parts[3], "overlay", 0, "lowerdir=%s,upperdir=%s,workdir=%s" % tuple(parts[:3]))
        _libc.umount2(parts[3].encode(), 0)
        return True
    except Cannot:
        return False
    finally:
        shutil.rmtree(os.path.join(folder, "try"), ignore_errors=True)


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def own_the_root(state):
    """Nothing that is mounted from here on is seen outside, or the other way round."""
    try:
        mount("none", "/", "", MS_REC | MS_PRIVATE)
    except Cannot:
        # Below a chroot the root is no mount, and no container could be made: make it one.
        target = os.path.join(state, "root")
        os.makedirs(target)
        mount("/", target, "", MS_BIND | MS_REC)
        os.chdir(target)
        mount(target, "/", "", MS_MOVE)
        os.chroot(".")
        mount("none", "/", "", MS_REC | MS_PRIVATE)
    mount("none", "/", "", MS_REC | MS_SHARED)  # among the box's own mounts containers expect it


def own_devices():
    """Devices that a node needs, in a /dev of the box's own."""
    folder = "/run/box/dev"
    for name in ("pts", "shm", "mqueue"):
        os.makedirs(os.path.join(folder, name))
    for name, (major, minor) in DEVICES.items():
        os.mknod(os.path.join(folder, name), stat.S_IFCHR | 0o666, os.makedev(major, minor))
    for name, to in (("fd", "/proc/self/fd"), ("ptmx", "pts/ptmx")):
        os.symlink(to, os.path.join(folder, name))
    mount("devpts", folder + "/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=620")
    mount(folder, "/dev", "", MS_BIND | MS_REC)


def furnish(state):
    """Makes the mounts of the box; runs in its mount namespace."""
    own_the_root(state)
    mount("proc", "/proc", "proc")
    mount("tmpfs", "/run", "tmpfs", 0, "mode=755,size=1g")
    for part in ("upper", "work"):
        os.makedirs("/run/box/" + part)
    if not os.path.exists("/dev/kmsg"):  # often so below a chroot; a kubelet insists on it
        own_devices()
    lib = "lowerdir=/var/lib,upperdir=/run/box/upper,workdir=/run/box/work"
    mount("overlay", "/var/lib", "overlay", 0, lib)
    for name in ("log", "disk"):
        os.makedirs(os.path.join(state, name), exist_ok=True)
    mount(os.path.join(state, "log"), "/var/log", "", MS_BIND)
    disk = os.path.join(state, "disk")
    if not can_overlay(disk):  # the folder is itself on an overlay, as in a container
        mount("tmpfs", disk, "tmpfs", 0, "mode=711,size=3g")
        if not can_overlay(disk):
            raise Cannot("the kernel has no overlayfs; load the module overlay")
    for setting, value in KERNEL_SETTINGS.items():
        path = "/proc/sys/" + setting
        if os.path.exists(path):
            stand_in = "/run/box/" + setting.replace("/", ".")
            with open(stand_in, "w") as file:
                file.write(value + "\n")
            mount(stand_in, path, "", MS_BIND)
    loopback_up()


# ---- the first process of the box ----


class First:
    """Starts, ends and reaps; everything else is decided outside."""

    def __init__(self, state, control, relay, lifeline):
        self.state, self.control, self.relay = state, control, relay
        self.programs = {}  # name -> {"pid", "exit"}
        self.selector = selectors.DefaultSelector()
        self.selector.register(control, selectors.EVENT_READ, self.accept)
        self.selector.register(lifeline, selectors.EVENT_READ, lambda: os._exit(0))
        reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.woken = reader
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        self.selector.register(reader, selectors.EVENT_READ, lambda: os.read(self.woken, 4096))

    def serve(self):
        while True:
            for key, _ in self.selector.select(1):
                key.data()
            self.reap()

    def reap(self):
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for program in self.programs.values():
                if program["pid"] == pid:
                    program["exit"] = status

    def accept(self):
        connection, _ = self.control.accept()
        with connection:
            connection.settimeout(2)
            try:
                with connection.makefile("rb") as lines:
                    request = json.loads(lines.readline(MAX_REQUEST_BYTES))
                answer = getattr(self, "do_" + request.pop("do"))(**request)
                connection.sendall(json.dumps(answer).encode() + b"\n")
            except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
                with contextlib.suppress(OSError):
                    connection.sendall(json.dumps({"error": str(error)}).encode() + b"\n")

    def do_start(self, name, argv, env, relay):
        self.reap()
        if self.programs.get(name, {"exit": 0})["exit"] is None:
            return {"error": "%s is running already" % name}
        with open(os.path.join(self.state, "log", name + ".log"), "ab") as log:
            process = subprocess.Popen(
                argv,
                env=env,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[self.relay.fileno()] if relay else [],
            )
        process.returncode = 0  # reaped here, not by the object
        self.programs[name] = {"pid": process.pid, "exit": None}
        return self.programs[name]

    def do_stop(self, name, number):
        self.reap()
        program = self.programs[name]
        if program["exit"] is None:
            os.kill(program["pid"], number)
        return program

    def do_list(self):
        self.reap()
        return self.programs


# ---- the keeper ----


def listen_inside(path):
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    control.bind(path)
    control.listen(16)
    return control


def keep(state, life_s, owner):
    """owner: whether standard input is held by somebody whose end is also the box's."""
    relay = socket.create_server(("127.0.0.1", 0), backlog=128)
    os.set_inheritable(relay.fileno(), False)
    control = listen_inside(os.path.join(state, "control"))
    lifeline, mine = os.pipe2(os.O_CLOEXEC)
    told, tell = os.pipe2(os.O_CLOEXEC)
    make_cgroups(name_of(state))
    unshare(CLONE_NEWPID)
    first = os.fork()
    if first == 0:
        os.close(mine)
        be_first(state, control, relay, lifeline, tell)
    os.close(tell)
    control.close()
    known = {"keeper": identify(os.getpid()), "first": identify(first)}
    known["relay_port"], known["relay_fd"] = relay.getsockname()[1], relay.fileno()
    relay.close()
    with os.fdopen(told) as answer:
        known["problem"] = answer.read() or None
    write_json(os.path.join(state, "box.json"), known)
    try:
        wait_for_the_end(first, life_s, owner)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(first, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(first, 0)
        sweep(state)


def be_first(state, control, relay, lifeline, tell):
    try:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.setsid()
        unshare(CLONE_NEWNS | CLONE_NEWNET)
        furnish(state)
    except (Cannot, OSError) as problem:
        os.write(tell, str(problem).encode())
        os._exit(1)
    os.close(tell)
    try:
        First(state, control, relay, lifeline).serve()
    finally:
        os._exit(1)


def wait_for_the_end(first, life_s, owner):
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writer)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    deadline = time.monotonic() + life_s
    selector = selectors.DefaultSelector()
    selector.register(reader, selectors.EVENT_READ)
    if owner:
        selector.register(sys.stdin.buffer.raw, selectors.EVENT_READ)
    # A first process that ended before there was a handler would not be heard of.
    while os.waitpid(first, os.WNOHANG) == (0, 0):
        left = deadline - time.monotonic()
        if left <= 0 or ended(selector.select(left), reader):
            return


def ended(events, reader):
    for key, _ in events:
        if key.fd != reader:
            return True  # the owner is gone
        if any(number != signal.SIGCHLD for number in os.read(reader, 4096)):
            return True
    return False


# ---- from outside ----


class Box:
    def __init__(self, state):
        self.state = state

    @classmethod
    def make(cls, life_s, owned):
        """A new box. owned: it ends with this process."""
        state = os.path.join(PARENT, "%s%x-%s" % (PREFIX, os.getpid(), os.urandom(2).hex()))
        os.mkdir(state, 0o700)
        box = cls(state)
        os.makedirs(os.path.join(state, "log"))
        with open(os.path.join(state, "log", "keeper.log"), "wb") as log:
            command = [sys.executable, os.path.abspath(__file__), state, str(life_s)]
            keeper = subprocess.Popen(
                command + (["owned"] if owned else []),
                stdin=subprocess.PIPE if owned else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        box.keeper = keeper
        patiently(lambda: record(state) or keeper.poll() is not None, 30)
        problem = record(state).get("problem")
        if problem or not alive(record(state).get("first")):
            said = problem or box.last_words("keeper")
            box.remove()
            raise Cannot(said)
        return box

    def ask(self, do, **more):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(20)
            control.connect(os.path.join(self.state, "control"))
            control.sendall(json.dumps(dict(more, do=do)).encode() + b"\n")
            with control.makefile("rb") as lines:
                answer = json.loads(lines.readline())
        if "error" in answer:
            raise RuntimeError("%s %s: %s" % (do, more.get("name", ""), answer["error"]))
        return answer

    def start(self, name, argv, env=None, relay=False):
        return self.ask("start", name=name, argv=argv, env=env or {}, relay=relay)

    def stop(self, name, number=signal.SIGTERM, seconds=GONE_S):
        """Ends a program and waits until it is gone."""
        self.ask("stop", name=name, number=int(number))
        if not patiently(lambda: self.programs()[name]["exit"] is not None, seconds):
            raise RuntimeError("%s did not end within %d s" % (name, seconds))

    def programs(self):
        return self.ask("list")

    def run(self, argv, seconds=60, env=None):
        """Runs a program in the box to its end; its standard output."""
        inside = ["nsenter", "--target", str(record(self.state)["first"]["pid"])]
        done = subprocess.run(
            inside + ["--mount", "--net", "--pid", "--root", "--wd=/", "--", *argv],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=seconds,
        )
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise RuntimeError("%s: status %d: %s" % (" ".join(argv), done.returncode, said))
        return done.stdout

    def last_words(self, name, lines=12):
        try:
            with open(os.path.join(self.state, "log", name + ".log"), errors="replace") as file:
                return "\n".join(file.read()[-8192:].splitlines()[-lines:])
        except OSError:
            return ""

    def relay_port(self):
        return record(self.state)["relay_port"]

    def remove(self):
        left = remove(self.state)
        keeper = getattr(self, "keeper", None)
        if keeper:
            if keeper.stdin:
                keeper.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                keeper.wait(GONE_S)
        return left


if __name__ == "__main__":
    try:
        keep(sys.argv[1], float(sys.argv[2]), "owned" in sys.argv[3:])
    except (Cannot, OSError) as problem:
        print(problem, file=sys.stderr)
        sys.exit(errno.EPERM)

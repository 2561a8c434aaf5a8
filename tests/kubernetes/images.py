"""Container images without a registry and without a builder: files, put into tar archives that
containerd imports. Files that many images share (a Python) are a layer of their own.
"""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile

import parts

PASSWD = b"root:x:0:0:root:/:/bin/false\nnonroot:x:65532:65532::/:/bin/false\n"
GROUP = b"root:x:0:\nnonroot:x:65532:\n"
FOLDERS = ("etc", "tmp", "proc", "dev", "sys", "var", "run")
# Parts of Python that no service runs.
SKIPPED = {"test", "idlelib", "ensurepip", "lib2to3", "tkinter", "turtledemo", "pip"}


class Layer:
    """Files for an image; equal files make an equal digest."""

    def __init__(self):
        self.data = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.data, mode="w", format=tarfile.GNU_FORMAT)
        self.known = set()

    def entry(self, path, kind, mode, content=b"", link=""):
        path = path.lstrip("/")
        if path in self.known:
            return
        self.known.add(path)
        if os.path.dirname(path):
            self.entry(os.path.dirname(path), tarfile.DIRTYPE, 0o755)
        info = tarfile.TarInfo(path)
        info.type, info.mode, info.linkname, info.size = kind, mode, link, len(content)
        self.tar.addfile(info, io.BytesIO(content) if kind == tarfile.REGTYPE else None)

    def folder(self, path, mode=0o755):
        self.entry(path, tarfile.DIRTYPE, mode)

    def text(self, path, content, mode=0o644):
        self.entry(path, tarfile.REGTYPE, mode, content)

    def link(self, path, to):
        self.entry(path, tarfile.SYMTYPE, 0o777, link=to)

    def file(self, source, path):
        with open(source, "rb") as file:
            self.text(path, file.read(), os.stat(source).st_mode & 0o755)

    def program(self, source, path):
        """A program and what it is linked with, each where the loader looks for it."""
        self.file(source, path)
        for library in parts.libraries(source):
            self.file(library, library)

    def tree(self, source, path, skipped):
        """A folder as it is, links as links; shared objects bring what they are linked with."""
        for folder, folders, files in os.walk(source):
            folders[:] = sorted(set(folders) - skipped)
            inside = os.path.join(path, os.path.relpath(folder, source))
            for name in sorted(files) + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
                from_, to = os.path.join(folder, name), os.path.normpath(os.path.join(inside, name))
                if os.path.islink(from_):
                    self.link(to, os.readlink(from_))
                elif name.endswith(".so") or ".so." in name:
                    self.program(from_, to)
                elif not name.endswith((".a", ".exe", ".opt-1.pyc", ".opt-2.pyc")):
                    self.file(from_, to)

    def bytes(self):
        self.tar.close()
        return self.data.getvalue()


def base_layer():
    layer = Layer()
    for name in FOLDERS:
        layer.folder(name, 0o1777 if name == "tmp" else 0o755)
    layer.text("etc/passwd", PASSWD)
    layer.text("etc/group", GROUP)
    return layer.bytes()


def program_layer(source, path):
    layer = Layer()
    layer.program(source, path)
    return layer.bytes()


def busybox_layer(packages):
    layer = Layer()
    layer.program(os.path.join(packages, "bin", "busybox"), "/bin/busybox")
    for name in ("sh", "cp", "cat", "ls", "sleep", "echo", "wget", "tail", "ps", "id", "grep"):
        layer.link("/bin/" + name, "busybox")
    return layer.bytes()


def python_layer(locust):
    """The interpreter below the environment: its program, its library, nothing else."""
    asked = (
        "import os, sys, sysconfig, json; print(json.dumps([os.path.realpath(sys.executable),"
        " sysconfig.get_path('stdlib'), sysconfig.get_path('platstdlib'), sys.base_prefix]))"
    )
    python = os.path.join(locust, "bin", "python")
    program, *libraries, prefix = json.loads(subprocess.check_output([python, "-c", asked]))
    layer = Layer()
    while os.path.islink(python):  # the links on the way, which are how the environment finds it
        to = os.readlink(python)
        if not python.startswith(locust):
            layer.link(python, to)
        python = os.path.join(os.path.dirname(python), to)
    layer.program(program, program)
    for library in sorted(set(libraries)):
        # What others installed for this interpreter is not the environment's.
        if library.startswith(prefix):
            layer.tree(library, library, SKIPPED | {"site-packages", "dist-packages"})
    return layer.bytes()


def locust_layer(locust):
    layer = Layer()
    layer.tree(locust, locust, SKIPPED)
    layer.file(os.path.join(parts.LAB, "locustfile.py"), "/srv/locustfile.py")
    layer.link("/usr/bin/locust-python", os.path.join(locust, "bin", "python"))
    return layer.bytes()


def scripts_layer(locust):
    """The flag service and its page: Python programs, with the interpreter at a path that does not
    depend on this machine."""
    layer = Layer()
    python = os.path.realpath(os.path.join(locust, "bin", "python"))
    layer.link("/usr/bin/service-python", python)
    layer.file(os.path.join(parts.LAB, "flag_service.py"), "/srv/flag_service.py")
    for name in ("flagd.py", "flagd_ui.py"):
        layer.file(os.path.join(parts.HERE, "world", name), "/srv/" + name)
    return layer.bytes()


def write_archive(target, images):
    """The format of "docker save": containerd imports it without asking anybody. Layers that images
    share are in it once."""
    manifest, files = [], {}
    for name, (layers, entry, user) in images.items():
        config = {
            "architecture": {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine],
            "os": "linux",
            "config": {"Entrypoint": entry, "User": user, "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]},
        }
        encoded = json.dumps(config, sort_keys=True).encode()
        config_name = hashlib.sha256(encoded).hexdigest() + ".json"
        names = [digest_of(layer)[7:] + "/layer.tar" for layer in layers]
        files[config_name] = encoded
        files.update(zip(names, layers))
        tag = "localhost/%s:1" % name
        manifest.append({"Config": config_name, "RepoTags": [tag], "Layers": names})
    files["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(target, "w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


def digest_of(layer):
    return "sha256:" + hashlib.sha256(layer).hexdigest()


def build():
    """The folder with images.tar; each image is localhost/NAME:1 in the cluster."""
    world, packages, locust = parts.world(), parts.packages(), parts.locust()
    sources = [
        os.path.join(parts.HERE, name) for name in ("images.py", "world/flagd.py", "world/flagd_ui.py")
    ]
    sources += [os.path.join(parts.LAB, name) for name in ("flag_service.py", "locustfile.py")]

    def make(folder):
        base, python = base_layer(), python_layer(locust)
        scripts = scripts_layer(locust)
        nonroot = "65532:65532"
        images = {
            "pause": ([base, program_layer(world + "/pause", "/pause")], ["/pause"], "65535:65535"),
            "checkout": (
                [base, program_layer(world + "/checkout", "/usr/src/app/checkout")],
                ["/usr/src/app/checkout"],
                nonroot,
            ),
            "frontend": (
                [base, program_layer(world + "/world", "/usr/bin/world")],
                ["/usr/bin/world", "frontend"],
                nonroot,
            ),
            "busybox": ([base, busybox_layer(packages)], ["/bin/sh"], ""),
            "prometheus": (
                [base, program_layer(packages + "/usr/bin/prometheus", "/usr/bin/prometheus")],
                ["/usr/bin/prometheus"],
                nonroot,
            ),
            "flagd": ([base, python, scripts], ["/usr/bin/service-python", "/srv/flagd.py"], nonroot),
            "flagd-ui": ([base, python, scripts], ["/usr/bin/service-python", "/srv/flagd_ui.py"], nonroot),
            "load-generator": (
                [base, python, locust_layer(locust)],
                [os.path.join(locust, "bin", "python"), "-m", "locust", "-f", "/srv/locustfile.py"],
                nonroot,
            ),
        }
        parts.output_file(folder, "images.tar", lambda part: write_archive(part, images))

    return parts.made("images", parts.digest(sources, world, packages, locust, sys.version), make)

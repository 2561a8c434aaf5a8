#!/usr/bin/env python3
"""The wheel in an environment that has nothing else, without the source tree: it carries the library, its
types and its pytest plugin."""

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "bindings"))
import support  # noqa: E402

TEST = """
import leakdiag

def test_a_capture(assert_leaking):
    assert leakdiag.__version__ == %r
    assert_leaking(capture=%r)
"""


def clean(**more):
    """No trace of the build: neither its library nor its package."""
    made = {name: value for name, value in os.environ.items()
            if not support.NOT_INHERITED.match(name) and name != "VIRTUAL_ENV"}
    made.update(more)
    return made


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, env=clean(), text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, timeout=600)


def build_wheel(folder):
    return support.run(support.PYTHON, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation",
                       "-C", "build-dir=" + os.path.join(support.BINDINGS, "wheel"),
                       "-w", folder, os.path.join(support.TOP, "bindings", "python"))


def check_contents(count, wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entries = [archive.read(n).decode() for n in names if n.endswith("entry_points.txt")]
    for wanted in ("leakdiag/py.typed", "leakdiag/_capi.pyi", "leakdiag/pytest_plugin.py"):
        count.check("the wheel has %s" % wanted, None if wanted in names else names)
    count.check("the wheel has one extension module",
                None if len([n for n in names if n.endswith(".so")]) == 1 else names)
    count.check("the wheel has nothing of C to build with",
                [n for n in names if n.endswith((".h", ".c", ".a", ".i", ".cmake"))])
    count.check("the plugin is registered",
                None if "leakdiag.pytest_plugin" in "".join(entries) else str(entries))


def main():
    count = support.Count()
    with tempfile.TemporaryDirectory() as folder:
        done = build_wheel(folder)
        count.ran("the wheel is built", done)
        wheels = glob.glob(os.path.join(folder, "leakdiag-*.whl"))
        if not wheels:
            count.end()
        check_contents(count, wheels[0])
        capture = os.path.join(folder, "capture.json")
        shutil.copy(os.path.join(support.TOP, "tests/fixtures/captures/leak-from-csv.json"), capture)
        with open(os.path.join(folder, "test_it.py"), "w", encoding="utf-8") as file:
            file.write(TEST % (wheels[0].split("-")[1], capture))
        venv = os.path.join(folder, "venv")
        base = support.run(support.PYTHON, "-c", "import sys; print(sys._base_executable)")
        count.ran("a clean environment is made", run(base.stdout.strip(), "-m", "venv", venv,
                                                     cwd=folder))
        python = os.path.join(venv, "bin", "python")
        count.ran("the wheel and pytest install there",
                  run(python, "-m", "pip", "install", "-q", wheels[0], "pytest", cwd=folder))
        count.ran("a test that uses the plugin passes",
                  run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py",
                      cwd=folder))
        module = glob.glob(os.path.join(venv, "lib", "*", "site-packages", "leakdiag", "_capi*.so"))
        needed = run("readelf", "-d", module[0], cwd=folder).stdout
        count.check("the extension carries the library",
                    needed if "libleakdiag" in needed else None)
        exported = run("nm", "-D", "--defined-only", module[0], cwd=folder).stdout.split("\n")
        count.check("and shows nothing of it to other modules",
                    [line for line in exported if line and "PyInit" not in line])
    count.end()


if __name__ == "__main__":
    main()

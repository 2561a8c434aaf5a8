#!/usr/bin/env python3
"""The wheel of this machine (pip install ./bindings/python) in an environment that has nothing else, without
the source tree: it carries the library, its types and its pytest plugin."""

import glob
import os
import shutil
import tempfile
import zipfile

from outside import make_environment, only_the_module_is_shown, run, support

TEST = """
import leakdiag

def test_a_capture(assert_leaking):
    assert leakdiag.__version__ == %r
    assert_leaking(capture=%r)
"""


def build_wheel(folder):
    return support.run(support.PYTHON, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation",
                       "--config-settings", "build-dir=" + os.path.join(support.BINDINGS, "wheel"),
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
    count.check("it has its licence", None if [n for n in names if n.endswith("/licenses/LICENSE")]
                else names)
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
        python = make_environment(count, folder)
        count.ran("the wheel and pytest install there",
                  run(python, "-m", "pip", "install", "-q", wheels[0], "pytest", cwd=folder))
        count.ran("a test that uses the plugin passes",
                  run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py",
                      cwd=folder))
        module = glob.glob(os.path.join(folder, "venv", "lib", "*", "site-packages", "leakdiag",
                                        "_capi*.so"))[0]
        needed = run("readelf", "-d", module, cwd=folder).stdout
        count.check("the extension carries the library",
                    needed if "libleakdiag" in needed else None)
        only_the_module_is_shown(count, module)
    count.end()


if __name__ == "__main__":
    main()

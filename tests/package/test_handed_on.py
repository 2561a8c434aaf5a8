#!/usr/bin/env python3
"""What is handed on: the wheel that carries all but libc, where nothing else is (a Debian of Python alone),
and the sdist, built outside of the tree."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import zipfile

from outside import make_environment, only_the_module_is_shown, run, support

HERE = os.path.dirname(os.path.abspath(__file__))
LIBC = re.compile(r"(lib(c|m|pthread|dl|rt)\.so\.\d+|ld-linux[\w-]*\.so\.\d+)$")
LICENCES = ("LICENSE", "LICENSE.openssl", "LICENSE.openssl.Apache-2.0", "LICENSE.curl",
            "LICENSE.nghttp2", "LICENSE.jansson", "LICENSE.libyaml", "LICENSE.pcre2")
# In the root: what is handed in, an environment, the wheel, and its test.
HOOKS = ("copy-in %(given)s /",
         'chroot "$1" python3 -m venv /venv',
         'chroot "$1" /venv/bin/python -m pip install -q --no-index --find-links /given '
         '--disable-pip-version-check leakdiag pytest',
         'chroot "$1" env LEAKDIAG_IS_BARE=yes /venv/bin/python -m pytest -q -rs '
         '-p no:cacheprovider /given/test_alone.py')


def prepare(what):
    """(the finished process, the path it printed)"""
    done = subprocess.run([os.path.join(support.TOP, "examples", "prepare"), what], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=600)
    path = done.stdout.strip()
    done.stdout += done.stderr
    return done, path


def newest_glibc(module):
    """The newest version of glibc of which it uses a symbol, as (2, 34)."""
    versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("readelf", "-V", module, cwd="/").stdout)
    return max((int(major), int(minor)) for major, minor in versions)


def check_module(count, module, wheel):
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", run("readelf", "-d", module, cwd="/").stdout)
    count.check("the extension needs libc and nothing else",
                [name for name in needed or ["nothing?"] if not LIBC.match(name)])
    only_the_module_is_shown(count, module)
    tag = re.search(r"-manylinux_(\d+)_(\d+)_\w+\.whl$", wheel)
    count.check("the name of the wheel says which glibc it needs",
                None if tag and newest_glibc(module) <= tuple(int(n) for n in tag.groups())
                else "%s, but it needs %s" % (os.path.basename(wheel), newest_glibc(module)))


def check_contents(count, wheel, folder):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
        names = archive.namelist()
    modules = [n for n in names if ".so" in n]
    count.check("the wheel has one extension, and no library beside it",
                None if len(modules) == 1 else modules)
    licences = glob.glob(os.path.join(folder, "*.dist-info", "licenses", "*"))
    count.check("the wheel has the licences of all that it carries",
                set(LICENCES) ^ {os.path.basename(path) for path in licences})
    with open(glob.glob(os.path.join(folder, "*.dist-info", "METADATA"))[0],
              encoding="utf-8") as file:
        told = file.read()
    count.check("and names them", [name for name in LICENCES if "\nLicense-File: %s\n" % name not in told]
                + [name for name in ("MIT", "Apache-2.0", "curl", "BSD-3-Clause")
                   if not re.search(r"^License-Expression:.*\b%s\b" % name, told, re.M)])
    check_module(count, os.path.join(folder, modules[0]), wheel)


def make_certificate(path):
    """An authority that is the server's certificate too, for a day."""
    return run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
               "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
               "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", path + ".crt", cwd="/")


def give(count, folder, wheel):
    """Into the folder: all that the test needs, so that it needs no network."""
    certificate = os.path.join(folder, "localhost.pem")
    count.ran("a certificate is made", make_certificate(certificate))
    with open(certificate + ".crt", encoding="ascii") as made, \
            open(certificate, "a", encoding="ascii") as file:
        file.write(made.read())
    for path in (wheel, os.path.join(HERE, "alone", "test_alone.py"),
                 os.path.join(support.TOP, "tests/fixtures/captures/leak-from-csv.json")):
        shutil.copy(path, folder)
    count.ran("pytest is fetched", support.run(support.PYTHON, "-m", "pip", "download", "-q", "-d",
                                               folder, "pytest"))


def why_not_bare(wheel):
    """Why there can be no bare Debian here that takes this wheel, or None."""
    if os.geteuid() != 0 or not shutil.which("mmdebstrap"):
        return "a bare Debian needs root and mmdebstrap"
    if shutil.which("ischroot") and run("ischroot", cwd="/").returncode == 0:
        return "this is inside a root of its own already"
    own = run("/usr/bin/python3", "-c", "import sys; print('-cp%d%d-' % sys.version_info[:2])",
              cwd="/").stdout.strip()
    if own not in wheel:
        return "the wheel is for another Python than the distribution's"
    return None


def run_in_bare_debian(given, folder):
    with open("/etc/os-release", encoding="utf-8") as file:
        codename = re.search(r"^VERSION_CODENAME=(\w+)", file.read(), re.M).group(1)
    hooks = ["--customize-hook=" + hook % {"given": given} for hook in HOOKS]
    return run("mmdebstrap", "--variant=apt", "--skip=cleanup", "--include=python3,python3-venv",
               *hooks, codename, "/dev/null", cwd=folder)


def check_sdist(count, sdist, folder):
    """Built where there is no clone, against the libraries of this machine."""
    count.ran("a wheel is built from the sdist",
              support.run(support.PYTHON, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation",
                          "-w", folder, sdist, cwd=folder, PYTHONPATH=""))
    python = make_environment(count, folder)
    wheels = glob.glob(os.path.join(folder, "*.whl"))
    count.ran("it installs", run(python, "-m", "pip", "install", "-q", *wheels, cwd=folder))
    count.ran("and works", run(python, "-c", "import leakdiag as l, os; assert l.__version__ in %r; "
                               "l.Memory.of_process(os.getpid())" % os.path.basename(sdist),
                               cwd=folder))


def main():
    count = support.Count()
    with tempfile.TemporaryDirectory() as folder:
        given, sdist_folder = os.path.join(folder, "given"), os.path.join(folder, "sdist")
        os.mkdir(given), os.mkdir(sdist_folder)
        done, wheel = prepare("wheel")
        count.ran("the wheel is made", done)
        if done.returncode == 0:
            check_contents(count, wheel, os.path.join(folder, "unpacked"))
            give(count, given, wheel)
            reason = why_not_bare(wheel)
            if reason:
                count.skipped += 1
                print("SKIPPED: %s" % reason)
                python = make_environment(count, folder)
                count.ran("it installs", run(python, "-m", "pip", "install", "-q", "--no-index",
                                             "--find-links", given, "leakdiag", "pytest", cwd=folder))
                count.ran("it works alone", run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                                                os.path.join(given, "test_alone.py"), cwd=given))
            else:
                done = run_in_bare_debian(given, folder)
                count.ran("it installs and works where nothing else is", done)
                count.check("and all of that was tried", None if re.search(
                    r"^\d+ passed in ", done.stdout, re.M) else done.stdout[-3000:])
        done, sdist = prepare("sdist")
        count.ran("the sdist is made", done)
        if done.returncode == 0:
            check_sdist(count, sdist, sdist_folder)
    count.end()


if __name__ == "__main__":
    main()

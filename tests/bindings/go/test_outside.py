#!/usr/bin/env python3
"""The Go package from a module outside of the tree: through a replace line, and as a released version
through a file module proxy, with nothing else to download from."""

import os
import sys
import tempfile
import zipfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import support  # noqa: E402

MODULE = "leakdiag.example/leakdiag"
VERSION = "v0.1.0"
PROGRAM = """package main

import (
	"context"
	"errors"
	"fmt"

	"leakdiag.example/leakdiag"
)

func main() {
	_, err := leakdiag.ParseQuantity("20mi")
	fmt.Println(leakdiag.Version(), errors.Is(err, leakdiag.ErrInvalid))
	flag, err := leakdiag.EvaluateFlag(context.Background(), "http://127.0.0.1:1", "k")
	if err != nil {
		panic(err)
	}
	defer flag.Close()
	fmt.Println(flag.State())
}
"""
TEST = """package main

import (
	"os"
	"testing"

	"leakdiag.example/leakdiag/leakdiagtest"
)

func TestNoLeak(t *testing.T) {
	leakdiagtest.AssertNotLeaking(t, leakdiagtest.Capture(os.Getenv("CAPTURE")))
}
"""
WANTED = "0.1.0 true\nunreachable\n"


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def consumer(folder, name):
    """A module of a stranger; its folder."""
    path = os.path.join(folder, name)
    write(os.path.join(path, "go.mod"), "module stranger.example/%s\n\ngo 1.21\n" % name)
    write(os.path.join(path, "main.go"), PROGRAM)
    write(os.path.join(path, "main_test.go"), TEST)
    return path


def make_proxy(folder):
    """A file proxy that has one version of the module: what a release would publish."""
    versions = os.path.join(folder, "proxy", *MODULE.split("/"), "@v")
    write(os.path.join(versions, "list"), VERSION + "\n")
    write(os.path.join(versions, VERSION + ".info"),
          '{"Version":"%s","Time":"2026-01-01T00:00:00Z"}' % VERSION)
    with open(os.path.join(support.GO_MODULE, "go.mod"), encoding="utf-8") as file:
        write(os.path.join(versions, VERSION + ".mod"), file.read())
    listed = support.run("git", "ls-files", "-co", "--exclude-standard", cwd=support.GO_MODULE)
    with zipfile.ZipFile(os.path.join(versions, VERSION + ".zip"), "w") as archive:
        for name in listed.stdout.split():
            archive.write(os.path.join(support.GO_MODULE, name),
                          "%s@%s/%s" % (MODULE, VERSION, name))
    return "file://" + os.path.join(folder, "proxy")


def works(count, how, path, **settings):
    capture = os.path.join(support.TOP, "tests", "fixtures", "captures", "rest-from-csv.json")
    done = support.run("go", "run", ".", cwd=path, **settings)
    count.check("%s: a program runs" % how, None if done.stdout == WANTED else done.stdout)
    count.ran("%s: a test with leakdiagtest passes" % how,
              support.run("go", "test", "./...", cwd=path, CAPTURE=capture, **settings))


def main():
    support.skip_with_old_go()
    count = support.Count()
    with tempfile.TemporaryDirectory() as folder:
        path = consumer(folder, "replacing")
        count.ran("a replace line is taken", support.run(
            "go", "mod", "edit", "-require", MODULE + "@v0.0.0", "-replace",
            MODULE + "=" + support.GO_MODULE, cwd=path))
        works(count, "through replace", path, GOPROXY="off")

        path = consumer(folder, "downloading")
        settings = {"GOPROXY": make_proxy(folder), "GONOSUMDB": "*", "GONOSUMCHECK": "1",
                    "GOFLAGS": "-buildvcs=false -modcacherw", "GONOPROXY": "none", "GOPRIVATE": "",
                    "GOMODCACHE": os.path.join(folder, "cache"), "GOSUMDB": "off"}
        count.ran("go get finds the version", support.run(
            "go", "get", "%s@%s" % (MODULE, VERSION), cwd=path, **settings))
        works(count, "through a module proxy", path, **settings)
    count.end()


if __name__ == "__main__":
    main()

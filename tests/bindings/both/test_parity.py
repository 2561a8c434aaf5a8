#!/usr/bin/env python3
"""What the public headers declare is there in Python and Go, and was tried there.

A function that a header gains fails here until both bindings have it and a test of each has called it
with success; so do an enum's value, an opaque type, an options struct and each of its fields.
"""

import glob
import json
import os
import re
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import support  # noqa: E402
sys.path.insert(0, os.path.join(support.TOP, "bindings", "swig"))
import headers  # noqa: E402

# Long, or calling everything without success: nothing of these counts as a test of a function.
PYTHON_NOT = ("not million and not test_raw and not process_that and not process_at_rest "
              "and not too_little and not measures")
GO_NOT = "Million|ThisProcessLeaks|Costs"
# Reached in another way than by their own name, and how.
ELSEWHERE = {"leakdiag_set_allocator": "count_memory", "leakdiag_free": "every text that C makes"}
GO_WORDS = {"E_NOMEM": "ERRNOMEMORY"}


def text_of(*parts):
    with open(os.path.join(support.TOP, *parts), encoding="utf-8") as file:
        return file.read()


def short(name):
    return name[len("leakdiag_"):]


def python_called():
    """Raw functions of Python that a test called with success."""
    with tempfile.TemporaryDirectory() as folder:
        called = os.path.join(folder, "called.json")
        done = support.run(support.PYTHON, "-m", "pytest", "-q", "-x", "-k", PYTHON_NOT,
                           cwd=os.path.join(support.TOP, "bindings", "python"),
                           LEAKDIAG_CALLED=called)
        if done.returncode:
            sys.exit("the tests of the Python package fail:\n%s" % done.stdout)
        with open(called, encoding="utf-8") as file:
            return set(json.load(file))


def go_called():
    """Raw functions of Go that a test ran through, by coverage."""
    with tempfile.TemporaryDirectory() as folder:
        profile = os.path.join(folder, "cover")
        done = support.run("go", "test", "-skip", GO_NOT, "-coverpkg=./internal/capi",
                           "-coverprofile", profile, "./...", cwd=support.GO_MODULE)
        if done.returncode:
            sys.exit("the tests of the Go package fail:\n%s" % done.stdout)
        done = support.run("go", "tool", "cover", "-func", profile, cwd=support.GO_MODULE)
    return {name for name, share in re.findall(r"capi\.go:\d+:\s+(\w+)\s+([\d.]+)%", done.stdout)
            if float(share) > 0}


def check_bound(count, language, wrapper):
    interface = text_of("bindings", "swig", "leakdiag.i")
    given_back = set(re.findall(r"HANDLE\(\w+, (\w+)\)", interface))
    missing = [f.name for f in headers.functions()
               if not re.search(r"\b%s\b" % f.name, wrapper)]
    count.check("every public function is bound in %s" % language, missing)
    return given_back


def check_called(count, language, called, spelling, given_back):
    for function in headers.functions():
        if function.name in ELSEWHERE or function.name in given_back:
            continue
        name = spelling(short(function.name))
        count.check("%s (%s) has a test in %s" % (function.name, function.header, language),
                    None if name in called else "no test of the bindings calls it with success")


def check_interface(count):
    """The lists of leakdiag.i are whole."""
    interface = text_of("bindings", "swig", "leakdiag.i")
    listed = {"leakdiag_" + noun for noun in re.findall(r"HANDLE\((\w+),", interface)}
    count.check("every opaque type is a handle", sorted(set(headers.handles()) - listed))
    listed = {"leakdiag_" + noun for noun in re.findall(r"OPTIONS\((\w+),", interface)}
    wanted = {s.name for s in headers.options_structs()}
    count.check("every options struct is listed", sorted(wanted - listed))
    listed = set(re.findall(r"%include <leakdiag/(\w+\.h)>", interface))
    count.check("every header is included", sorted({name for name, _ in headers.texts()} - listed))


def check_options(count):
    """Every field of every options struct can be set from both languages."""
    python = "\n".join(text_of(path) for path in glob.glob(
        os.path.join(support.TOP, "bindings/python/src/leakdiag/*.py")))
    go = "\n".join(text_of(path) for path in glob.glob(os.path.join(support.GO_MODULE, "*.go")))
    for struct in headers.options_structs():
        noun = short(struct.name)
        call = "\n".join(re.findall(r'options\("%s"(.*?)\)\n' % noun, python, re.S))
        made = "\n".join(re.findall(r"NewI?%s\(\)(.*?)\n}" % (noun[0].upper() + noun[1:]), go, re.S))
        made += go  # helpers may set a field of an options struct that is passed to them
        for kind, field in struct.fields:
            if field in ("size", "payload", "reserved"):
                continue
            in_python = "%s=" % field in call or "set_%s(" % field in python
            in_go = re.search(r"\.Set_?%s\(" % (field if "(*" in kind else
                                                field[0].upper() + field[1:]), made)
            count.check("%s.%s can be set" % (struct.name, field),
                        [language for language, there in (("not in Python", in_python),
                                                          ("not in Go", in_go)) if not there])


def python_enums():
    """{class: [[name, value], ...]} of the Python package, and the words of the library."""
    code = """
import enum, json, leakdiag
from leakdiag import _capi
print(json.dumps({name: [[m.name, m.value] for m in kind] for name, kind in vars(leakdiag).items()
                  if isinstance(kind, type) and issubclass(kind, enum.Enum)}))
print(json.dumps({name: [getattr(_capi, name)(i) for i in range(40)] for name in dir(_capi)
                  if name.endswith("_name") and name[:-5] in %r}))
""" % [short(e.name) for e in headers.enums()]
    done = support.run(support.PYTHON, "-c", code)
    lines = done.stdout.splitlines()
    return json.loads(lines[0]), json.loads(lines[1])


def check_enums(count):
    classes, words = python_enums()
    go = dict(re.findall(r"^\t(\w+)\s+\w+ = (-?\d+)", text_of("bindings/go/words.go") +
                         text_of("bindings/go/errors.go"), re.M))
    go = {name.upper(): int(value) for name, value in go.items()}
    for enum in headers.enums():
        noun = short(enum.name)
        kind = "".join(word.capitalize() for word in noun.split("_"))
        members = classes.get(kind)
        if members is None:
            count.check("%s is an enum in Python" % enum.name, "there is no class %s" % kind)
        elif noun == "status":
            count.check("%s is the same in Python" % enum.name, sorted(
                {(n.replace("LEAKDIAG_E_", "").replace("LEAKDIAG_", ""), v) for n, v in enum.values}
                ^ {(n, v) for n, v in members}))
        else:
            wanted = [words[noun + "_name"][v] for _, v in enum.values] if noun + "_name" in words \
                else [n.rsplit("_", 1)[1].lower() for n, _ in enum.values]
            count.check("%s is the same in Python" % enum.name,
                        None if [v for _, v in members] == wanted and
                        [v for _, v in enum.values] == list(range(len(wanted)))
                        else "%s, but C has %s" % (members, wanted))
        for name, value in enum.values:
            plain = name[len("LEAKDIAG_"):]
            spelt = GO_WORDS.get(plain, re.sub("^E_", "ERR_", plain).replace("_", ""))
            if plain != "OK":
                count.check("%s is the same in Go" % name,
                            None if go.get(spelt) == value else "Go has %s" % go.get(spelt))


def main():
    count = support.Count()
    check_interface(count)
    check_options(count)
    check_enums(count)
    wrappers = glob.glob(os.path.join(support.BINDINGS, "wheel", "**", "capi_wrap.c"), recursive=True)
    given_back = check_bound(count, "Python", text_of(max(wrappers, key=os.path.getmtime)))
    check_bound(count, "Go", text_of("bindings/go/internal/capi/capi_wrap.c"))
    check_called(count, "Python", python_called(), lambda name: name, given_back)
    if support.old_go():
        print("SKIPPED: the tests of the Go package: %s" % support.old_go())
        count.skipped += 1
    else:
        check_called(count, "Go", go_called(), lambda name: name[0].upper() + name[1:], set())
    count.end()


if __name__ == "__main__":
    main()

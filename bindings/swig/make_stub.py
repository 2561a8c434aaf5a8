"""Writes the type stub of the Python module leakdiag._capi from the public headers.

SWIG's own annotations are names of C types. What python.i makes of a declaration is simple enough to
be said again here, so that mypy holds the public layer against the headers.
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import headers  # noqa: E402

NUMBERS = {"int": "int", "size_t": "int", "int64_t": "int", "uint64_t": "int", "double": "float"}
NULLABLE = {"root", "origin", "file", "namespace_name", "workload", "parts"}
BYTES = {"leakdiag_flag_body", "leakdiag_observation_scenario", "leakdiag_scenario_builtin_text"}
VIEWS = {"leakdiag_series_values", "leakdiag_series_times_ms"}
NOT_THERE = {"leakdiag_free": "outputs are freed by the wrapper",
             "leakdiag_set_allocator": "count_memory() calls it"}
LINE = "tuple[bytes, int, int | None] | None"


def parameter(kind, name):
    """(type, number of C parameters it stands for), or None when it is no input."""
    if kind == "const char *" and name == "data":
        return "bytes | bytearray | memoryview | str", 2
    if kind == "const char *const *":
        return "Sequence[str]", 2
    if kind == "const leakdiag_pattern *":
        return "Sequence[tuple[str, str, int]]", 2
    if kind == "const leakdiag_timeline_point *":
        return "Sequence[tuple[int, float, str | None]]", 2
    if kind == "const int64_t *" and name == "times_ms":
        return "tuple[Any, Any]", 3
    if kind == "const char *":
        return ("str | None" if name in NULLABLE else "str"), 1
    if name == "err" or name.startswith("ret"):
        return None
    if kind.endswith("*"):
        return "Any", 1
    return NUMBERS.get(kind, "int"), 1


def outputs(function):
    """Types of the outputs, in order."""
    names = [name for _, name in function.parameters]
    found = []
    for kind, name in function.parameters:
        if not name.startswith("ret") or (name == "ret_len" and "ret" not in names):
            continue
        if kind == "char **":
            found.append("bytes" if "ret_len" in names else "str")
        elif name != "ret_len" and kind in ("int64_t *", "size_t *"):
            found.append("int")
        elif kind.endswith("**"):
            found.append("Any")
    return found


def result(function):
    """What the Python function returns."""
    made = outputs(function)
    kind = function.returns
    if any(k == "leakdiag_log_line *" for k, _ in function.parameters):
        return LINE
    if kind == "leakdiag_log_line":
        own = LINE
    elif kind == "leakdiag_timeline_point":
        own = "tuple[int, float, str | None]"
    elif function.name in BYTES:
        own = "bytes | None"
    elif function.name in VIEWS:
        own = "memoryview"
    elif kind == "const char *":
        own = "str | None"
    elif kind.endswith("*"):
        own = "Any"
    elif kind in ("void", "leakdiag_status"):
        own = None
    else:
        own = NUMBERS.get(kind, "int")
    if kind == "leakdiag_log_line":
        return "tuple[Any, int]"
    made = ([own] if own else []) + made
    if not made:
        return "None"
    return made[0] if len(made) == 1 else "tuple[%s]" % ", ".join(made)


def declaration(function):
    """One line of the stub."""
    arguments, skip = [], 0
    for kind, name in function.parameters:
        if skip:
            skip -= 1
            continue
        made = parameter(kind, name)
        if made:
            arguments.append("%s: %s" % (name, made[0]))
            skip = made[1] - 1
    return "def %s(%s) -> %s: ..." % (function.name[len("leakdiag_"):],
                                      ", ".join(a.replace("from:", "from_:") for a in arguments),
                                      result(function))


def main():
    print("# Made by bindings/swig/make_stub.py from the public headers; do not edit.")
    print("from typing import Any, Sequence\n")
    for function in headers.functions():
        if function.name not in NOT_THERE and not re.search(r"_(free|unref)$", function.name):
            print(declaration(function))
    for struct in headers.options_structs():
        noun = struct.name[len("leakdiag_"):]
        print("def new_%s() -> Any: ..." % noun)
        for kind, name in struct.fields:
            if name != "size" and "(*" not in kind and kind != "void *" and name != "reserved":
                print("def %s_%s_set(options: Any, value: Any) -> None: ..." % (noun, name))
    print("def watch_options_set_on_look(options: Any, callable: Any) -> None: ...")
    print("def new_transport() -> Any: ...")
    print("def transport_set_answer(transport: Any, answering: list[Any]) -> None: ...")
    print("def new_log() -> Any: ...")
    print("def log_set_write(log: Any, callable: Any) -> None: ...")
    print("def text_array(texts: Sequence[str]) -> Any: ...")
    for line in ("count_memory() -> int", "live_blocks() -> int", "nothing() -> None"):
        print("def %s: ..." % line)


if __name__ == "__main__":
    main()

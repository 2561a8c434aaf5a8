"""Reads the public headers: what the stub and the parity tests go by."""

import collections
import glob
import os
import re

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
Function = collections.namedtuple("Function", "name returns parameters header")
Struct = collections.namedtuple("Struct", "name fields header")
Enum = collections.namedtuple("Enum", "name values header")


def texts():
    """(name, text without comments) of each public header."""
    for path in sorted(glob.glob(os.path.join(TOP, "include", "leakdiag", "*.h"))):
        with open(path, encoding="utf-8") as file:
            text = re.sub(r"/\*.*?\*/|//[^\n]*", " ", file.read(), flags=re.S)
        yield os.path.basename(path), text


def tidy(text):
    """A C type with its blanks in one way: "const char *const *"."""
    text = re.sub(r"\s+", " ", text.strip())
    return re.sub(r"\s*(\*+)\s*", r" \1", text).replace("*const", "*const ").replace("  ", " ").strip()


def split(declarator):
    """(type, name) of "const char *name"."""
    found = re.match(r"(.*?)(\w+)\s*(\[\w*\])?$", declarator.strip(), re.S)
    return tidy(found.group(1)), found.group(2)


def functions():
    """Each public function, in the order of the headers."""
    found = []
    for header, text in texts():
        for match in re.finditer(r"\bLEAKDIAG_API\b(?!\s*__)([^;{]*?)\b(leakdiag_\w+)\s*\(([^;]*)\)\s*;",
                                 text):
            returns = tidy(match.group(1).replace("LEAKDIAG_CHECK", ""))
            inside = match.group(3).strip()
            parameters = [] if inside == "void" else [split(p) for p in inside.split(",")]
            found.append(Function(match.group(2), returns, parameters, header))
    return found


def structs():
    """Each struct whose fields are public."""
    found = []
    for header, text in texts():
        for match in re.finditer(r"typedef struct (leakdiag_\w+)\s*\{(.*?)\}\s*\1\s*;", text, re.S):
            fields = []
            for field in match.group(2).split(";"):
                pointer = re.match(r"(.*)\(\*(\w+)\)\s*(\(.*\))$", field.strip(), re.S)
                if pointer:
                    fields.append((tidy(pointer.group(1)) + " (*)" + tidy(pointer.group(3)),
                                   pointer.group(2)))
                elif field.strip():
                    fields.append(split(field))
            found.append(Struct(match.group(1), fields, header))
    return found


def options_structs():
    """The structs that say their size, but the allocator."""
    return [s for s in structs() if s.name.endswith("_options")]


def handles():
    """The opaque types."""
    found = []
    for _, text in texts():
        found += re.findall(r"typedef struct (leakdiag_\w+) \1;", text)
    return found


def enums():
    """Each enum with its (name, value) pairs."""
    found = []
    for header, text in texts():
        for match in re.finditer(r"typedef enum (leakdiag_\w+)\s*\{(.*?)\}\s*\1\s*;", text, re.S):
            values = re.findall(r"(LEAKDIAG_\w+)\s*=\s*(-?\d+)", match.group(2))
            found.append(Enum(match.group(1), [(n, int(v)) for n, v in values], header))
    return found

#!/usr/bin/env python3
"""The dependency rule of libleakdiag's rooms, on what is written and on what was compiled.

For each room: it includes only from the rooms it may know, third-party headers stay in the rooms
that own them, its objects call only functions of rooms it may know, and a pure room's objects
reference no curl, socket, clock, environment or file. No object prints or exits. The shared library
exports what the public headers declare, and nothing else. Programs use the public headers only.
"""

import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

# Room -> rooms it may include from; what those may know, it may know too.
ROOMS = {
    "base": [],
    "series": ["base"],
    "logs": ["base"],
    "timeline": ["base", "series"],
    "scenario": ["base", "timeline", "logs"],
    "observation": ["base", "series", "logs"],
    "diagnosis": ["scenario", "observation"],
    "remedy": ["diagnosis"],
    "report": ["diagnosis", "remedy"],
    "wire": ["base"],
    "net": ["base"],
    "sources": ["net", "wire", "logs", "scenario", "observation"],
    "run": ["report", "sources"],
}
IMPURE = {"net", "sources", "run"}
NOT_YET = {"remedy"}  # may be absent

# Third-party header -> the rooms that own it (jansson is a value type that all may handle).
OWNERS = {"yaml.h": {"base"}, "pcre2.h": {"logs"}, "curl/": IMPURE & {"net"}}

# Public headers that declare words as well as functions of an impure room; who may call those
# functions is decided by the symbols, not by the include.
SHARED_WORDS = {"base", "flag", "load", "memory", "pods"}
HEADER_ROOM = {"access": "sources", "cluster": "net", "log": "net", "transport": "net", "file": "sources", "session": "run", "watch": "run"}

FORBIDDEN_WHEN_PURE = {
    "curl": r"curl_\w+",
    "sockets": r"(socket|socketpair|connect|bind|listen|accept4?|send(to|msg)?|recv(from|msg)?|"
               r"shutdown|getaddrinfo|gethostby\w+|poll|ppoll|p?select|epoll_\w+)",
    "clocks": r"(time|clock|clock_\w+|gettimeofday|timespec_get|localtime(_r)?|mktime|timelocal|"
              r"tzset|strftime|nanosleep|usleep|sleep|timer\w*_\w+|alarm)",
    "environment": r"(getenv|secure_getenv|setenv|putenv|environ|__environ|setlocale|getpid|"
                   r"gethostname|uname|sysconf|getrandom|random|rand|srand\w*|arc4random\w*)",
    "files": r"(f?open(64|at|at64)?|fdopen|freopen(64)?|creat(64)?|fread|fgets|getline|getdelim|"
             r"read|pread(64)?|write|pwrite(64)?|writev|mmap(64)?|l?stat(64)?|fstat(at)?(64)?|"
             r"opendir|readdir\w*|scandir\w*|glob|unlink(at)?|rename(at)?|remove|mkdir\w*|mkstemp\w*|"
             r"tmpfile\w*|popen|access|realpath|json_load_file|json_loadf|json_dump_file|json_dumpf|"
             r"json_loadfd|json_dumpfd|yaml_parser_set_input_file)",
    # The macros of <ctype.h> leave __ctype_b_loc and its kin behind.
    "the locale": r"(strn?casecmp|tolower|toupper|is(alpha|digit|space|alnum)|__ctype_\w+_loc|strtod|"
                  r"atof|strcoll|localeconv)",
}
FORBIDDEN_EVERYWHERE = {
    "printing": r"(printf|vprintf|puts|putchar|perror|stdout|stderr|stdin|__printf_chk|psignal)",
    "ending the process": r"(exit|_exit|_Exit|quick_exit|abort|system|signal|sigaction|raise|kill)",
}
# A credential plugin that does not end in time is ended with its process group: a program that this
# very file started, and no other. Nothing else in the library ends a process.
ALLOWED = {("exec_plugin.c.o", "kill")}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)

passed = failed = 0


def check(sentence, problems):
    """One test: passed when the list of problems is empty."""
    global passed, failed
    if problems:
        failed += 1
        print("FAILED: %s" % sentence)
        for problem in problems:
            print("    %s" % problem)
    else:
        passed += 1


def known_rooms(room):
    """The room itself and all rooms it may know."""
    known = {room}
    for other in ROOMS[room]:
        known |= known_rooms(other)
    return known if room != "run" else set(ROOMS)


def files_below(folder, endings):
    found = []
    for path, _, names in os.walk(folder):
        found += [os.path.join(path, name) for name in names if name.endswith(endings)]
    return sorted(found)


def includes_of(path):
    with open(path, encoding="utf-8") as file:
        return INCLUDE.findall(file.read())


def wrong_include(room, kind, target):
    """Why this room may not have this include, or None."""
    known = known_rooms(room)
    if target.startswith("leakdiag/"):
        noun = target[len("leakdiag/"):-len(".h")]
        owner = HEADER_ROOM.get(noun, noun)
        return None if noun in SHARED_WORDS or owner in known else "public header of %s" % owner
    if target == "leakdiag.h":
        return "the umbrella header is for programs"
    for header, owners in OWNERS.items():
        if target.startswith(header) and room not in owners:
            return "belongs to %s" % ", ".join(sorted(owners))
    if kind == '"' and "/" in target and target.split("/")[0] not in known:
        return "%s may not know this room" % room
    return None


def check_includes(room, folder):
    problems = []
    for path in files_below(folder, (".c", ".h")):
        for kind, target in includes_of(path):
            reason = wrong_include(room, kind, target)
            if reason:
                problems.append("%s includes %s: %s" % (os.path.relpath(path, TOP), target, reason))
    check("%s includes only what it may know" % room, problems)


def symbols(objects, *options):
    """(object, kind, name) for each symbol that nm lists."""
    listing = subprocess.run(["nm", "--print-file-name", *options, *objects], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
    found = []
    for line in listing.splitlines():
        path, rest = line.rsplit(":", 1)
        fields = rest.split()
        found.append((os.path.basename(path), fields[-2], fields[-1].split("@")[0]))
    return found


def check_symbols(room, undefined, defined_in):
    foreign = []
    for name, _, symbol in undefined:
        owner = defined_in.get(symbol)
        if owner and owner not in known_rooms(room):
            foreign.append("%s calls %s of %s" % (name, symbol, owner))
    check("%s calls only rooms it may know" % room, foreign)

    rules = dict(FORBIDDEN_EVERYWHERE)
    if room not in IMPURE:
        rules.update(FORBIDDEN_WHEN_PURE)
    for what, pattern in sorted(rules.items()):
        hits = ["%s references %s" % (name, symbol) for name, _, symbol in undefined
                if re.fullmatch(pattern, symbol) and (name, symbol) not in ALLOWED]
        check("%s references nothing for %s" % (room, what), hits)


def declared_functions():
    text = ""
    for path in files_below(os.path.join(TOP, "include"), (".h",)):
        with open(path, encoding="utf-8") as file:
            text += file.read()
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.S)
    return set(re.findall(r"\bLEAKDIAG_API\b[^;]*?\b(leakdiag_\w+)\s*\(", text))


def check_exports(build):
    library = os.path.join(build, "libleakdiag", "libleakdiag.so")
    if not os.path.exists(library):
        check("the shared library is there", ["%s is missing" % library])
        return
    exported = {name for _, kind, name in symbols([library], "-D", "--defined-only")
                if kind != "A"}
    declared = declared_functions()
    check("every declared function is exported", sorted(declared - exported))
    check("nothing else is exported", sorted(exported - declared))


def check_programs():
    problems = []
    for path in files_below(os.path.join(TOP, "examples"), (".c", ".h")):
        folder = os.path.dirname(path)
        for kind, target in includes_of(path):
            public = target == "leakdiag.h" or target.startswith("leakdiag/")
            own = kind == '"' and os.path.exists(os.path.join(folder, target))
            if (kind == '"' and not own) or (public and kind == '"'):
                problems.append("%s includes %s" % (os.path.relpath(path, TOP), target))
    check("programs include public headers and their own only", problems)


def objects_of(build, room):
    """What was compiled of a room; objects of sources that have moved or gone since do not count."""
    compiled = os.path.join(build, "libleakdiag", "CMakeFiles", "ld_%s.dir" % room)
    places = (os.path.join(TOP, "libleakdiag"), os.path.join(build, "libleakdiag"))
    return [path for path in files_below(compiled, (".o",))
            if any(os.path.exists(os.path.join(place, os.path.relpath(path, compiled)[:-len(".o")]))
                   for place in places)]


def main():
    build = os.path.join(TOP, sys.argv[1])
    objects = {}
    for room in ROOMS:
        folder = os.path.join(TOP, "libleakdiag", room)
        if not files_below(folder, (".c",)) and room in NOT_YET:
            continue
        check_includes(room, folder)
        objects[room] = objects_of(build, room)
        sources = len(files_below(folder, (".c",)))
        check("%s was compiled" % room, [] if sources and len(objects[room]) >= sources else
              ["%d sources, %d objects" % (sources, len(objects[room]))])

    defined_in = {name: room for room, files in objects.items() if files
                  for _, _, name in symbols(files, "--defined-only", "--extern-only")}
    for room, files in objects.items():
        if files:
            check_symbols(room, symbols(files, "--undefined-only"), defined_in)
    unknown = set(os.listdir(os.path.join(TOP, "libleakdiag"))) - set(ROOMS)
    check("every folder is a room of the table",
          sorted(n for n in unknown if os.path.isdir(os.path.join(TOP, "libleakdiag", n))))
    check_exports(build)
    check_programs()

    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

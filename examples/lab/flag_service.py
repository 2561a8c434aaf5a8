#!/usr/bin/env python3
"""A stand-in for flagd: answers OFREP with the bytes that flagd 0.16.1 was recorded to send.

It is not flagd. What it does like flagd, and what tests/lab/test_flag_service.py checks against
the recorded exchanges: single and bulk evaluation by POST, 405 without a body for other methods,
the JSON 404 of a missing flag and the text 404 of a missing path, DISABLED and "no default"
answered 200 without a value, 400 for a context that does not decode, 413 above the body limit,
the Flagd-Selector header (flagSetId), a rejected file at start (no flag at all, still up) and a
rejected edit later (old values stay), reload on change, and the watch that is lost for good when
the file is away for longer than 1.2 s.

Targeting knows `if`, `==`, `var` and `fractional`; a file with anything else is refused with a
message, because answering it wrongly would be worse.
"""

import argparse
import decimal
import email.utils
import json
import os
import re
import signal
import socketserver
import sys
import threading
import time
import urllib.parse

MAX_BODY_BYTES = 1_000_000
MAX_HEAD_BYTES = 16 * 1024
MAX_THREADS = 64
MAX_FILE_BYTES = 1 << 20
IDLE_S = 60
WATCH_LOST_AFTER_S = 1.2
SINGLE = re.compile(r"^/ofrep/v1/evaluate/flags/([^/]+)$")
BULK = ("/ofrep/v1/evaluate/flags", "/ofrep/v1/evaluate/flags/")
OPERATORS = {"if": None, "==": 2, "var": None, "fractional": None}


class Rejected(Exception):
    """The flag file cannot be used; the message says where and why."""


class BadRequest(Exception):
    """The body of a request is not an evaluation context."""


# ---- JSON as Go's encoding/json writes it ----


def go_number(value):
    """Every JSON number is a float64 in flagd; Go prints it fixed from 1e-6 up to 1e21."""
    number = float(value)
    if number == 0 or 1e-6 <= abs(number) < 1e21:
        return re.sub(r"\.0$", "", format(decimal.Decimal(repr(number)), "f"))
    mantissa, exponent = ("%r" % number if "e" in repr(number) else "%.16e" % number).split("e")
    return "%se%s%d" % (mantissa, "-" if exponent[0] == "-" else "+", abs(int(exponent)))


def go_string(value):
    text = json.dumps(value, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, "\\u%04x" % ord(char))
    return text


def go_json(value):
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, (int, float)):
        return go_number(value)
    if isinstance(value, str):
        return go_string(value)
    if isinstance(value, list):
        return "[" + ",".join(go_json(item) for item in value) + "]"
    return "{" + ",".join(go_string(key) + ":" + go_json(value[key]) for key in sorted(value)) + "}"


def go_object(*members):
    """An object whose members keep their order: the fields of a Go struct."""
    return "{" + ",".join(go_string(key) + ":" + go_json(value) for key, value in members) + "}"


# ---- flags ----


def refuse_unknown_targeting(key, rule, depth=0):
    if depth > 32:
        raise Rejected("targeting of flag '%s' is nested too deep" % key)
    if isinstance(rule, list):
        for item in rule:
            refuse_unknown_targeting(key, item, depth + 1)
    if not isinstance(rule, dict):
        return
    for operator, operands in rule.items():
        if operator not in OPERATORS:
            raise Rejected(
                "flag '%s' uses the targeting operator '%s', which this stand-in does not know "
                "(it knows %s)" % (key, operator, ", ".join(sorted(OPERATORS)))
            )
        refuse_unknown_targeting(key, operands, depth + 1)


def no_such_number(text):
    raise ValueError("%s is not a number in JSON" % text)


def finite(text):
    number = float(text)
    return number if abs(number) != float("inf") else no_such_number(text)


def load_flags(data):
    """Returns (flags, metadata) or raises Rejected: one bad flag rejects the whole file."""
    try:
        document = json.loads(
            data, parse_constant=no_such_number, parse_float=finite, parse_int=finite
        )
    except (ValueError, RecursionError) as error:
        raise Rejected("not JSON: %s" % error) from None
    if not isinstance(document, dict) or not isinstance(document.get("flags"), dict):
        raise Rejected("no object 'flags'")
    for key, flag in document["flags"].items():
        if not isinstance(flag, dict) or not isinstance(flag.get("variants"), dict):
            raise Rejected("flag '%s' has no object 'variants'" % key)
        default = flag.get("defaultVariant")
        if default is not None and default not in flag["variants"]:
            raise Rejected(
                "error setting state: default variant: '%s' isn't a valid variant of flag: '%s'"
                % (default, key)
            )
        refuse_unknown_targeting(key, flag.get("targeting"))
    metadata = document.get("metadata", {})
    return document["flags"], metadata if isinstance(metadata, dict) else {}


def murmur3(data):
    """MurmurHash3, 32 bit, seed 0."""
    mask = 0xFFFFFFFF

    def mix(block):
        block = block * 0xCC9E2D51 & mask
        block = (block << 15 | block >> 17) & mask
        return block * 0x1B873593 & mask

    whole = len(data) - len(data) % 4
    state = 0
    for at in range(0, whole, 4):
        state ^= mix(int.from_bytes(data[at : at + 4], "little"))
        state = (state << 13 | state >> 19) & mask
        state = (state * 5 + 0xE6546B64) & mask
    if whole < len(data):
        state ^= mix(int.from_bytes(data[whole:], "little"))
    state ^= len(data)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 1)):
        state = (state ^ state >> shift) * factor & mask
    return state


def fractional(key, pairs, context):
    """Share of a flag by the hash of its key and the targetingKey; nothing without one.

    Only the outcome of one 50/50 split is recorded, so the exact bucket edges are not checked.
    """
    target = context.get("targetingKey")
    if not isinstance(target, str) or not target:
        return None
    weights = [(pair[0], int(pair[1]) if len(pair) > 1 else 1) for pair in pairs]
    total = sum(weight for _, weight in weights)
    point = murmur3((key + target).encode()) * total >> 32
    for variant, weight in weights:
        if point < weight:
            return variant
        point -= weight
    return None


def targeting(key, rule, context):
    if isinstance(rule, list):
        return [targeting(key, item, context) for item in rule]
    if not isinstance(rule, dict) or not rule:
        return rule
    operator, operands = next(iter(rule.items()))
    if not isinstance(operands, list):
        operands = [operands]
    if operator == "fractional":
        return fractional(key, operands, context)
    if operator == "if":
        for at in range(0, len(operands) - 1, 2):
            if targeting(key, operands[at], context):
                return targeting(key, operands[at + 1], context)
        return targeting(key, operands[-1], context) if len(operands) % 2 else None
    values = [targeting(key, item, context) for item in operands]
    if operator == "var":
        found = context
        for step in str(values[0]).split("."):
            found = found.get(step) if isinstance(found, dict) else None
        return found if found is not None or len(values) < 2 else values[1]
    return len(values) == 2 and values[0] == values[1]


class FlagStore:
    """The flags in force, and the file they come from."""

    def __init__(self, path, poll_s):
        self.path = path
        self.poll_s = poll_s
        self.flags = {}
        self.metadata = {}
        self.lock = threading.Lock()
        self.seen = None
        self.missing_since = None

    def stamp(self):
        try:
            at = os.stat(self.path)
        except OSError:
            return None
        return (at.st_mtime_ns, at.st_ino, at.st_size)

    def reload(self):
        """True when the file was taken; otherwise what was there stays."""
        self.seen = self.stamp()
        try:
            with open(self.path, "rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)
            if len(data) > MAX_FILE_BYTES:
                raise Rejected("larger than %d bytes" % MAX_FILE_BYTES)
            flags, metadata = load_flags(data)
        except (OSError, Rejected) as error:
            say("%s rejected: %s" % (os.path.basename(self.path), error))
            return False
        with self.lock:
            self.flags, self.metadata = flags, metadata
        say("%s loaded, %d flags" % (os.path.basename(self.path), len(flags)))
        return True

    def watch(self, stop):
        while not stop.wait(self.poll_s):
            stamp = self.stamp()
            if stamp is None:
                self.missing_since = self.missing_since or time.monotonic()
                if time.monotonic() - self.missing_since > WATCH_LOST_AFTER_S:
                    say("file is away, watch lost until a restart (as in flagd)")
                    return
                continue
            self.missing_since = None
            if stamp != self.seen:
                self.reload()

    def evaluate(self, key, context, selector):
        """(status, body) of one flag."""
        with self.lock:
            flag, metadata = self.flags.get(key), self.metadata
        if selector and selector[1] != metadata.get(selector[0]):
            flag = None
        if flag is None:
            return 404, go_object(
                ("key", key),
                ("errorCode", "FLAG_NOT_FOUND"),
                ("errorDetails", "flag `%s` does not exist" % key),
                ("metadata", dict([selector]) if selector else {}),
            )
        metadata = {**metadata, **flag.get("metadata", {})}
        if flag.get("state") == "DISABLED":
            return 200, go_object(("key", key), ("reason", "DISABLED"), ("metadata", metadata))
        variant, reason = flag.get("defaultVariant"), "STATIC"
        if flag.get("targeting"):
            chosen = targeting(key, flag["targeting"], context)
            variant, reason = (variant, "DEFAULT") if chosen is None else (chosen, "TARGETING_MATCH")
        if variant is None:
            return 200, go_object(("key", key), ("reason", "DEFAULT"), ("metadata", metadata))
        if not isinstance(variant, str) or variant not in flag["variants"]:
            return 400, go_object(
                ("key", key),
                ("errorCode", "GENERAL"),
                ("errorDetails", "error processing the flag for evaluation"),
                ("metadata", metadata),
            )
        return 200, go_object(
            ("value", flag["variants"][variant]),
            ("key", key),
            ("reason", reason),
            ("variant", variant),
            ("metadata", metadata),
        )

    def evaluate_all(self, context, selector):
        with self.lock:
            keys = sorted(self.flags)
            if selector and selector[1] != self.metadata.get(selector[0]):
                keys = []
        bodies = (self.evaluate(key, context, selector)[1] for key in keys)
        return '{"flags":[%s],"metadata":%s}' % (
            ",".join(bodies),
            go_json(dict([selector]) if selector else {}),
        )


def read_context(body):
    """Go's decoder: nothing at all is fine, and so is whatever follows the first value."""
    try:
        text = body.decode().lstrip(" \t\r\n")
        document = json.JSONDecoder().raw_decode(text)[0] if text else {}
    except (ValueError, RecursionError):
        raise BadRequest from None
    if document is not None and not isinstance(document, dict):
        raise BadRequest
    context = (document or {}).get("context")
    return context if isinstance(context, dict) else {}


def read_selector(text):
    """(key, value), None without a header, or an error message as a string."""
    if not text:
        return None
    key, _, value = text.split(",")[0].partition("=")
    if key not in ("flagSetId", "source"):
        return 'invalid selector: invalid selector key "%s", valid keys: "flagSetId", "source"' % key
    return key, value


# ---- HTTP: header names, their order and their absence are flagd's ----

REASONS = {
    200: "OK",
    204: "No Content",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    431: "Request Header Fields Too Large",
}
JSON = [("Content-Type", "application/json"), ("Vary", "Origin")]
TEXT = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Vary", "Origin"),
    ("X-Content-Type-Options", "nosniff"),
]
PREFLIGHT = [
    ("Access-Control-Allow-Methods", "POST"),
    ("Access-Control-Allow-Origin", "*"),
    ("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
]


class Handler(socketserver.StreamRequestHandler):
    timeout = IDLE_S
    disable_nagle_algorithm = True

    def handle(self):
        if not self.server.places.acquire(blocking=False):
            return
        try:
            while self.one_request():
                pass
        except (OSError, ValueError):
            pass  # the other side went away, or did not speak HTTP
        finally:
            self.server.places.release()

    def one_request(self):
        """Reads and answers one request; True when the connection is kept."""
        first = self.rfile.readline(MAX_HEAD_BYTES).decode("latin-1").split()
        if len(first) != 3:
            return False
        method, target, version = first
        headers, used = {}, 0
        while True:
            line = self.rfile.readline(MAX_HEAD_BYTES)
            used += len(line)
            if used > MAX_HEAD_BYTES:
                self.respond(431, TEXT, b"", close="last")
                return False
            if line in (b"\r\n", b"\n"):
                break
            if not line:
                return False
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        close = version == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
        length = int(headers.get("content-length", "0"))
        if "transfer-encoding" in headers:  # as an API server's proxy sends what kubectl pipes into it
            body = self.read_chunks() if headers["transfer-encoding"].lower() == "chunked" else None
            if body is None:
                return False
            self.answer(method, target, headers, body, "last" if close else None)
            return not close
        if length < 0:
            return False
        if length > MAX_BODY_BYTES:
            # Part of what is on its way is taken, so that the answer is read before a reset.
            self.rfile.read(min(length, 2 * MAX_BODY_BYTES))
            body = b'{"errorDetails":"request body too large"}'
            self.respond(413, JSON, body, close="first")
            return False
        self.answer(method, target, headers, self.rfile.read(length), "last" if close else None)
        return not close

    def read_chunks(self):
        """A chunked body; None when it is none, or too large."""
        body = b""
        while len(body) <= MAX_BODY_BYTES:
            size = int(self.rfile.readline(MAX_HEAD_BYTES).partition(b";")[0], 16)
            if not 0 <= size <= MAX_BODY_BYTES:
                return None
            if size == 0:
                while self.rfile.readline(MAX_HEAD_BYTES) not in (b"\r\n", b"\n", b""):
                    pass  # trailers
                return body
            body += self.rfile.read(size)
            self.rfile.readline(MAX_HEAD_BYTES)
        return None

    def answer(self, method, target, headers, body, close):
        path = urllib.parse.unquote(target.partition("?")[0])
        single = SINGLE.match(path)
        if not single and path not in BULK:
            self.respond(404, TEXT, b"404 page not found\n", close, method)
        elif method == "OPTIONS" and "access-control-request-method" in headers:
            self.respond(204, PREFLIGHT, b"", close, method)
        elif method != "POST":
            self.respond(405, [("Vary", "Origin")], b"", close, method)
        else:
            status, text = self.evaluate(single, headers, body)
            self.respond(status, JSON, text.encode(), close, method)

    def evaluate(self, single, headers, body):
        key = [("key", single.group(1))] if single else []

        def error(code, details):
            members = [("errorCode", code), ("errorDetails", details), ("metadata", None)]
            return 400, go_object(*key, *members)

        try:
            context = read_context(body)
        except BadRequest:
            return error("INVALID_CONTEXT", "Provider context is not valid")
        selector = read_selector(headers.get("flagd-selector"))
        if isinstance(selector, str):
            return error("GENERAL", selector)
        if single:
            return self.server.store.evaluate(single.group(1), context, selector)
        return 200, self.server.store.evaluate_all(context, selector)

    def respond(self, status, headers, body, close=None, method="POST"):
        lines = ["HTTP/1.1 %d %s" % (status, REASONS[status])]
        if close == "first":
            lines.append("Connection: close")
        lines += ["%s: %s" % header for header in headers]
        lines.append("Date: " + email.utils.formatdate(usegmt=True))
        if method != "HEAD" and status != 204:
            lines.append("Content-Length: %d" % len(body))
        if close == "last":
            lines.append("Connection: close")
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        self.wfile.write(head if method == "HEAD" else head + body)


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address, store):
        super().__init__(address, Handler)
        self.store = store
        self.places = threading.BoundedSemaphore(MAX_THREADS)

    def handle_error(self, request, client_address):
        say("request failed: %s" % sys.exc_info()[1])


def say(text):
    print("flag service (stand-in for flagd): " + text, flush=True)


def main():
    parser = argparse.ArgumentParser(description="A stand-in for flagd's OFREP endpoint.")
    parser.add_argument("--file", required=True, help="flags in flagd's JSON format")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8016, help="0: a free one")
    parser.add_argument(
        "--poll-ms",
        type=int,
        default=20,
        help="how often the file is looked at: 20 is near flagd in a cluster (4-37 ms), "
        "1000 is flagd elsewhere",
    )
    parser.add_argument("--max-life-s", type=int, default=0, help="end by itself; 0: never")
    options = parser.parse_args()

    store = FlagStore(options.file, options.poll_ms / 1000)
    if not os.path.exists(options.file):
        say("%s: no such file; give --file a flag file (flagd ends here too)" % options.file)
        return 1
    store.reload()
    try:
        server = Server((options.host, options.port), store)
    except OSError as error:
        say("cannot listen on %s:%d: %s; give --port a free one" % (options.host, options.port, error))
        return 1

    stop = threading.Event()

    def end(*_):
        stop.set()
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGALRM, end)
    signal.alarm(max(options.max_life_s, 0))
    threading.Thread(target=store.watch, args=(stop,), daemon=True).start()
    say("listening on http://%s:%d" % server.server_address[:2])
    server.serve_forever(poll_interval=0.05)
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

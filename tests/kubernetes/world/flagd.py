#!/usr/bin/env python3
"""The flag service of the tests' cluster, in flagd's place: OFREP (8016) is the lab's stand-in as it
is; this adds flagd's RPC over Connect-JSON (8013) and its management port (8014), with the bytes that
flagd 0.16.1 was recorded to send. gRPC, which the demo's checkout speaks on 8013, is not here.

Not recorded and so not claimed: the order of flags that fail in ResolveAll beyond the recorded ones.
"""

import argparse
import json
import os
import re
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import flag_service as ofrep  # noqa: E402

METHOD = re.compile(r"^/(flagd\.evaluation\.v1|schema\.v1|flagd\.evaluation\.v2)\.Service/(\w+)$")
KINDS = {"Boolean": bool, "String": str, "Float": float, "Int": float, "Object": dict}
ZERO = {"Boolean": False, "String": "", "Float": 0, "Int": "0", "Object": {}}
ACCEPTED = (
    "application/grpc, application/grpc+json, application/grpc+json; charset=utf-8, "
    "application/grpc+proto, application/grpc-web, application/grpc-web+json, "
    "application/grpc-web+json; charset=utf-8, application/grpc-web+proto, application/json, "
    "application/json; charset=utf-8, application/proto"
)
JSON = [("Accept-Encoding", "gzip"), ("Content-Type", "application/json"), ("Vary", "Origin")]
ofrep.REASONS[415] = "Unsupported Media Type"


def failure(status, code, message):
    return status, ofrep.go_object(("code", code), ("message", message))


NOT_FOUND = failure(404, "not_found", "Flag not found")
MISMATCH = failure(400, "invalid_argument", "Type mismatch error")


def kind_of(value):
    """Which of flagd's kinds a variant's value is; every number is a float there."""
    if isinstance(value, bool):
        return bool
    return float if isinstance(value, (int, float)) else type(value)


class Impressions:
    """How often each flag gave which answer: what the management port counts."""

    def __init__(self):
        self.lock = threading.Lock()
        self.counts = {}

    def add(self, key, reason, variant):
        with self.lock:
            label = (key, reason, variant)
            self.counts[label] = self.counts.get(label, 0) + 1

    def text(self):
        name = "feature_flag_flagd_impression_total"
        lines = ["# HELP %s Measures the number of evaluations for a given flag." % name]
        lines.append("# TYPE %s counter" % name)
        line = (
            '%s{feature_flag_key="%s",feature_flag_provider_name="flagd",feature_flag_reason="%s",'
            'feature_flag_result_variant="%s",otel_scope_name="flagd",otel_scope_schema_url="",'
            'otel_scope_version=""} %d'
        )
        with self.lock:
            for (key, reason, variant), count in sorted(self.counts.items()):
                lines.append(line % (name, key, reason, variant, count))
        return "\n".join(lines) + "\n"


class CountingStore(ofrep.FlagStore):
    def __init__(self, path, poll_s, impressions):
        super().__init__(path, poll_s)
        self.impressions = impressions

    def evaluate(self, key, context, selector):
        status, body = super().evaluate(key, context, selector)
        said = json.loads(body)
        if "reason" in said:
            self.impressions.add(key, said["reason"], said.get("variant", ""))
        return status, body


class Connect(ofrep.Handler):
    def answer(self, method, target, headers, body, close):
        path = target.partition("?")[0]
        known = METHOD.match(path)
        resolve = known and self.method_of(known)
        if not resolve:
            self.respond(404, ofrep.TEXT, b"404 page not found\n", close, method)
        elif method != "POST":
            self.respond(405, [("Allow", "POST"), ("Vary", "Origin")], b"", close, method)
        elif headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            self.respond(415, [("Accept-Post", ACCEPTED), ("Vary", "Origin")], b"", close, method)
        else:
            status, text = resolve(body)
            self.respond(status, JSON, text.encode(), close, method)

    def method_of(self, known):
        version = 2 if known.group(1).endswith("v2") else 1
        if known.group(2) == "ResolveAll":
            return self.resolve_all if version == 1 else None
        kind = known.group(2)[len("Resolve") :] if known.group(2).startswith("Resolve") else ""
        return (lambda body: self.resolve(version, kind, body)) if kind in KINDS else None

    def resolve(self, version, kind, body):
        try:
            request = json.loads(body)
            key, context = str(request.get("flagKey", "")), request.get("context") or {}
        except (ValueError, AttributeError):
            return failure(400, "invalid_argument", "unmarshal message: proto: unexpected EOF")
        status, text = self.server.store.evaluate(key, context, None)
        said = json.loads(text)
        if status == 404:
            return NOT_FOUND
        if status != 200:
            return failure(500, "internal", said.get("errorDetails", ""))
        if "value" not in said:
            return self.resolve_nothing(version, kind, said)
        value = said["value"]
        if kind_of(value) is not KINDS[kind]:
            return MISMATCH
        # protobuf's JSON has a 64 bit integer as a string, and flagd cuts a fraction off.
        shown = str(int(value)) if kind == "Int" else value
        members = [("reason", said["reason"]), ("variant", said["variant"])]
        return 200, ofrep.go_object(("value", shown), *members, ("metadata", said["metadata"]))

    def resolve_nothing(self, version, kind, said):
        if version == 2:
            return 200, ofrep.go_object(("reason", said["reason"]), ("metadata", said["metadata"]))
        if said["reason"] != "DISABLED":
            return NOT_FOUND
        members = [("value", ZERO[kind]), ("reason", "DISABLED"), ("variant", "")]
        return 200, ofrep.go_object(*members, ("metadata", said["metadata"]))

    def resolve_all(self, body):
        try:
            context = json.loads(body or b"{}").get("context") or {}
        except (ValueError, AttributeError):
            return failure(400, "invalid_argument", "unmarshal message: proto: unexpected EOF")
        store = self.server.store
        with store.lock:
            flags = dict(store.flags)
        shown = []
        for key in sorted(flags):
            member = self.one_of_all(key, flags[key], store.evaluate(key, context, None)[1])
            if member:
                shown.append(ofrep.go_string(key) + ":" + member)
        return 200, '{"flags":{%s},"metadata":{}}' % ",".join(shown)

    def one_of_all(self, key, flag, text):
        said = json.loads(text)
        if said.get("reason") == "DEFAULT" and "value" not in said:
            return None  # a flag without a default is left out
        some = next(iter(flag["variants"].values()), 0)
        kind = kind_of(said.get("value", some))
        name = {bool: "boolValue", str: "stringValue", float: "doubleValue"}.get(kind, "objectValue")
        zero = {bool: False, str: "", float: 0}.get(kind, {})
        members = [("reason", said.get("reason", "ERROR")), ("variant", said.get("variant", ""))]
        members.append((name, said.get("value", zero)))
        return ofrep.go_object(*members, ("metadata", said["metadata"]))


class Management(ofrep.Handler):
    def answer(self, method, target, headers, body, close):
        path = target.partition("?")[0]
        if path in ("/healthz", "/readyz"):
            self.respond(200, [], b"", close, method)
        elif path == "/metrics":
            kind = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
            text = self.server.store.impressions.text().encode()
            self.respond(200, [("Content-Type", kind)], text, close, method)
        else:
            self.respond(404, ofrep.TEXT, b"404 page not found\n", close, method)


def serve(handler, host, port, store):
    server = ofrep.Server((host, port), store)
    server.RequestHandlerClass = handler
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--uri", required=True, help="file:PATH, as flagd has it")
    parser.add_argument("--host", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=8013)
    parser.add_argument("--management-port", type=int, default=8014)
    parser.add_argument("--ofrep-port", type=int, default=8016)
    options = parser.parse_args()
    path = options.uri[len("file:") :] if options.uri.startswith("file:") else options.uri
    store = CountingStore(path, 0.02, Impressions())
    if not os.path.exists(path):
        ofrep.say("%s: no such file; mount one there (flagd ends here too)" % path)
        return 1
    store.reload()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=store.watch, args=(stop,), daemon=True).start()
    ports = ((Connect, options.port), (Management, options.management_port))
    servers = [serve(handler, options.host, port, store) for handler, port in ports]
    servers.append(serve(ofrep.Handler, options.host, options.ofrep_port, store))
    # Port 0 in a test: what was taken is told.
    ofrep.say("listening on %s" % " ".join(str(server.server_address[1]) for server in servers))
    stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""The page that edits flags, in flagd-ui's place: its two HTTP interfaces, written from the demo's
sources because no recording of them exists. There is no page to look at.

--api 2.2    GET /api/read, /api/read-file; POST /api/write, /api/write-to-file (demo 2.2.0 and newer).
             Reads what it holds in memory since its start or its last write, never the file; a write
             replaces the whole file in place and is answered before it is done.
--api next   GET /feature/api/read-file?file_name=NAME; POST /feature/api/write-to-file (demo 1.12 to
             2.0). Reads the file each time. / is not found.
"""

import argparse
import http.server
import json
import os
import signal
import sys
import threading
import urllib.parse

MAX_BODY_BYTES = 1 << 20


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30

    def reply(self, status, value):
        body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def request_data(self):
        """The document to write, or None: the body is not what a write sends."""
        length = int(self.headers.get("Content-Length") or 0)
        if not 0 < length <= MAX_BODY_BYTES:
            self.close_connection = True
            return None
        try:
            data = json.loads(self.rfile.read(length))["data"]
        except (ValueError, KeyError, TypeError):
            return None
        return data if isinstance(data, dict) else None

    def log_message(self, form, *arguments):
        print("flagd-ui (stand-in): " + form % arguments, flush=True)


class Phoenix(Page):
    def do_GET(self):
        if self.path.partition("?")[0] in ("/api/read", "/api/read-file"):
            self.reply(200, {"flags": self.server.held().get("flags", {})})
        elif self.path == "/":
            self.reply(200, {})
        else:
            self.reply(404, {"errors": {"detail": "Not Found"}})

    def do_POST(self):
        data = self.request_data()
        if self.path not in ("/api/write", "/api/write-to-file"):
            self.reply(404, {"errors": {"detail": "Not Found"}})
        elif data is None:
            self.reply(400, {"errors": {"detail": "Bad Request"}})
        else:
            self.server.hold(data)
            self.reply(200, {})


class Next(Page):
    def do_GET(self):
        path, _, query = self.path.partition("?")
        names = urllib.parse.parse_qs(query).get("file_name", [])
        if path != "/feature/api/read-file":
            self.reply(200 if path == "/feature" else 404, {})
            return
        name = os.path.join(os.path.dirname(self.server.file), os.path.basename(names[0] if names else "."))
        try:
            with open(name) as file:
                self.reply(200, json.load(file))
        except (OSError, ValueError):
            self.reply(500, {"error": "Failed to read file"})

    def do_POST(self):
        data = self.request_data()
        if self.path != "/feature/api/write-to-file":
            self.reply(404, {})
            return
        try:
            if data is None:
                raise ValueError
            self.server.write(data)
            self.reply(200, {"message": "File written successfully"})
        except (OSError, ValueError):
            self.reply(500, {"message": "Error writing to file"})


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address, page, file):
        super().__init__(address, page)
        self.file = file
        self.lock = threading.Lock()
        with open(file) as opened:
            self.document = json.load(opened)

    def held(self):
        with self.lock:
            return self.document

    def hold(self, document):
        with self.lock:
            self.document = document
        threading.Thread(target=self.write, args=(document,), daemon=True).start()

    def write(self, document):
        with self.lock, open(self.file, "w") as file:  # in place, as both versions do
            json.dump(document, file, indent=2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--file", required=True)
    parser.add_argument("--host", default="0.0.0.0")
    parser.add_argument("--port", type=int, default=4000, help="0: a free one")
    parser.add_argument("--api", choices=("2.2", "next"), default="2.2")
    options = parser.parse_args()
    page = Phoenix if options.api == "2.2" else Next
    try:
        server = Server((options.host, options.port), page, options.file)
    except (OSError, ValueError) as problem:
        print("flagd-ui (stand-in): %s: %s" % (options.file, problem), flush=True)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("flagd-ui (stand-in): listening on %s:%d" % server.server_address[:2], flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""The wheel where nothing else is: run by pytest in that place, beside the files that GIVEN names."""

import glob
import http.server
import importlib.metadata
import json
import os
import subprocess
import sys
import threading

import pytest

import leakdiag

GIVEN = os.path.dirname(os.path.abspath(__file__))
CERTIFICATE = os.path.join(GIVEN, "localhost.pem")  # its own authority, with its key
CAPTURE = os.path.join(GIVEN, "leak-from-csv.json")
IS_BARE = os.environ.get("LEAKDIAG_IS_BARE") == "yes"  # a root of our own: /etc may be written
NEEDS = ("libcurl", "libjansson", "libyaml", "libpcre2", "libssl", "libcrypto", "libnghttp2")
BUILT_IN = "/etc/ssl/certs/ca-certificates.crt"  # where the wheel was built
OTHER_DISTRIBUTION = "/etc/pki/tls/certs/ca-bundle.crt"

# One process of its own, because what is loaded first, and what is loaded at all, is the question.
ASK = """
import sys
import leakdiag
flag = leakdiag.Flag.evaluate(sys.argv[1], "k", deadline_s=10)
print(flag.state, flag.value, flag.detail)
print(*{line.split()[-1] for line in open("/proc/self/maps") if ".so" in line})
"""
ASK_BESIDE_SSL = """
import sys
%s
import hashlib, ssl, urllib.request
context = ssl.create_default_context(cafile=sys.argv[2])
for i in range(3):
    for ask in range(2):
        if (ask == 0) == (sys.argv[3] == "ssl"):
            answer = urllib.request.urlopen(sys.argv[1] + "/", timeout=10, context=context).read()
            assert b"300" in answer, answer
            assert hashlib.sha256(b"abc").hexdigest().startswith("ba7816bf")
        else:
            flag = leakdiag.Flag.evaluate(sys.argv[1], "k", deadline_s=10)
            assert flag.value == 300, (flag.state, flag.detail)
print("both")
"""


class Answering(http.server.BaseHTTPRequestHandler):
    """Says that every flag is 300."""

    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.dumps({"key": "k", "value": 300, "variant": "on", "reason": "STATIC"}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *said):
        pass


def serve(is_tls):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    if is_tls:
        import ssl
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(params=["http", "https"])
def url(request):
    server = serve(request.param == "https")
    yield "%s://127.0.0.1:%d" % (request.param, server.server_address[1])
    server.shutdown()
    server.server_close()


@pytest.fixture
def tls_url():
    server = serve(True)
    yield "https://127.0.0.1:%d" % server.server_address[1]
    server.shutdown()
    server.server_close()


def python(text, *arguments, **environment):
    made = {name: value for name, value in os.environ.items() if not name.startswith("SSL_CERT_")}
    made.update(environment)
    done = subprocess.run([sys.executable, "-c", text, *arguments], env=made, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_it_knows_its_version():
    assert leakdiag.__version__ == importlib.metadata.version("leakdiag")


@pytest.mark.skipif(not IS_BARE, reason="this machine may have them")
def test_what_it_needs_is_not_here():
    folders = ["/usr/lib", "/usr/lib/*", "/lib", "/usr/local/lib", "/usr/include"]
    assert not [path for folder in folders for name in ("*curl*", "*jansson*", "libyaml*", "*leakdiag*")
                for path in glob.glob(os.path.join(folder, name))]


def test_it_asks_for_a_flag_with_nothing_but_libc(url):
    said = python(ASK, url, SSL_CERT_FILE=CERTIFICATE)
    assert said.startswith("value 300"), said
    loaded = said.split("\n")[1]
    assert "_capi" in loaded
    assert not [name for name in NEEDS if name in loaded], loaded


def test_it_trusts_nobody_whom_nobody_named(tls_url):
    said = python(ASK, tls_url)
    assert said.startswith("unreachable"), said
    assert "certificate" in said, said


@pytest.mark.skipif(not IS_BARE, reason="the file belongs to this machine")
def test_it_finds_the_authorities_of_another_distribution(tls_url):
    if os.path.exists(BUILT_IN):
        os.remove(BUILT_IN)
    os.makedirs(os.path.dirname(OTHER_DISTRIBUTION), exist_ok=True)
    with open(CERTIFICATE, "rb") as ours, open(OTHER_DISTRIBUTION, "wb") as file:
        file.write(ours.read())
    try:
        assert python(ASK, tls_url).startswith("value 300")
    finally:
        os.remove(OTHER_DISTRIBUTION)


@pytest.mark.parametrize("first", ["ssl", "leakdiag"])
def test_it_does_not_meet_the_openssl_of_python(tls_url, first):
    imports = ["import hashlib, ssl", "import leakdiag"]
    text = ASK_BESIDE_SSL % "\n".join(imports if first == "ssl" else reversed(imports))
    assert python(text, tls_url, CERTIFICATE, first, SSL_CERT_FILE=CERTIFICATE) == "both\n"


def test_it_reads_the_memory_of_a_process():
    assert leakdiag.Memory.of_process(os.getpid()).working_set_bytes > 1 << 20


def test_it_judges_a_capture():
    assert leakdiag.replay(CAPTURE).causes


def test_its_plugin_is_there(assert_leaking):
    assert_leaking(capture=CAPTURE)

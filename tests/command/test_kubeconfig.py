#!/usr/bin/env python3
"""What is wrong with a kubeconfig or its credentials, as the command says it, and that no secret is in
it: the rows of bad input that concern a cluster."""

import base64
import json
import os
import time

from api import TOKEN, Api, openssl
from fake import Fake, answer
from harness import Folder, is_error, main, run, test

KEY_TEXT = "PRIVATE KEY"
PLUGIN = ("exec: {apiVersion: client.authentication.k8s.io/%s, command: \"%s\", "
          "interactiveMode: Never%s}")


class Lab:
    """A folder, a server, and kubeconfigs that are almost right."""

    def __enter__(self):
        self.folder = Folder().__enter__()
        self.api = Api(self.folder).__enter__()
        return self

    def __exit__(self, *_):
        self.api.__exit__()
        self.folder.__exit__()

    def write(self, text):
        path = self.folder.write("broken", text)
        os.chmod(path, 0o600)
        return path

    def top(self, text, *args, env=None):
        """top under a kubeconfig of this text; the canary is in no answer."""
        result = run("top", "--kubeconfig", self.write(text), *args, env=env)
        assert TOKEN not in result.out + result.err and KEY_TEXT not in result.err, result
        return result

    def plugin(self, body, more="", version="v1", *args):
        path = self.folder.write("plugin", "#!/bin/sh\n" + body)
        os.chmod(path, 0o700)
        return self.top(self.api.config(user=PLUGIN % (version, path, more)), *args)


def credential(version="v1", status=None):
    status = {"token": TOKEN} if status is None else status
    return "cat <<'END'\n%s\nEND\n" % json.dumps(
        {"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/" + version,
         "status": status})


@test
def files_that_are_missing_are_all_named_and_localhost_is_not_guessed():
    gone = run("top", env={"KUBECONFIG": "/no/a:/no/b"})
    is_error(gone, 2, "/no/a: not found", "/no/b: not found", "not in a cluster either")
    is_error(run("top", "--kubeconfig", "/no/a:/no/b"), 2, "one file expected",
             "KUBECONFIG for a list")
    for verb in (("quick",), ("diagnose", "deploy/x"), ("doctor",)):
        result = run(*verb, env={"KUBECONFIG": "/no/a"})
        assert result.status == 2 and "/no/a: not found" in result.err, result


@test
def a_context_that_is_missing_is_told_with_those_there_are():
    with Lab() as lab:
        none = lab.top(lab.api.config().replace("current-context: lab", ""))
        is_error(none, 2, "no current-context", "lab")
        is_error(lab.top(lab.api.config(current="prod")), 2, "context prod", "defined: lab")
        is_error(lab.top(lab.api.config(), "--context", "prod"), 2, "prod", "lab")


@test
def yaml_that_is_none_is_told_with_its_place_and_quickly():
    with Lab() as lab:
        is_error(lab.top("apiVersion: v1\n\tclusters: []\n"), 2, "broken:2:1", "tab")
        is_error(lab.top("token: %s\na: [1, 2\nb: 3\n" % TOKEN), 2, "broken:3", "not valid YAML")
        for text, words in (("[" * 20000, "nested deeper"), ("a: &a [*a]\n", "anchors"),
                            ("x" * (2 << 20), "larger than")):
            result = lab.top(text)
            is_error(result, 2, words)
            assert result.cpu_s < 0.5, result


@test
def what_contradicts_itself_is_refused():
    with Lab() as lab:
        config = lab.api.config()
        doubled = config.replace("clusters: [", 'clusters: [{name: c, cluster: {server: "https://x"}},\n ')
        is_error(lab.top(doubled), 2, "cluster c is defined twice", "line 4", "line 5")
        both = config.replace("cert.pem}", "cert.pem, insecure-skip-tls-verify: true}")
        is_error(lab.top(both), 2, "insecure flag is not allowed")


@test
def an_authority_that_cannot_be_used_is_told_with_its_path():
    with Lab() as lab:
        lab.folder.write("bad.pem", "hello")
        for name, words in (("nix.pem", "No such file"), ("bad.pem", "is not PEM")):
            is_error(lab.top(lab.api.config().replace("cert.pem", name)), 2,
                     lab.folder.name(name), words)


@test
def credentials_do_not_go_over_plain_http():
    with Lab() as lab, Fake({}, default=answer(401, "")) as plain:
        config = lab.api.config(server=plain.url).replace(", certificate-authority: cert.pem", "")
        result = lab.top(config)
        assert result.status == 1, result
        assert "note: credentials are not sent over plain http" in result.err, result
        assert plain.seen and all("authorization" not in head for _, _, head, _ in plain.seen)


@test
def a_client_certificate_and_a_key_that_do_not_belong_together_are_told():
    with Lab() as lab:
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "3", "-keyout", lab.folder.name("other.pem"), "-out",
                lab.folder.name("unused.pem"), "-subj", "/CN=other")
        pair = "client-certificate: cert.pem, client-key: other.pem"
        result = lab.top(lab.api.config(user=pair))
        assert result.status in (1, 2), result
        is_error(result, result.status, "do they belong together")


@test
def a_plugin_that_is_missing_or_fails_says_what_it_said():
    with Lab() as lab:
        hint = ", installHint: \"get it\\nfrom us\""
        missing = lab.top(lab.api.config(user=PLUGIN % ("v1", "no-such-plugin", hint)))
        is_error(missing, 1, "no-such-plugin is not in PATH", "get it")
        is_error(lab.plugin("echo sorry >&2\necho token=%s >&2\nexit 3\n" % TOKEN), 1,
                 "exited with 3", "sorry")
        is_error(lab.plugin("head -c 2000000 /dev/zero\n"), 1, "more than 1 MiB")
        is_error(lab.plugin("echo '{'\n"), 1, "not one JSON object")
        is_error(lab.plugin(credential("v1beta1")), 1, "apiVersion", "the plugin another")
        is_error(lab.plugin(credential(status={})), 1, "no token and no client certificate")


@test
def a_plugin_that_hangs_is_ended_in_time():
    with Lab() as lab:
        started = time.monotonic()
        result = lab.plugin("sleep 25\n", "", "v1", "--request-timeout", "300ms")
        is_error(result, 1, "did not end in time")
        assert time.monotonic() - started < 10, result


@test
def a_plugins_token_is_used_and_not_shown():
    with Lab() as lab:
        result = lab.plugin(credential())
        assert result.status == 0 and "checkout" in result.out, result


@test
def credentials_of_the_past_name_what_took_their_place():
    with Lab() as lab:
        old = PLUGIN % ("v1alpha1", "aws", "")
        is_error(lab.top(lab.api.config(user=old)), 2, "v1alpha1 was removed",
                 "aws eks update-kubeconfig")
        for name in ("gcp", "azure"):
            is_error(lab.top(lab.api.config(user="auth-provider: {name: %s}" % name)), 2,
                     "auth-provider %s was removed" % name, "kubelogin")


@test
def a_token_file_that_cannot_be_a_token_is_told_by_offset():
    with Lab() as lab:
        lab.folder.write("token", "")
        is_error(lab.top(lab.api.config(user="tokenFile: token")), 2, "token file is empty")
        lab.folder.write("token", TOKEN + "\r\nX-Injected: 1")
        is_error(lab.top(lab.api.config(user="tokenFile: token")), 2,
                 "control byte at offset %d" % len(TOKEN))
        lab.folder.write("token", TOKEN + "\n")
        assert lab.top(lab.api.config(user="tokenFile: token")).status == 0


@test
def a_token_that_is_not_taken_is_renewed_once_and_then_told():
    with Lab() as lab:
        count = lab.folder.name("count")
        result = lab.plugin("echo x >>%s\n%s" % (count, credential(status={"token": "old"})))
        is_error(result, 1, "HTTP 401", "expired")
        with open(count) as file:
            assert len(file.readlines()) == 2
        turns = "echo x >>%s\nif [ $(wc -l <%s) -gt 1 ]; then\n%sfi\n%s" % (
            count, count, credential(), credential(status={"token": "old"}))
        os.remove(count)
        fresh = lab.plugin(turns.replace("fi\n", "exit\nfi\n", 1))
        assert fresh.status == 0, fresh


@test
def a_right_that_is_missing_is_told_with_the_rule_that_grants_it():
    with Lab() as lab:
        lab.api.rules = []
        is_error(lab.top(lab.api.config()), 1, "list pods in namespace otel-demo", "user dev",
                 '{apiGroups: [""], resources: [pods], verbs: [list]}')


@test
def a_certificate_of_another_host_or_authority_is_told_apart():
    with Lab() as lab:
        key, cert = lab.folder.name("k3.pem"), lab.folder.name("c3.pem")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "3", "-keyout", key, "-out", cert, "-subj", "/CN=elsewhere.example",
                "-addext", "subjectAltName=DNS:elsewhere.example")
        lab.api.tls.load_cert_chain(cert, key)
        config = lab.api.config()
        is_error(lab.top(config), 1, "an authority that is not trusted")
        is_error(lab.top(config.replace("cert.pem", "c3.pem")), 1, "for another host")
        named = config.replace("cert.pem", "c3.pem, tls-server-name: elsewhere.example")
        assert lab.top(named).status == 0


@test
def a_server_that_is_not_there_is_told_and_is_no_verdict():
    with Lab() as lab:
        config = lab.api.config(server="https://127.0.0.1:1")
        is_error(lab.top(config), 1, "127.0.0.1:1", "refused")
        path = lab.write(config)
        for verb in ("quick", "diagnose", "doctor"):
            result = run(verb, "--kubeconfig", path)
            assert result.status == 1 and "nothing answered" in result.err, result


@test
def a_broken_kubeconfig_breaks_nothing_that_needs_none():
    with Lab() as lab:
        env = {"KUBECONFIG": lab.write("{")}
        csv = lab.folder.write("m.csv", "t,ws\n" + "".join("%d,1000\n" % (15 * i)
                                                           for i in range(80)))
        log = lab.folder.write("app.log", "order placed\n")
        capture = lab.folder.name("capture.json")
        for args in (("diagnose", "--csv", csv), ("capture", "--csv", csv, capture),
                     ("top", "--pid", str(os.getpid())), ("replay", capture),
                     ("timeline", "analyze", csv), ("logs", "count", "-e", "a=order", log),
                     ("scenario", "show", "otel-demo/checkout"), ("rbac",), ("explain", "limit"),
                     ("check", "memory", "--csv", csv), ("help",)):
            result = run(*args, env=env)
            assert result.status in (0, 5) and result.err == "", (args, result)
        with Fake({}) as plain:
            for args in (("load", "status", "-u", plain.url), ("flag", "get", "-u", plain.url, "k")):
                assert "kubeconfig" not in run(*args, env=env).err, args
        process = run("diagnose", "--pid", str(os.getpid()), env=env)
        assert process.status in (0, 5) and process.err == "", process
        is_error(run("top", env=env), 2, "broken")


# --- secrets --------------------------------------------------------------------------------------

def verbs(kubeconfig, folder):
    to = ("--kubeconfig", kubeconfig)
    for form in ("text", "json"):
        yield ("top", *to, "-o", form)
        yield ("flag", "get", "kafkaQueueProblems", *to, "-o", form)
        yield ("load", "status", *to, "-o", form)
        yield ("check", "flag.value", *to, "-o", form)
    for form in ("text", "json", "junit"):
        yield ("quick", *to, "-o", form)
        yield ("diagnose", "-v", *to, "-o", form)
    yield ("doctor", *to)
    yield ("capture", "--force", folder.name("capture.json"), *to)


@test
def no_secret_of_a_kubeconfig_reaches_any_output_or_capture():
    secret = "hunter22-canary"
    b64 = base64.b64encode(secret.encode()).decode()
    with Lab() as lab:
        with open(lab.folder.name("key.pem")) as file:
            key = file.read()
        lines = [line for line in key.split("\n") if line and "-----" not in line]
        plugin = lab.folder.write("plugin", "#!/bin/sh\necho $SECRET >&2\n" + credential())
        os.chmod(plugin, 0o700)
        more = ", args: [\"--password=%s\"], env: [{name: SECRET, value: %s}]" % (secret, secret)
        lab.folder.write("token", TOKEN + "\n")
        users = ("token: " + TOKEN, "tokenFile: token", PLUGIN % ("v1", plugin, more),
                 "token: %s-old" % secret, "username: bob, password: " + secret,
                 "client-certificate: cert.pem, client-key: key.pem")
        for user in users:
            path = lab.write(lab.api.config(user=user))
            for args in verbs(path, lab.folder):
                result = run(*args)
                written = result.out + result.err
                if os.path.exists(lab.folder.name("capture.json")):
                    with open(lab.folder.name("capture.json")) as file:
                        written += file.read()
                for word in (TOKEN, secret, b64, *lines):
                    assert word not in written, (args, user, word)


main()

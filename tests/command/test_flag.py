#!/usr/bin/env python3
"""leakdiag flag get and load status: what services say, and what files hold."""

import json
import socket

from fake import Fake, answer, closed_port, locust, ofrep_value, recorded
from harness import GUARD_S, Folder, interrupt, main, refused, run, start, test

KEY = "kafkaQueueProblems"
PATH = "/ofrep/v1/evaluate/flags/" + KEY
POST = ("POST", PATH)
GOOD = {"flags": {KEY: {"state": "ENABLED", "variants": {"on": 300, "off": 0},
                        "defaultVariant": "on"}}}


def get(url, *args, key=KEY, status=0):
    result = run("flag", "get", "--url", url, key, "-o", "json", *args)
    assert result.status == status, result
    assert result.out.count("\n") == 1, result
    return json.loads(result.out)


# --- over the network -----------------------------------------------------------------------------

@test
def flagd_is_asked_with_post_and_its_value_is_typed():
    with Fake({POST: recorded("ofrep", "01_post_off.resp.http")}) as fake:
        got = get(fake.url)
        assert got["state"] == "value" and got["value"] == 0 and got["variant"] == "off", got
        assert got["schema"] == "leakdiag.flag/1" and got["method"] == "POST", got
        assert [seen[0] for seen in fake.seen] == ["POST"], fake.seen


@test
def a_fake_that_answers_only_get_is_asked_again_and_it_is_said():
    with Fake({POST: recorded("ofrep", "02_get.resp.http"),
               ("GET", PATH): answer(200, '{"value": 300}')}) as fake:
        got = get(fake.url)
        assert got["state"] == "value" and got["value"] == 300 and got["method"] == "GET", got
        text = run("flag", "get", "--url", fake.url, KEY).out
        assert text.startswith(KEY + ": 300") and "GET " + fake.url in text, text


@test
def http_200_alone_is_never_trusted():
    for body, state in (("", None), ("<html>sign in</html>", "not-ofrep"), ("{}", None),
                        ('{"key": "other", "value": 300}', "malformed"),
                        ('{"key": "%s", "reason": "DISABLED"}' % KEY, "disabled"),
                        ('{"value": ', None), ('{"value": 1, "value": 300}', None)):
        kind = "text/html" if body.startswith("<") else "application/json"
        with Fake({POST: answer(200, body, kind)}) as fake:
            got = get(fake.url)
            assert got["state"] != "value" and got.get("value") is None, (body, got)
            assert state is None or got["state"] == state, (body, got)


@test
def a_missing_flag_is_an_answer():
    with Fake({POST: answer(404, {"key": KEY, "errorCode": "FLAG_NOT_FOUND"}),
               ("POST", "/ofrep/v1/evaluate/flags"):
                   recorded("ofrep", "18_bulk.resp.http")}) as fake:
        assert get(fake.url)["state"] == "missing"
        assert "missing" in run("flag", "get", "--url", fake.url, KEY).out


@test
def a_refusal_is_an_answer():
    for status in (401, 403, 429):
        with Fake({POST: answer(status, "")}) as fake:
            assert get(fake.url)["state"] == "refused"


@test
def an_error_of_the_flag_service_is_an_answer_and_the_help_says_so():
    with Fake({POST: answer(500, {"key": KEY, "errorCode": "GENERAL"})}) as fake:
        result = run("flag", "get", "--url", fake.url, KEY)
        assert result.status == 0 and "GENERAL" in result.out and "HTTP 500" in result.out, result
        assert get(fake.url)["state"] != "value"
    text = run("help", "flag", "get").out
    assert "Exit status 0 when somebody answered, whatever the answer" in text, text


@test
def nobody_there_is_status_1_with_a_next_step():
    url = "http://127.0.0.1:%d" % closed_port()
    result = run("flag", "get", "--url", url, KEY, "-o", "json")
    assert result.status == 1 and json.loads(result.out)["state"] == "unreachable", result
    assert result.err.startswith("leakdiag: ") and result.err.count("\n") == 1, result
    assert "port-forward" in result.err, result
    assert run("flag", "get", "--url", url, "--all").status == 1


@test
def all_flags_come_in_one_object():
    with Fake({("POST", "/ofrep/v1/evaluate/flags"):
               recorded("ofrep", "18_bulk.resp.http")}) as fake:
        result = run("flag", "get", "--all", "--url", fake.url, "-o", "json")
        got = json.loads(result.out)
        assert result.status == 0 and got["state"] == "value", result
        by_key = {flag["key"]: flag for flag in got["flags"]}
        assert len(by_key) == 15 and by_key["floatFlag"]["value"] == 0.25, by_key.keys()
        assert by_key["disabledFlag"]["state"] == "disabled", by_key["disabledFlag"]
        assert run("flag", "get", "--all", "--url", fake.url).out.count("\n") >= 15


@test
def context_and_token_are_sent_and_the_token_is_never_shown():
    with Folder() as folder, Fake({POST: ofrep_value(300)}) as fake:
        token = folder.write("token", "sesame-canary\n")
        for form in ("text", "json"):
            result = run("flag", "get", "--url", fake.url, KEY, "-o", form, "--token-file", token,
                         "--evaluation-context", '{"targetingKey": "me"}')
            assert result.status == 0 and "sesame" not in result.out + result.err, result
        _, _, head, body = fake.seen[0]
        assert head["authorization"] == "Bearer sesame-canary", head
        assert json.loads(body)["context"] == {"targetingKey": "me"}, body


@test
def what_cannot_be_sent_is_refused_and_nothing_is_sent():
    with Folder() as folder, Fake({POST: ofrep_value(300)}) as fake:
        for key in ("../../x", "a/b", "", "a\nb", "x" * 300):
            refused(run("flag", "get", "--url", fake.url, key))
        for url in ("localhost:8016", "file:///etc/hostname", "ftp://x", "http://u:p@127.0.0.1",
                    "http://", ""):
            result = run("flag", "get", "--url", url, KEY)
            refused(result)
            assert "u:p" not in result.err, result
        refused(run("flag", "get", "--url", fake.url, KEY, "--evaluation-context", "[1"))
        refused(run("flag", "get", "--url", fake.url, KEY, "--request-timeout", "x"), "--request-timeout")
        for content in ("", "a\nb", "a\x00b"):
            token = folder.write("token", content)
            result = run("flag", "get", "--url", fake.url, KEY, "--token-file", token)
            refused(result)
        refused(run("flag", "get", "--url", fake.url, KEY, "--token-file", folder.name("none")))
        assert fake.seen == [], fake.seen


@test
def a_hostile_answer_stays_harmless_on_the_terminal():
    with Fake({POST: ofrep_value("\x1b]0;owned\x07\u202e", variant="\x1b[2J")}) as fake:
        result = run("flag", "get", "--url", fake.url, KEY)
        assert result.status == 0 and b"\x1b" not in result.out_bytes, result
        assert "\u202e" not in result.out, result


@test
def a_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "http://127.0.0.1:%d" % silent.getsockname()[1]
        got = get(url, "--request-timeout", "200ms", status=1)
        assert got["state"] == "unreachable", got


@test
def an_interrupt_ends_waiting():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = start("flag", "get", "--url", "http://127.0.0.1:%d" % silent.getsockname()[1],
                        KEY, "--request-timeout", "20s")
        silent.settimeout(GUARD_S)
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(10)
            interrupt(process)
            assert process.wait(GUARD_S) == 130


# --- from a file ----------------------------------------------------------------------------------

def offline(content, key=KEY):
    with Folder() as folder:
        text = content if isinstance(content, (str, bytes)) else json.dumps(content)
        return run("flag", "get", "--file", folder.write("flags.json", text), key, "-o", "json")


@test
def a_flagd_file_is_evaluated_offline():
    result = offline(GOOD)
    got = json.loads(result.out)
    assert result.status == 0 and got["value"] == 300 and got["method"] == "file", result
    assert json.loads(offline(GOOD, "other").out)["state"] == "missing"
    disabled = json.loads(json.dumps(GOOD).replace("ENABLED", "DISABLED"))
    assert json.loads(offline(disabled).out)["state"] == "disabled"


@test
def a_file_that_flagd_would_reject_is_an_answer():
    bad = {"flags": dict(GOOD["flags"], other={"state": "ENABLED", "variants": {"on": 1},
                                               "defaultVariant": "of"})}
    result = offline(bad)
    got = json.loads(result.out)
    assert result.status == 0 and got["state"] == "file-rejected", result
    assert "other" in got["detail"], got


@test
def a_file_that_is_no_usable_json_is_bad_input():
    deep = '{"flags": {"%s": {"variants": %s' % (KEY, '{"a":' * 100000)
    for content in ("", "\x00\xff", "{", deep, "[" * 200000, '{"flags": {}, "flags": {}}',
                    '{"flags": {"a": {}, "a": {}}}', "x" * 20_000_000,
                    '{"flags": [' + "1," * 3_000_000 + "1]}", '{"flags": {"\\u0000": {}}}'):
        result = offline(content)
        assert result.status == 2, (content[:40], result)
        assert result.err.startswith("leakdiag: ") and result.err.count("\n") == 1, result
        assert result.cpu_s < 1, (content[:40], result.cpu_s)


@test
def files_that_are_none_are_refused():
    with Folder() as folder:
        refused(run("flag", "get", "--file", folder.name("none.json"), KEY), "none.json")
        refused(run("flag", "get", "--file", folder.path, KEY), folder.path)


# --- load status ----------------------------------------------------------------------------------

@test
def the_load_is_told_with_users_and_rows():
    with Fake({("GET", "/stats/requests"): locust(), ("GET", "/"): answer(200, "<html>")}) as fake:
        result = run("load", "status", "--url", fake.url)
        assert result.status == 0 and result.out.startswith("running, 25 users"), result
        assert "POST /api/checkout" in result.out and "15/min, 300 requests" in result.out, result
        got = json.loads(run("load", "status", "--url", fake.url, "-o", "json").out)
        assert got["state"] == "running" and got["users"] == 25, got


@test
def a_stopped_load_is_an_answer_and_no_load_generator_is_not():
    with Fake({("GET", "/stats/requests"): locust(users=0, state="stopped")}) as fake:
        result = run("load", "status", "--url", fake.url)
        assert result.status == 0 and result.out.startswith("stopped"), result
    with Fake({}, default=answer(200, "<html>shop</html>", "text/html")) as fake:
        result = run("load", "status", "--url", fake.url)
        assert result.status == 0 and result.out.startswith("not-locust"), result
    result = run("load", "status", "--url", "http://127.0.0.1:%d" % closed_port())
    assert result.status == 1 and result.out.startswith("unreachable"), result
    assert "port-forward" in result.err, result
    refused(run("load", "status", "--url", "nowhere"), "nowhere")


main()

#!/usr/bin/env python3
"""No secret reaches any output: each test greps all that a command wrote."""

import os

from fake import Fake, answer
from harness import Folder, main, run, test

SECRET = "hunter22"
URL = "http://bob:%s@127.0.0.1:9" % SECRET
KEY = "kafkaQueueProblems"
POST = ("POST", "/ofrep/v1/evaluate/flags/" + KEY)


def is_clean(result):
    assert SECRET not in result.out and SECRET not in result.err, result
    return result


@test
def a_url_with_a_password_is_refused_without_repeating_it():
    for verb in (("quick",), ("diagnose",), ("capture", "-"), ("doctor",)):
        for name in ("ofrep_url", "locust_url"):
            result = is_clean(run(*verb, "--set", "%s=%s" % (name, URL)))
            assert result.status == 2 and "user:password@" in result.err, result


@test
def a_query_may_hold_a_token_and_is_refused_too():
    result = run("quick", "--set", "ofrep_url=http://127.0.0.1:9/?token=" + SECRET)
    assert is_clean(result).status == 2, result


@test
def an_error_about_a_url_does_not_show_its_password():
    for args in (("load", "status", "-u", URL), ("flag", "get", "--url", URL, KEY),
                 ("flag", "get", KEY, URL), ("load", "status", URL), ("replay", URL)):
        result = is_clean(run(*args))
        assert result.status in (1, 2) and result.err, result


@test
def what_a_server_says_is_masked():
    body = "<html>Bearer %s0000 password=%s</html>" % (SECRET, SECRET)
    with Fake({POST: answer(200, body, "text/html")}) as fake:
        for form in ("text", "json"):
            is_clean(run("flag", "get", "--url", fake.url, KEY, "-o", form))
        for form in ("text", "json", "junit"):
            is_clean(run("quick", "--set", "ofrep_url=" + fake.url, "-o", form))


@test
def a_capture_and_its_replay_hold_no_secret_of_the_log():
    with Folder() as folder:
        log = folder.write("app.log", "order placed token=%s\nFeatureFlag '%s' is activated "
                           "password=\"a %s b\"\n" % (SECRET, KEY, SECRET))
        path = os.path.join(os.path.dirname(log), "capture.json")
        is_clean(run("diagnose", "--set", "log_file=" + log, "--save", path, "-v"))
        with open(path) as file:
            assert SECRET not in file.read()
        for form in ("text", "json", "junit"):
            is_clean(run("replay", path, "-o", form))


@test
def what_is_told_of_the_requests_holds_no_secret():
    body = "<html>Bearer %s0000 password=%s</html>" % (SECRET, SECRET)
    with Folder() as folder, Fake({POST: answer(200, body, "text/html")}) as fake:
        token = folder.write("token", SECRET)
        result = is_clean(run("flag", "get", "--url", fake.url, KEY, "--token-file", token,
                              "--log", "debug"))
        assert "leakdiag: debug: POST %s/ofrep" % fake.url in result.err, result
        log = folder.write("app.log", "token=%s\n" % SECRET)
        result = is_clean(run("quick", "--set", "ofrep_url=" + fake.url, "--set", "log_file=" + log,
                              "--set", "locust_url=http://127.0.0.1:9", "--log", "debug"))
        assert "leakdiag: warning: " in result.err and "leakdiag: debug: " in result.err, result


if __name__ == "__main__":
    main()

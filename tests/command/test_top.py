#!/usr/bin/env python3
"""top: pods of a cluster as they were recorded, and what may be wrong with them."""

import copy
import json
import random
import re

from api import METRICS, NS, POD, Api, answer, checkout_pod, kube, pod_list
from fake import recorded
from harness import Folder, is_error, main, refused, run, test


def top(api, *args):
    return run("top", *args, "--kubeconfig", api.kubeconfig)


def rows(result):
    """The table as lists of cells, without what is said below it."""
    assert result.status == 0 and result.err == "", result
    lines = result.out.split("\n")
    assert lines[0].startswith("POD "), result
    return [re.split(r"  +", line) for line in lines[1:] if re.match(r"[a-z0-9-]+  +\w", line)]


def json_of(result):
    assert result.status == 0 and result.err == "", result
    return json.loads(result.out)


@test
def a_deployment_is_shown_with_exact_memory_limit_age_restarts_and_last_end():
    with Folder() as folder, Api(folder) as api:
        shown = top(api, "deploy/checkout")
        # 12008 of 20480 Ki; sampled at 13:26:25 and asked at 13:26:32; killed at 13:19:58
        assert rows(shown) == [[POD, "checkout", "12008Ki", "20Mi", "58.6%", "16MiB", "7s", "10s",
                                "1", "ready", "OOMKilled (137) 6m34s ago"]], shown
        assert "deploy/checkout in namespace otel-demo: rollout in-progress, 1 wanted" in shown.out
        asked = [target for _, target, _, _ in api.seen]
        wanted = "labelSelector=opentelemetry.io%2Fname%3Dcheckout"
        assert all(wanted in target for target in asked if "/pods" in target), asked


@test
def one_pod_is_shown_as_it_was_recorded():
    with Folder() as folder, Api(folder) as api:
        name = "steady-698bf88575-sd5pq"
        assert rows(top(api, "pod/" + name)) == [[name, "steady", "6660Ki", "20Mi", "32.5%", "7s",
                                                  "10s", "0", "ready", "none"]]


@test
def json_has_every_figure_and_null_for_what_is_not_known():
    with Folder() as folder, Api(folder) as api:
        got = json_of(top(api, "deploy/checkout", "-o", "json"))
        assert got["schema"] == "leakdiag.pods/1" and got["rollout"] == "in-progress", got
        assert got["selector"] == "opentelemetry.io/name=checkout", got
        (one,) = got["containers"]
        assert one["working_set_bytes"] == 12008 * 1024 and one["limit_bytes"] == 20 << 20, one
        assert one["soft_limit_bytes"] == 16 << 20 and one["limit"] == "20Mi", one
        assert one["last_end"] == {"reason": "OOMKilled", "exit_code": 137,
                                   "finished_ms": 1795439998000}, one
        assert one["sample_age_ms"] in range(6000, 9000) and one["window_ms"] == 10006, one
        assert one["uid"] == kube("pod-oomkilled")["metadata"]["uid"], one
        api.answers[("GET", METRICS)] = recorded("kubernetes", "group-404.http")
        (one,) = json_of(top(api, "deploy/checkout", "-o", "json"))["containers"]
        assert one["working_set_bytes"] is None and one["sample_ms"] is None, one
        assert one["sample_age_ms"] is None and "metrics-server" in one["no_sample"], one


@test
def the_order_is_by_name_whatever_the_server_says():
    pods = []
    for name in ("a-2", "a-10", "b-1", "a-1"):
        pod = copy.deepcopy(checkout_pod())
        pod["metadata"]["name"] = name
        for container in ("spec", "status"):
            key = "containers" if container == "spec" else "containerStatuses"
            more = dict(pod[container][key][0], name="aaa")
            pod[container][key].append(more)
        pods.append(pod)
    want = [[pod, name] for pod in ("a-1", "a-10", "a-2", "b-1") for name in ("aaa", "checkout")]
    with Folder() as folder, Api(folder) as api:
        for seed in range(5):
            random.Random(seed).shuffle(pods)
            api.answers[("GET", NS + "/pods")] = answer(200, pod_list(*pods))
            assert [row[:2] for row in rows(top(api))] == want, seed


@test
def memory_that_cannot_be_had_is_a_question_mark_and_the_reason_is_told_once():
    for name, words in (("group-404", "metrics-server"), ("auth-403-nobody", "no right to"),
                        ("readyz", "not the Kubernetes API")):
        with Folder() as folder, Api(folder) as api:
            other = checkout_pod()
            other["metadata"]["name"] = "checkout-other"
            api.answers[("GET", NS + "/pods")] = answer(200, pod_list(checkout_pod(), other))
            api.answers[("GET", METRICS)] = recorded("kubernetes", name + ".http")
            shown = top(api)
            assert [row[2] for row in rows(shown)] == ["?", "?"], shown
            assert shown.out.count("no sample of 2 containers: ") == 1, shown
            assert words in shown.out, shown


@test
def the_sample_of_an_instance_that_has_died_does_not_count():
    with Folder() as folder, Api(folder) as api:
        pod = checkout_pod()
        running = pod["status"]["containerStatuses"][0]["state"]["running"]
        running["startedAt"] = "2026-11-23T13:26:26Z"  # a second after the sample
        api.answers[("GET", NS + "/pods")] = answer(200, pod_list(pod))
        shown = top(api, "deploy/checkout")
        assert rows(shown)[0][2:5] == ["?", "20Mi", "?"], shown
        assert "the instance before" in shown.out, shown
        running["startedAt"] = "2026-11-23T13:26:25Z"
        api.answers[("GET", NS + "/pods")] = answer(200, pod_list(pod))
        assert rows(top(api, "deploy/checkout"))[0][2] == "12008Ki"


@test
def a_pod_that_waits_or_goes_says_so_and_a_missing_limit_is_none():
    with Folder() as folder, Api(folder) as api:
        waiting, going = checkout_pod(), checkout_pod()
        waiting["metadata"]["name"], going["metadata"]["name"] = "a", "b"
        waiting["status"]["containerStatuses"][0]["state"] = {
            "waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
        going["metadata"]["deletionTimestamp"] = "2026-11-23T13:26:30Z"
        for pod in (going,):
            pod["spec"]["containers"][0]["resources"] = {}
            pod["status"]["containerStatuses"][0].pop("resources")
        api.answers[("GET", NS + "/pods")] = answer(200, pod_list(going, waiting))
        first, second = rows(top(api))
        assert first[9] == "CrashLoopBackOff" and second[9] == "Terminating", (first, second)
        assert second[3:5] == ["none", "-"], second


@test
def what_is_missing_is_named_and_an_empty_namespace_is_an_answer():
    with Folder() as folder, Api(folder) as api:
        is_error(top(api, "deploy/nix"), 1, "deployments.apps nix in namespace otel-demo", "404")
        is_error(top(api, "pod/nix"), 1, "pods nix", "404")
        is_error(top(api, "-c", "sidecar"), 1, '"sidecar"', POD + " has checkout")
        api.answers[("GET", NS + "/pods")] = answer(200, pod_list())
        empty = top(api, "-l", "app=none")
        assert empty.status == 0, empty
        assert empty.out.startswith("no pod in namespace otel-demo has the labels app=none"), empty


@test
def bad_names_and_selectors_are_refused_and_nothing_is_sent():
    with Folder() as folder, Api(folder) as api:
        refused(top(api, "deploy/A_b"), "A_b")
        refused(top(api, "pod/../../secrets"), "byte 0x2e")
        refused(top(api, "-n", "Otel_Demo"), "Otel_Demo", "byte 1")
        refused(top(api, "-l", "app=x,,"), "app=x,,")
        refused(top(api, "checkout"), "deploy/NAME")
        refused(top(api, "pod/x", "-l", "a=b"), "exclude each other")
        refused(top(api, "--pid", "1"), "of this machine")
        assert api.seen == [], api.seen


@test
def what_the_api_server_says_cannot_move_the_cursor():
    with Folder() as folder, Api(folder) as api:
        pod = checkout_pod()
        pod["status"]["containerStatuses"][0]["lastState"]["terminated"]["reason"] = "\x1b[2Jx\n\u202e"
        api.answers[("GET", NS + "/pods")] = answer(200, pod_list(pod))
        shown = top(api)
        assert "\\x1b[2Jx\\x0a\\u{202e}" in shown.out and "\x1b" not in shown.out, shown


@test
def flag_and_load_are_asked_through_the_api_server():
    with Folder() as folder, Api(folder) as api:
        to = ("--kubeconfig", api.kubeconfig)
        got = run("flag", "get", "kafkaQueueProblems", *to)
        assert got.status == 0 and "kafkaQueueProblems: 300" in got.out, got
        assert "otel-demo/flagd:8016 through the API server" in got.out, got
        every = run("flag", "get", "--all", *to)
        assert every.status == 0 and "kafkaQueueProblems: 300" in every.out, every
        load = run("load", "status", *to)
        assert load.status == 0 and load.out.startswith("running, 25 users"), load
        named = run("load", "status", *to, "--service", "load-generator:8089", "-n", "otel-demo")
        assert named.out == load.out, named
        methods = {(m, t.rsplit("/proxy", 1)[0].rsplit("/", 1)[-1]) for m, t, _, _ in api.seen}
        assert methods == {("POST", "flagd:8016"), ("GET", "load-generator:8089")}, methods


@test
def a_service_that_cannot_be_reached_is_said_in_the_api_servers_words():
    with Folder() as folder, Api(folder) as api:
        to = ("--kubeconfig", api.kubeconfig)
        is_like = run("load", "status", *to, "--service", "quiet:80")
        assert is_like.status == 1 and is_like.out.startswith("unreachable"), is_like
        api.rules = []
        got = run("flag", "get", "kafkaQueueProblems", *to)
        assert got.status == 0 and "refused" in got.out, got
        assert "resources: [services/proxy], verbs: [create]" in got.out, got


@test
def a_service_and_a_url_exclude_each_other():
    refused(run("load", "status", "--url", "http://a", "--service", "b:1"), "--url")
    refused(run("flag", "get", "x", "--file", "f", "-n", "y"), "--file")
    with Folder() as folder, Api(folder) as api:
        to = ("--kubeconfig", api.kubeconfig)
        refused(run("load", "status", *to, "--service", "b"), "NAME:PORT")
        token = folder.write("token", "abc")
        refused(run("flag", "get", "x", *to, "--token-file", token), "bearer token")
        assert api.seen == [], api.seen


@test
def each_finding_on_a_pod_shows_the_kubectl_line_that_shows_the_same():
    with Folder() as folder, Api(folder) as api:
        got = json.loads(run("diagnose", "deploy/checkout", "--kubeconfig", api.kubeconfig,
                             "-o", "json").out)
        command = {check["id"]: check["command"] for check in got["checks"]}
        pod = "kubectl get pod %s -n otel-demo -o jsonpath='{." % POD
        chosen = '[?(@.name=="checkout")].'
        assert command == {
            "rollout.app": "kubectl rollout status deployment/checkout -n otel-demo",
            "limit": pod + "spec.containers" + chosen + "resources.limits.memory}'",
            "soft-limit": pod + "spec.containers" + chosen + "env}'",
            "memory": "kubectl get --raw " + METRICS + "/" + POD,
            "termination": pod + "status.containerStatuses" + chosen + "lastState.terminated}'",
        }, command


@test
def a_name_that_a_shell_would_obey_is_in_no_line_to_paste():
    with Folder() as folder, Api(folder) as api:
        pod = checkout_pod()
        pod["metadata"]["name"] = "x;reboot"
        api.answers[("GET", NS + "/pods")] = answer(200, pod_list(pod))
        got = json.loads(run("diagnose", "deploy/checkout", "--kubeconfig", api.kubeconfig,
                             "-o", "json").out)
        commands = [check["command"] for check in got["checks"]]
        assert len(commands) == 5 and "reboot" not in " ".join(commands), commands


@test
def the_kubectl_lines_of_the_runbook_ask_what_leakdiag_asks():
    """A line with --raw names a path that was really asked; names and namespaces are its objects'."""
    with Folder() as folder, Api(folder) as api:
        got = json.loads(run("diagnose", "--kubeconfig", api.kubeconfig, "-o", "json").out)
        paths = {target.partition("?")[0] for _, target, _, _ in api.seen}
        raw = [path for check in got["checks"]
               for path in re.findall(r"--raw (\S+)", check["command"] or "")]
        assert len(raw) == 3 and set(raw) <= paths, (raw, paths)
        for check in got["checks"]:
            line = check["command"] or ""
            assert "kubectl" not in line or "otel-demo" in line, line


@test
def each_verb_that_asks_tells_of_its_requests_when_told_to():
    with Folder() as folder, Api(folder) as api:
        for args, said in (
                (("top", "deploy/checkout"), "/deployments/checkout: 200 in "),
                (("doctor", "deploy/checkout"), "/selfsubjectaccessreviews: "),
                (("diagnose", "deploy/checkout"), "workload: kubernetes is asked"),
                (("flag", "get", "kafkaQueueProblems"), "POST "),
                (("load", "status"), "/stats/requests: ")):
            result = run(*args, "--kubeconfig", api.kubeconfig, "--log", "debug")
            told = [line for line in result.err.split("\n") if line.startswith("leakdiag: debug: ")]
            assert any(said in line for line in told), (said, result)
            quiet = run(*args, "--kubeconfig", api.kubeconfig, "--log", "info")
            assert "leakdiag: debug: " not in quiet.err, quiet
            assert quiet.status == result.status, (quiet, result)
        refused(run("top", "--kubeconfig", api.kubeconfig, "--log", "loud"), "--log")


main()

#!/usr/bin/env python3
"""leakdiag scenario and explain."""

import json

from harness import Folder, main, refused, run, test

MINE = """\
apiVersion: leakdiag/v1
kind: Scenario
metadata: {name: mine, title: Mine}
params:
  csv: {type: text, default: "", about: recorded memory}
sources:
  memory:
    - {type: csv, path: "${csv}"}
checks:
  memory:
    kind: memory
    asks: Is it growing?
    outcomes: {ahead: fail, flat: pass}
"""


@test
def the_built_in_scenarios_are_listed():
    result = run("scenario", "list")
    assert result.status == 0 and result.out.count("\n") == 2, result
    names = [one["name"] for one in json.loads(run("scenario", "list", "-o", "json").out)
             ["scenarios"]]
    assert sorted(names) == ["any-workload", "otel-demo/checkout"], names
    assert all(name in result.out for name in names)


@test
def a_scenario_is_shown_with_parameters_checks_and_causes():
    result = run("scenario", "show", "otel-demo/checkout", "--set", "users=50")
    assert result.status == 0, result
    for words in ("users", "50", "flag.value", "flag-not-applied", "kafkaQueueProblems", "20Mi"):
        assert words in result.out, words
    got = json.loads(run("scenario", "show", "otel-demo/checkout", "-o", "json").out)
    assert got["schema"] == "leakdiag.scenario/1", got.keys()


@test
def the_yaml_of_a_built_in_scenario_is_a_scenario_of_ones_own():
    for name in ("otel-demo/checkout", "any-workload"):
        text = run("scenario", "show", name, "-o", "yaml").out
        with Folder() as folder:
            path = folder.write("mine.yaml", text)
            lint = run("scenario", "lint", path)
            assert lint.status == 0 and "no problems" in lint.out, lint
            assert run("scenario", "show", path).out == run("scenario", "show", name).out
            assert run("scenario", "show", path, "-o", "yaml").out == text


@test
def built_in_names_win_over_files_and_files_are_found():
    with Folder() as folder:
        folder.write("any-workload", MINE)
        folder.write("mine.yaml", MINE)
        shown = run("scenario", "show", "any-workload", cwd=folder.path)
        assert shown.out.startswith("any-workload: "), shown
        shown = run("scenario", "show", "./any-workload", cwd=folder.path)
        assert shown.out.startswith("mine: Mine"), shown
        assert run("scenario", "show", "mine.yaml", cwd=folder.path).out == shown.out
        assert run("scenario", "show", "-", stdin=MINE).out == shown.out


@test
def a_mistyped_name_gets_the_nearest_one():
    refused(run("scenario", "show", "otel-demo/chekout"), "otel-demo/checkout")
    refused(run("diagnose", "--scenario", "any-worklod"), "any-workload")
    refused(run("scenario", "show", "./none.yaml"), "none.yaml", "No such file")
    refused(run("scenario", "show", "none.yaml"), "none.yaml", "No such file")


@test
def an_unknown_parameter_is_refused_with_the_nearest_one():
    refused(run("scenario", "show", "otel-demo/checkout", "--set", "user=50"), "users")
    refused(run("scenario", "show", "otel-demo/checkout", "--set", "users"))
    refused(run("scenario", "show", "otel-demo/checkout", "--set", "users=many"), "users")
    refused(run("diagnose", "--set", "limit=20mi"), "limit")
    with Folder() as folder:
        path = folder.write("mine.yaml", MINE)
        refused(run("diagnose", "--scenario", path, "--pid", "1"), "pid")


@test
def lint_finds_several_faults_with_their_places():
    broken = MINE.replace("kind: memory\n", "kind: memmory\n").replace("flat: pass", "flatt: pass")
    with Folder() as folder:
        path = folder.write("broken.yaml", broken)
        result = run("scenario", "lint", path)
        assert result.status == 2, result
        assert path + ":11:" in result.out and "memory" in result.out, result
        problems = [json.loads(line) for line in
                    run("scenario", "lint", path, "-o", "json").out.split("\n")[:-1]]
        assert {"file", "line", "column", "severity", "message"} == set(problems[0]), problems
        assert problems[0]["line"] == 11 and problems[0]["severity"] == "error", problems
        refused(run("scenario", "show", path), path, "11")


@test
def a_warning_alone_is_no_failure():
    text = MINE.replace("params:", "patterns:\n  unused: {text: nothing reads me}\nparams:")
    with Folder() as folder:
        result = run("scenario", "lint", folder.write("mine.yaml", text))
        assert result.status == 0 and "warning" in result.out, result


@test
def tests_in_a_scenario_are_run_and_counted():
    with Folder() as folder:
        result = run("scenario", "test", folder.write("mine.yaml", MINE))
        assert result.status == 5 and result.out.endswith("0 passed, 0 failed\n"), result
    result = run("scenario", "test", "otel-demo/checkout", "any-workload")
    assert result.status in (0, 5) and " 0 failed\n" in result.out, result


@test
def a_json_scenario_is_as_good():
    text = {"apiVersion": "leakdiag/v1", "kind": "Scenario",
            "metadata": {"name": "mine", "title": "Mine"},
            "params": {"csv": {"type": "text", "default": "", "about": "recorded memory"}},
            "sources": {"memory": [{"type": "csv", "path": "${csv}"}]},
            "checks": {"memory": {"kind": "memory", "asks": "Is it growing?",
                                  "outcomes": {"ahead": "fail", "flat": "pass"}}}}
    with Folder() as folder:
        from_yaml = run("scenario", "show", folder.write("a.yaml", MINE), "-o", "json")
        from_json = run("scenario", "show", folder.write("a.json", json.dumps(text)), "-o", "json")
        assert from_yaml.status == 0 and from_json.out == from_yaml.out, (from_yaml, from_json)


@test
def hostile_scenarios_are_refused_at_once():
    aliases = "a: &a [x]\n" + "".join("%s: &%s [*%s, *%s]\n" % (b, b, a, a)
                                      for a, b in zip("abcdefgh", "bcdefghi"))
    hostile = {
        "many brackets": "[" * 200_000, "many braces": "{a: " * 60_000,
        "deep blocks": "".join(" " * i + "a:\n" for i in range(600)),
        "alias cycle": "a: &a\n  b: *a\n", "alias bomb": aliases,
        "tags": "".join("%%TAG !t%d! tag:x,2000:\n" % i for i in range(30_000)) + "---\na: b\n",
        "own tag": "a: !!python/object:os.system x\n", "merge": "a: &a {b: c}\nd: {<<: *a}\n",
        "two documents": MINE + "---\n" + MINE, "a tab": "a:\n\tb: c\n", "nothing": "",
        "a scalar": "hello\n", "a list": "- a\n", "doubled key": MINE + "checks: {}\n",
        "NUL": "a: \x00\n", "not UTF-8": b"a: \xff\xfe\n", "junk": bytes(range(256)) * 100,
        "too long": "#" * 1_100_000, "long scalar": "a: " + "x" * 900_000 + "\n",
        "deep JSON": '{"a":' * 100_000, "doubled JSON key": '{"kind": "a", "kind": "b"}',
        "huge JSON number": '{"kind": 1e999}', "many keys": "".join("k%d: v\n" % i
                                                                  for i in range(80_000)),
    }
    with Folder() as folder:
        for name, text in hostile.items():
            path = folder.write(name.replace(" ", "-") + ".yaml", text)
            for verb in (["scenario", "show"], ["diagnose", "--scenario"], ["scenario", "test"]):
                result = run(*verb, path)
                assert result.status == 2, (name, result)
                first = result.err.split("\n")[0]
                assert first.startswith("leakdiag: ") and result.err.count("\n") == 1, result
                assert result.cpu_s < 1, (name, result.cpu_s)
            lint = run("scenario", "lint", path)
            assert lint.status == 2 and lint.cpu_s < 1, (name, lint)


@test
def escapes_in_a_scenario_never_reach_the_terminal():
    text = MINE.replace("title: Mine", 'title: "\\e]0;owned\\a\\u202E"')
    with Folder() as folder:
        path = folder.write("mine.yaml", text)
        for verb in (["scenario", "show", path], ["scenario", "lint", path],
                     ["explain", "memory", "--scenario", path]):
            result = run(*verb)
            assert b"\x1b" not in result.out_bytes + result.err_bytes, result
            assert "\u202e" not in result.out + result.err, result


@test
def checks_and_causes_are_explained():
    for word in ("flag.value", "limit-too-high", "memory"):
        result = run("explain", word)
        assert result.status == 0 and word in result.out and len(result.out) > 80, result
    refused(run("explain", "flag.valu"), "flag.value")


main()

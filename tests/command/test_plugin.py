#!/usr/bin/env python3
"""kubectl's plugin: the same command under another name, and who completes for it."""

import os
import re
import subprocess

from harness import ENVIRONMENT, LEAKDIAG, Folder, is_error, main, run, test
from harness import Result


def called(name, *args):
    """The command through a link of that name."""
    with Folder() as folder:
        os.symlink(LEAKDIAG, folder.name(name))
        done = subprocess.run([folder.name(name), *args], capture_output=True, timeout=30,
                              env=ENVIRONMENT, check=False)
        return Result(done.returncode, done.stdout, done.stderr, 0)


def complete(*words):
    """What kubectl would offer, and the number of its last line."""
    result = called("kubectl_complete-leakdiag", *words)
    assert result.status == 0 and result.err == "", result
    *lines, last, end = result.out.split("\n")
    assert end == "" and re.match(r":[04]$", last), result
    return [line.split("\t")[0] for line in lines], last


@test
def the_build_makes_both_names():
    for name in ("kubectl-leakdiag", "kubectl_complete-leakdiag"):
        path = os.path.join(os.path.dirname(LEAKDIAG), name)
        assert os.path.samefile(path, LEAKDIAG) and os.access(path, os.X_OK), path


@test
def the_plugin_calls_itself_as_it_was_called():
    for verb in run().out.split("Verbs\n")[1].split("\n\n")[0].split("\n"):
        words = re.match(r"  ([a-z]+(?: [a-z]+)?) {2,}", verb).group(1).split()
        own, plugin = run("help", *words).out, called("kubectl-leakdiag", "help", *words).out
        assert plugin != own and plugin.replace("kubectl leakdiag", "leakdiag") == own, words
        assert not re.search(r"(?<!kubectl )\bleakdiag (%s)\b" % words[0], plugin), plugin
    assert "\n  kubectl leakdiag quick " in called("kubectl-leakdiag").out
    assert "\nkubectl leakdiag help VERB" in called("kubectl-leakdiag", "help").out
    is_error(called("kubectl-leakdiag", "zzzzzzzz"), 2, "kubectl leakdiag help lists them")
    is_error(called("kubectl-leakdiag", "quick", "--zzzzzzzz"), 2, "kubectl leakdiag help quick")


@test
def a_path_and_data_are_not_rewritten():
    is_error(called("kubectl-leakdiag", "replay", "/x/leakdiag quick"), 2, "/x/leakdiag quick")
    assert "kubectl" not in called("leakdiag", "help", "quick").out


@test
def the_completer_offers_verbs_options_values_and_workloads():
    assert complete("to") == (["top"], ":4")
    verbs, _ = complete("")
    assert {"quick", "diagnose", "flag", "rbac"} <= set(verbs) and len(set(verbs)) == len(verbs)
    assert complete("timeline", "") == (["analyze", "compare"], ":4")
    assert complete("top", "--name") == (["--namespace"], ":4")
    assert complete("quick", "-o", "j") == (["json", "junit"], ":4")
    assert complete("quick", "--until", "") == (["decided"], ":4")
    assert complete("top", "") == (["deploy/", "pod/"], ":4")
    assert complete("diagnose", "--scenario", "otel")[0] == ["otel-demo/checkout"]
    assert complete("diagnose", "--scenario", "otel")[1] == ":0"
    assert complete("top", "--kubeconfig", "") == ([], ":0")
    assert complete("top", "-n", "") == ([], ":4")
    assert complete("replay", "") == ([], ":0")
    assert complete("completion", "z") == (["zsh"], ":4")
    assert complete("nonsense", "") == ([], ":4")
    assert complete()[0] == verbs


@test
def every_option_of_every_verb_is_offered():
    for verb in complete("")[0]:
        seconds = complete(verb, "")[0] if run(verb, "--help").out.count("\nUsage\n") == 0 else [""]
        for second in seconds:
            words = [word for word in (verb, second) if word]
            text = run("help", *words).out.split("\nOptions\n")[1]
            shown = re.findall(r"^(?:  -\w, |      )(--[a-z-]+)", text, re.M)
            assert sorted(complete(*words, "--")[0]) == sorted(shown), words


main()

#!/usr/bin/env python3
"""Verbs, options, help, completions, the man page."""

import os
import re
import shutil
import subprocess

from harness import LEAKDIAG, TOP, Folder, Skip, is_error, main, refused, run, test

MAN = os.path.join(TOP, "examples", "leakdiag", "leakdiag.1")


def verbs():
    names = re.findall(r"^  ([a-z]+(?: [a-z]+)?) {2,}", run().out.split("Verbs\n")[1], re.M)
    assert len(names) == 21, names
    return names


def options(verb):
    """[(letter or None, name)] as the help shows them."""
    text = run("help", *verb.split()).out.split("\nOptions\n")[1]
    return [(letter or None, name)
            for letter, name in re.findall(r"^(?:  -(\w), |      )--([a-z-]+)", text, re.M)]


@test
def without_arguments_it_shows_three_examples_and_every_verb():
    result = run()
    assert result.status == 0 and result.err == "", result
    head, tail = result.out.split("Verbs\n")
    assert len(re.findall(r"^  leakdiag ", head, re.M)) == 3, head
    for verb in ("quick", "diagnose", "capture", "replay", "check", "explain", "flag get", "top",
                 "logs count", "load status", "timeline analyze", "timeline compare",
                 "scenario list", "scenario show", "scenario lint", "scenario test", "doctor",
                 "rbac", "completion", "version", "help"):
        assert re.search(r"^  %s  +\S" % verb, tail, re.M), verb
    assert run("--help").out == run("-h").out == run("help").out == result.out


@test
def the_help_of_each_verb_shows_examples_first():
    for verb in verbs():
        by_option = run(*verb.split(), "--help")
        assert by_option.status == 0, by_option
        assert by_option.out == run("help", *verb.split()).out == run(*verb.split(), "-h").out
        text = by_option.out
        assert text.index("Examples\n") < text.index("Usage\n") < text.index("Options\n"), text
        assert re.search(r"^  (.* \| |source <\()?leakdiag %s" % verb, text, re.M), text
        assert max(map(len, text.split("\n"))) <= 120, text


@test
def help_wins_over_other_mistakes_in_operands():
    assert run("logs", "count", "--help").status == 0
    assert run("flag", "--help").status == 0 and "flag get" in run("flag", "--help").out
    assert run("help", "timeline").out.count("leakdiag timeline") >= 2


@test
def a_mistyped_verb_gets_the_nearest_name():
    refused(run("diagnoes"), "diagnoes", "did you mean diagnose?")
    refused(run("timeline", "analyse"), "did you mean timeline analyze?")
    refused(run("flag"), "get")
    refused(run("logs", "-i"), "count")
    refused(run("zzzzzzzzzz"), "leakdiag help")
    refused(run("help", "repaly"), "did you mean replay?")
    refused(run("--verbose"), "after the verb")
    refused(run(""), "no such verb")


@test
def a_mistyped_option_gets_the_nearest_name():
    refused(run("logs", "count", "--ignorecase"), "--ignorecase", "did you mean --ignore-case?")
    refused(run("quick", "--sceanrio=x"), "--sceanrio", "did you mean --scenario?")
    refused(run("quick", "--zzzzzzzz"), "leakdiag help quick")
    refused(run("quick", "-X"), "-X")
    refused(run("version", "--output", "json"), "--output")


@test
def wrong_values_are_refused():
    refused(run("quick", "-o", "xml"), "xml", "text|json|junit")
    refused(run("quick", "--output=jso"), "jso")
    refused(run("quick", "--for"), "--for", "needs a value")
    refused(run("quick", "--for", "soon"), "soon", "3m")
    refused(run("quick", "--for=-3m"), "-3m")
    refused(run("quick", "--until", "later"), "decided")
    refused(run("quick", "--force=yes"), "takes no value")
    refused(run("quick", "extra"), "extra", "one argument too many")
    refused(run("diagnose", "--pid", "12x"), "12x")
    refused(run("diagnose", "--pid", "-1"), "-1")
    refused(run("diagnose", "--pid", "99999999999999999999"), "99999999999999999999")
    refused(run("replay"), "needs FILE")
    refused(run("completion", "tcsh"), "bash|zsh|fish")
    refused(run("timeline", "analyze", "--limit", "20mi", "x.csv"), "20mi")
    refused(run("timeline", "compare", "x.csv"), "--expect")
    refused(run("top"), "--pid")
    refused(run("top", "--pid", "1", "--cgroup", "/"), "--cgroup")
    refused(run("flag", "get"), "KEY")
    refused(run("flag", "get", "--all", "key"), "--all")
    refused(run("flag", "get", "--url", "http://a", "--file", "b", "key"), "--file")


@test
def options_may_be_written_in_every_usual_way():
    log = b"Order placed\norder placed\nnothing\n"
    want = run("logs", "count", "-i", "-e", "n=order", "-o", "json", "-", stdin=log)
    assert '"count":2' in want.out, want
    for args in (["-ie", "n=order", "-ojson", "-"],
                 ["-", "-o=json", "--expression=n=order", "--ignore-case"],
                 ["--output", "json", "-", "-e", "n=order", "-i"],
                 ["-o", "text", "-o", "json", "-ien=order", "--", "-"]):
        assert run("logs", "count", *args, stdin=log).out == want.out, args
    with Folder() as folder:
        folder.write("-i", log)
        after = run("logs", "count", "-e", "n=order", "-o", "json", "--", "-i", cwd=folder.path)
        assert '"count":1' in after.out, after


@test
def an_error_message_is_one_harmless_line():
    for hostile in ("\x1b]0;owned\x07", "a\nb", "\u202eevil", "\udc80\udcff", "%s%n", "x" * 5000):
        for args in ((hostile,), ("quick", "--" + hostile), ("replay", hostile)):
            result = run(*args)
            is_error(result, 2)
            assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\udc80-\udcff]", result.err), result


@test
def the_version_is_that_of_the_header():
    with open(os.path.join(TOP, "include", "leakdiag", "base.h")) as header:
        version = re.search(r'LEAKDIAG_VERSION +"(.*)"', header.read()).group(1)
    assert run("version").out == run("--version").out == run("-V").out == \
        "leakdiag %s\n" % version


# --- the man page ---------------------------------------------------------------------------------

def man_options():
    """The options that the page documents: .It Fl o , -output"""
    with open(MAN) as page:
        lines = re.findall(r"^\.It Fl (.*)$", page.read(), re.M)
    pairs = set()
    for line in lines:
        match = re.match(r"(?:(\w) , )?-([a-z-]+)\b", line)
        assert match, line
        pairs.add((match.group(1), match.group(2)))
    return pairs


@test
def the_man_page_knows_every_option_and_no_other():
    in_tables = {pair for verb in verbs() for pair in options(verb)}
    assert in_tables == man_options(), in_tables ^ man_options()


@test
def the_man_page_knows_every_verb():
    with open(MAN) as page:
        text = page.read()
    for verb in verbs():
        assert re.search(r"^\.It Cm %s\b" % verb, text, re.M), verb


# --- completions ----------------------------------------------------------------------------------

def complete(words, point=None):
    """What bash would offer for the last of the words."""
    with Folder() as folder:
        folder.write("some file", "")
        script = folder.write("completion", run("completion", "bash").out)
        program = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                   '_leakdiag; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", program, "bash", script, "leakdiag", *words],
                              capture_output=True, text=True, cwd=folder.path, check=False)
        assert done.stderr == "", done.stderr
        return done.stdout.split("\n")[:-1]


@test
def bash_completes_verbs_options_values_and_files():
    assert "diagnose" in complete(["d"]) and "doctor" in complete(["d"])
    assert complete(["timel"]) == ["timeline"]
    assert sorted(complete(["timeline", ""])) == ["analyze", "compare"]
    assert complete(["logs", "count", "--ign"]) == ["--ignore-case"]
    assert set(complete(["quick", "-o", ""])) >= {"text", "json", "junit"}
    assert "yaml" in complete(["scenario", "show", "-o", "y"])
    assert "otel-demo/checkout" in complete(["diagnose", "--scenario", "otel"])
    assert complete(["replay", "so"]) == ["some file"]
    assert complete(["completion", "z"]) == ["zsh"]


@test
def every_option_is_in_the_completions_of_every_shell():
    for shell in ("bash", "zsh", "fish"):
        text = run("completion", shell).out
        for verb in verbs():
            for _, name in options(verb):
                form = "-l %s " % name if shell == "fish" else "--%s" % name
                assert form in text, (shell, verb, name)


def parses(shell, *flags):
    if not shutil.which(shell):
        raise Skip("there is no %s" % shell)
    with Folder() as folder:
        script = folder.write("completion", run("completion", shell).out)
        done = subprocess.run([shell, *flags, script], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and done.stderr == "", done


@test
def the_completion_of_bash_parses():
    parses("bash", "-n")


@test
def the_completion_of_zsh_parses():
    parses("zsh", "-n")


@test
def the_completion_of_fish_parses():
    parses("fish", "--no-execute")


# --- standard streams -----------------------------------------------------------------------------

@test
def a_reader_that_had_enough_is_no_error():
    for args in (["help", "quick"], ["completion", "bash"], ["scenario", "show", "-o", "yaml",
                                                               "otel-demo/checkout"]):
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run([LEAKDIAG, *args], stdout=write_end, stderr=subprocess.PIPE,
                              check=False)
        os.close(write_end)
        assert done.returncode == 0 and done.stderr == b"", done


@test
def a_full_disk_is_an_error():
    if not os.path.exists("/dev/full"):
        raise Skip("there is no /dev/full")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([LEAKDIAG, "version"], stdout=full, stderr=subprocess.PIPE,
                              check=False)
    assert done.returncode == 1 and b"standard output" in done.stderr, done


@test
def closed_standard_streams_do_no_harm():
    done = subprocess.run(["bash", "-c", '"$1" version <&- >&- 2>&-', "bash", LEAKDIAG],
                          check=False)
    assert done.returncode in (0, 1), done


main()

#!/usr/bin/env bash
# The test of tests/run itself: whatever goes wrong in a layer must end as a failure in the sum.
set -u

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # SENTENCE CONDITION...
    local sentence=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$sentence"
        printf '    status %s, output:\n' "$status"
        sed 's/^/    /' "$work/out"
    fi
}

# Runs tests/run with a table of one command per line; sets status, last (its last line).
run_table() { # TABLE [ARGUMENT...]
    printf '%s\n' "$1" >"$work/table"
    shift
    status=0
    LEAKDIAG_TEST_TABLE=$work/table LEAKDIAG_LAYERS="" "$top/tests/run" "$@" >"$work/out" 2>&1 ||
        status=$?
    last=$(tail -n 1 "$work/out")
}

sums_to() { [ "$last" = "$1" ]; }
succeeds() { [ "$status" -eq 0 ]; }
fails() { [ "$status" -ne 0 ]; }
says() { grep -qF -e "$1" "$work/out"; }

run_table 'a | 5 | | echo 3 passed, 0 failed, 1 skipped
b | 5 | | echo noise; echo 2 passed, 0 failed, 0 skipped; echo noise'
check "the sum is taken over all layers" sums_to "5 passed, 0 failed, 1 skipped"
check "all layers passing is success" succeeds
check "each layer has its line" says "a: 3 passed, 0 failed, 1 skipped ("

run_table 'a | 5 | | echo 3 passed, 0 failed, 1 skipped
b | 5 | | echo 2 passed, 0 failed, 0 skipped' b
check "a named layer runs alone" sums_to "2 passed, 0 failed, 0 skipped"

table='a | 5 | | echo 3 passed, 0 failed, 1 skipped
b | 5 | | echo 2 passed, 0 failed, 0 skipped
c | 5 | | echo 4 passed, 0 failed, 0 skipped
both | | | layers a c'
run_table "$table" both
check "a name for several layers runs those" sums_to "7 passed, 0 failed, 1 skipped"
run_table "$table" c both b
check "a layer that is named twice runs once" sums_to "9 passed, 0 failed, 1 skipped"
run_table "$table" -x c -x a
check "what is left out does not run" sums_to "2 passed, 0 failed, 0 skipped"
run_table "$table" -x nothing
check "what is left out must be a layer" fails
run_table "$table"
check "without a name each layer runs once" sums_to "9 passed, 0 failed, 1 skipped"

run_table 'a | 5 | | echo 3 passed, 2 failed, 0 skipped; exit 1'
check "failures of a layer are counted" sums_to "3 passed, 2 failed, 0 skipped"
check "failures of a layer fail the run" fails
check "the layer that failed is named at the end" says "failed: a"

run_table 'a | 5 | | echo 3 passed, 2 failed, 0 skipped'
check "failures count even when the layer ends with status 0" sums_to "3 passed, 2 failed, 0 skipped"
check "failures with status 0 fail the run" fails

run_table 'a | 5 | | kill -SEGV $$
b | 5 | | echo 1 passed, 0 failed, 0 skipped'
check "a crash is one failure, and the next layer runs" sums_to "1 passed, 1 failed, 0 skipped"

run_table 'a | 5 | | echo 4 passed, 0 failed, 0 skipped; kill -SEGV $$'
check "a crash after the count is a failure" sums_to "4 passed, 1 failed, 0 skipped"

run_table 'a | 5 | | echo all is well'
check "a layer without a countable line is one failure" sums_to "0 passed, 1 failed, 0 skipped"
check "a layer without a countable line fails the run" fails

run_table 'a | 5 | | echo we had 7 passed, 0 failed, 0 skipped'
check "a count inside a sentence is no count" sums_to "0 passed, 1 failed, 0 skipped"

run_table 'a | 5 | | echo 0 passed, 0 failed, 0 skipped'
check "a layer that tested nothing is one failure" sums_to "0 passed, 1 failed, 0 skipped"

run_table 'a | 5 | | echo 0 passed, 0 failed, 4 skipped'
check "a layer that skipped everything is no failure" sums_to "0 passed, 0 failed, 4 skipped"

run_table 'a | 5 | | ./no/such/program'
check "a program that is not there is one failure" sums_to "0 passed, 1 failed, 0 skipped"

run_table 'a | 1 | | echo 5 passed, 0 failed, 0 skipped; exec sleep 60'
check "a layer that hangs is ended and counts as failed" sums_to "5 passed, 1 failed, 0 skipped"
check "a layer that hangs is called so" says "it was ended after 1 s"

run_table 'a | 5 | | scripts no/such/folder'
check "a folder of scripts that is not there is one failure" sums_to "0 passed, 1 failed, 0 skipped"

run_table 'a | 5 | | ctest no-such-preset unit'
check "a build that is not there is one failure" sums_to "0 passed, 1 failed, 0 skipped"

run_table 'a | 5 | | echo 1 passed, 0 failed, 0 skipped' nonsense
check "an unknown layer is bad usage" test "$status" -eq 2

# The counting of scripts, on a folder of its own.
mkdir "$work/scripts"
script() { # NAME LINES...
    local name=$1
    shift
    printf '%s\n' "$@" >"$work/scripts/$name"
}
script test_good.sh 'echo 2 passed, 0 failed, 0 skipped'
script test_good.py 'print("1 passed, 0 failed, 1 skipped")'
script helper.py 'raise SystemExit("not a test")'
run_table "a | 9 | | scripts $work/scripts"
check "scripts are summed and helpers left alone" sums_to "3 passed, 0 failed, 1 skipped"

script test_silent.sh 'exit 0'
run_table "a | 9 | | scripts $work/scripts"
check "a silent script is one failure" sums_to "3 passed, 1 failed, 1 skipped"

script test_silent.sh 'echo 6 passed, 0 failed, 0 skipped' 'exit 3'
run_table "a | 9 | | scripts $work/scripts"
check "a script whose status disagrees is one failure" sums_to "9 passed, 1 failed, 1 skipped"

script test_silent.sh 'echo 0 passed, 0 failed, 0 skipped'
run_table "a | 9 | | scripts $work/scripts"
check "a script that tests nothing is one failure" sums_to "3 passed, 1 failed, 1 skipped"

check "examples/prepare has the usual --help" bash -c '"$1" --help | grep -q Usage' bash \
    "$top/examples/prepare"
check "and still knows bad usage" bash -c '! "$1" -x 2>"$2" && grep -q Usage "$2"' bash \
    "$top/examples/prepare" "$work/usage"

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

#!/usr/bin/env bash
# What is committed of SWIG's output is what SWIG makes of the headers as they are now.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

check() { # SENTENCE COMMAND...
    local sentence=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s; run bindings/swig/regenerate and commit\n' "$sentence"
        head -n 30 "$work/log" | sed 's/^/    /'
    fi
}

if ! version=$(swig -version 2>&1 | grep -o 'Version [0-9.]*') || ! command -v gofmt >/dev/null ||
    [ "$version" != "Version 4.1.0" ]; then
    echo "SKIPPED: swig is '${version:-missing}' and gofmt is '$(command -v gofmt)'," \
        "but what is committed was made with swig 4.1.0 and gofmt"
    echo "0 passed, 0 failed, 1 skipped"
    exit 0
fi
check "it is made without a warning" bash -c \
    "'$top/bindings/swig/regenerate' '$work' '$work/_capi.pyi' 2>&1 | tee '$work/said' && ! [ -s '$work/said' ]"
for name in capi.go capi_wrap.c; do
    check "$name is up to date" diff -u "$top/bindings/go/internal/capi/$name" "$work/$name"
done
check "the type stub is up to date" diff -u "$top/bindings/python/src/leakdiag/_capi.pyi" \
    "$work/_capi.pyi"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

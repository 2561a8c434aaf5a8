#!/usr/bin/env bash
# A build folder follows LEAKDIAG_STATIC_LIBRARIES: what was found in the folder before does not stay.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
export CMAKE_GENERATOR=Ninja

make_folder() { # NAME; configuring only looks at it
    local name
    mkdir -p "$work/$1/include" "$work/$1/lib/pkgconfig"
    for name in curl nghttp2 ssl crypto jansson yaml pcre2-8; do
        : >"$work/$1/lib/lib$name.a"
    done
    for name in libcurl:curl jansson:jansson; do
        printf 'Name: %s\nDescription: none\nVersion: 99\nCflags: -I%s/include\nLibs: -L%s/lib -l%s\n' \
            "${name%:*}" "$work/$1" "$work/$1" "${name#*:}" >"$work/$1/lib/pkgconfig/${name%:*}.pc"
    done
}

configure() { # FOLDER
    cmake -S "$top" -B "$work/build" -DLEAKDIAG_STATIC_LIBRARIES="$1"
}

uses() { # FOLDER, and nothing of the other ones
    local other
    for other in one two; do
        if [ "$other" = "$1" ]; then
            grep -q "$work/$other/lib/libcurl.a" "$work/build/build.ninja" &&
                grep -q "$work/$other/include" "$work/build/build.ninja" || return 1
        else
            ! grep "$work/$other/" "$work/build/build.ninja" || return 1
        fi
    done
}

check() { # SENTENCE FOLDER
    if configure "${2:+$work/$2}" >"$work/log" 2>&1 && uses "$2" >>"$work/log"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$1"
        tail -n 25 "$work/log" | sed 's/^/    /'
    fi
}

make_folder one
make_folder two
check "without a folder none is used" ""
check "a build folder that was made without one takes it" one
check "another one takes its place" two
check "none does, too" ""
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

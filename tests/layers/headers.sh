#!/usr/bin/env bash
# Each public header alone, included twice, as strict C99, C11 and C++17, with its ..._INIT macros
# used; and the umbrella header knows them all.
set -u

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P) || exit 1
passed=0 failed=0
warnings=(-Wall -Wextra -Wpedantic -pedantic-errors -Wshadow -Wundef -Werror)

check() { # SENTENCE COMMAND...
    local sentence=$1 output
    shift
    if output=$("$@" 2>&1); then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$sentence"
        [ -z "$output" ] || printf '%s\n' "$output"
    fi
}

# A program of the header's includes and of one variable per ..._INIT macro.
program() { # HEADER
    printf '#include <%s>\n#include <%s>\nint main(void)\n{\n' "$1" "$1"
    sed -n 's/^#define \(LEAKDIAG_\([A-Z0-9_]*\)_INIT\)\b.*/\1 \2/p' "$top/include/$1" |
        while read -r macro type; do
            printf '    leakdiag_%s v_%s = %s;\n    (void)v_%s;\n' "${type,,}" "$type" "$macro" "$type"
        done
    printf '    return 0;\n}\n'
}

compiles() { # HEADER COMPILER OPTION...
    local header=$1
    shift
    program "$header" | "$@" "${warnings[@]}" -I "$top/include" -fsyntax-only -
}

headers=0
for path in "$top"/include/leakdiag.h "$top"/include/leakdiag/*.h; do
    [ -f "$path" ] || continue
    header=${path#"$top/include/"}
    headers=$((headers + 1))
    check "$header is C99" compiles "$header" gcc -std=c99 -x c
    check "$header is C11" compiles "$header" gcc -std=c11 -x c
    check "$header is C++17" compiles "$header" g++ -std=c++17 -x c++
    [ "$header" = leakdiag.h ] ||
        check "leakdiag.h includes $header" grep -qF "#include <$header>" "$top/include/leakdiag.h"
done
check "there are headers" test "$headers" -gt 1

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

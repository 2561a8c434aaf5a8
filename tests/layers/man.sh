#!/usr/bin/env bash
# The man pages are clean for mandoc, leakdiag(1) knows every verb of the command, and
# leakdiag-scenario(5) and leakdiag-capture(5) every word that is read or written.
set -u

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P) || exit 1
passed=0 failed=0
verbs='quick diagnose capture replay check explain flag top logs load timeline scenario doctor
    rbac completion version'

count() { # SENTENCE STATUS
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$1"
    fi
}

mapfile -t pages < <(find "$top/examples" "$top/libleakdiag" "$top/include" -name '*.[1-8]' | sort)
for page in "${pages[@]}"; do
    mandoc -T lint -W warning "$page"
    count "${page#"$top/"} is clean" $?
done

command_page=/no/such/page
for page in "${pages[@]}"; do
    [ "${page##*/}" != leakdiag.1 ] || command_page=$page
done
test -f "$command_page"
count "there is a leakdiag.1" $?
for verb in $verbs; do
    grep -qwF -- "$verb" "$command_page" 2>/dev/null
    count "leakdiag.1 speaks of $verb" $?
done

# Keys, kinds, findings, source types; and the keys that are listed in the functions that read them.
scenario_words() {
    cd "$top/libleakdiag/scenario" || return
    grep -ohE '\{"[a-z_-]+", (LD_VALUE|LD_PASS|LD_WARN|LD_FAIL|LD_UNKNOWN|KEYS)' kinds.c embedded.c
    grep -ohE 'LD_KIND_[A-Z_]+, "[a-z-]+"' kinds.c
    sed -n '/ known\[\] = /,/;/p' ./*.c
}
# Members of a capture.
capture_words() {
    grep -ohE '(put[a-z_]*\(w, [a-z]+|json_object_get\((json|scenario)), "[a-z_]+"' \
        "$top/libleakdiag/observation/fact_write.c" "$top/libleakdiag/observation/capture.c"
}

speaks_of_all() { # PAGE LEAST; words come from standard input
    local missing=0 words=0
    while read -r word; do
        words=$((words + 1))
        grep -qwF -- "$word" "$top/libleakdiag/$1" && continue
        printf '    %s\n' "$word"
        missing=$((missing + 1))
    done < <(grep -oE '"[a-zA-Z_-]+"' | tr -d '"' | sort -u)
    test "$words" -gt "$2" -a "$missing" -eq 0
    count "${1##*/} has all $words words" $?
}
speaks_of_all scenario/leakdiag-scenario.5 100 < <(scenario_words)
speaks_of_all observation/leakdiag-capture.5 60 < <(capture_words)

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

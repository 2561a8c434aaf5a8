#!/usr/bin/env bash
# The man pages are clean for mandoc, leakdiag(1) knows every verb of the command, and
# leakdiag-scenario(5) every word of the tables that scenarios are read with.
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
missing=0 words=0
while read -r word; do
    words=$((words + 1))
    grep -qwF -- "$word" "$top/libleakdiag/scenario/leakdiag-scenario.5" && continue
    printf '    %s\n' "$word"
    missing=$((missing + 1))
done < <(scenario_words | grep -oE '"[a-zA-Z_-]+"' | tr -d '"' | sort -u)
test "$words" -gt 100 -a "$missing" -eq 0
count "leakdiag-scenario.5 has all $words words of scenarios" $?

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

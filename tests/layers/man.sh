#!/usr/bin/env bash
# The man pages are clean for mandoc, and leakdiag(1) knows every verb of the command.
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

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

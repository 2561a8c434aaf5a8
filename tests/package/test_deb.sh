#!/usr/bin/env bash
# The package that CPack makes installs on a Debian that has nothing else, and works there.
set -u
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P) || exit 1
dir=$top/build/bindings/deb
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
export CMAKE_GENERATOR=Ninja
unset DESTDIR

check() { # SENTENCE COMMAND...
    local sentence=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$sentence"
        tail -n 25 "$work/log" | sed 's/^/    /'
    fi
}

skip() { # NUMBER REASON
    skipped=$((skipped + $1))
    printf 'SKIPPED: %s\n' "$2"
}

finish() {
    echo "$passed passed, $failed failed, $skipped skipped"
    [ "$failed" -eq 0 ]
    exit
}

build_package() {
    cmake -S "$top" -B "$dir" -DCMAKE_INSTALL_PREFIX=/usr -DCMAKE_BUILD_TYPE=RelWithDebInfo &&
        cmake --build "$dir" --parallel "$(nproc)" && rm -f "$dir"/*.deb &&
        (cd "$dir" && cpack -G DEB)
}

holds() { # PATTERN...
    local pattern
    dpkg-deb -c "$deb" >"$work/contents"
    for pattern in "$@"; do
        grep -Eq "$pattern" "$work/contents" || { echo "$pattern is missing in:" && cat "$work/contents" && return 1; }
    done
}

names_its_prefix() {
    dpkg-deb --fsys-tarfile "$deb" | tar -xO --wildcards '*/leakdiag.pc' | tee "$work/pc" |
        grep -x 'prefix=/usr' || { cat "$work/pc" && return 1; }
}

depends_on() { # PACKAGE...
    local package
    for package in "$@"; do
        dpkg-deb -f "$deb" Depends | grep -q "$package" || { dpkg-deb -f "$deb" Depends && return 1; }
    done
}

# A Debian of the packages that every one has (essential, apt), the package, and what it needs.
installs_on_bare_debian() {
    mkdir "$work/repo" && cp "$deb" "$work/repo/leakdiag.deb" &&
        mmdebstrap --variant=apt --skip=cleanup/reproducible \
            --customize-hook='copy-in '"$work/repo/leakdiag.deb"' /root' \
            --customize-hook='chroot "$1" apt-get install -y --no-install-recommends /root/leakdiag.deb' \
            --customize-hook='chroot "$1" leakdiag version' \
            --customize-hook='chroot "$1" leakdiag flag get k --url http://127.0.0.1:1; test $? -lt 3' \
            --customize-hook='chroot "$1" apt-get purge -y leakdiag' \
            --customize-hook='! ls "$1"/usr/lib/*/libleakdiag* "$1"/usr/bin/leakdiag' \
            "$(. /etc/os-release && echo "$VERSION_CODENAME")" /dev/null
}

check "the package is made" build_package
deb=$(ls "$dir"/leakdiag_*.deb 2>/dev/null | head -n 1)
[ -n "$deb" ] || finish
check "it has the command, the library, the headers and what finds them" holds \
    '/usr/bin/leakdiag$' '/libleakdiag\.so\.0\.[0-9]+\.[0-9]+$' '/libleakdiag\.so ->' \
    '/include/leakdiag/flag\.h$' '/include/leakdiag\.h$' '/pkgconfig/leakdiag\.pc$' \
    '/cmake/leakdiag/leakdiagConfig\.cmake$' 'man1/leakdiag\.1'
check "it says what it needs, also what is loaded later" depends_on libcurl4 libjansson4 \
    libyaml-0-2 libpcre2-8-0 libc6
check "its pkg-config file names its place" names_its_prefix
if ischroot 2>/dev/null; then
    skip 1 "this is inside a root of its own already"
elif [ "$(id -u)" -ne 0 ] || ! command -v mmdebstrap >/dev/null; then
    skip 1 "a bare Debian needs root and mmdebstrap"
else
    check "it installs on a bare Debian, works, and goes again" installs_on_bare_debian
fi
finish

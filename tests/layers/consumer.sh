#!/usr/bin/env bash
# A stranger's program against the installed package, found by CMake and by pkg-config, with the
# shared and with the static library. Nothing of the source tree is on its search paths.
set -u

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P) || exit 1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
export CMAKE_GENERATOR=Ninja
unset PKG_CONFIG_PATH CMAKE_PREFIX_PATH LD_LIBRARY_PATH LIBRARY_PATH CPATH

check() { # SENTENCE COMMAND...
    local sentence=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$sentence"
        tail -n 20 "$work/log" | sed 's/^/    /'
    fi
}

fails() { ! "$@"; }

cat >"$work/main.c" <<'END'
#include <leakdiag.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    printf("%s\n", leakdiag_version());
    return strcmp(leakdiag_version(), LEAKDIAG_VERSION) != 0;
}
END
cat >"$work/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.18)
project(consumer LANGUAGES C)
find_package(leakdiag ${WANTED} CONFIG REQUIRED)
add_executable(consumer main.c)
target_link_libraries(consumer PRIVATE leakdiag::leakdiag)
END

install_package() { # KIND SHARED: build without tests, install below $work
    cmake -S "$top" -B "$top/build/consumer-$1" -DBUILD_SHARED_LIBS="$2" \
        -DLEAKDIAG_BUILD_TESTS=OFF -DCMAKE_INSTALL_PREFIX=/nowhere &&
        cmake --build "$top/build/consumer-$1" &&
        cmake --install "$top/build/consumer-$1" --prefix "$work/$1"
}

by_cmake() { # KIND WANTED
    rm -rf "$work/build" && cmake -S "$work" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/$1" \
        -DWANTED="$2" && cmake --build "$work/build" && "$work/build/consumer"
}

# The static library needs what the package names as private. (pkg-config --static would go on to
# the private needs of a static libcurl, which Debian's development packages do not bring.)
by_pkg_config() { # KIND COMPILER
    local folder names=leakdiag flags
    folder=$(dirname "$(find "$work/$1" -name leakdiag.pc)") || return 1
    export PKG_CONFIG_PATH=$folder
    [ "$1" = shared ] || names+=" $(pkg-config --print-requires-private leakdiag)"
    # shellcheck disable=SC2086 # names and flags are words
    flags=$(pkg-config --cflags --libs $names) && "$2" -o "$work/by-pkg-config" "$work/main.c" \
        $flags -lm -Wl,-rpath,"${folder%/pkgconfig}" && "$work/by-pkg-config"
}

command_runs() {
    "$work/$1/bin/leakdiag" version
}

needs_only() { # LIBRARY...
    local library needed
    library=$(find "$work/shared" -name libleakdiag.so) && [ -n "$library" ] || return 1
    for needed in $(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\([a-z0-9-]*\).*/\1/p'); do
        case " $* " in
        *" ${needed%-[0-9]*} "* | *" ${needed%%-x86*} "*) ;;
        *) echo "it also needs $needed" && return 1 ;;
        esac
    done
}

for kind in shared static; do
    on=ON
    [ "$kind" = shared ] || on=OFF
    check "the $kind package installs" install_package "$kind" "$on"
    check "CMake finds the $kind package" by_cmake "$kind" ""
    check "the installed command runs ($kind)" command_runs "$kind"
done
version=$(sed -n 's/^#define LEAKDIAG_VERSION  *"\(.*\)"/\1/p' "$top/include/leakdiag/base.h")
check "CMake takes the version it is asked for" by_cmake shared "$version"
check "CMake refuses the next minor version" fails by_cmake shared "${version%%.*}.99"
check "pkg-config finds the shared package" by_pkg_config shared gcc
check "pkg-config finds the static package" by_pkg_config static gcc
check "a C++ program can use it" by_pkg_config shared g++
check "the shared library needs its four libraries and libc only" needs_only \
    libcurl libjansson libyaml libpcre2 libm libc ld-linux

echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ]

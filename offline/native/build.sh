#!/usr/bin/env bash
# Builds torch_c.cpp against libtorch and puts libtorch_c.so at the path given as the first argument, if there is one.
# The library is kept in the cache under a hash of everything that goes into it, so a second build takes milliseconds.
#   OC_LIBTORCH_ROOT   where libtorch lies: a prefix with usr/include and usr/lib/..., as dpkg -x leaves it, or an
#                      unpacked libtorch (include, lib); without it the system's own, then what ./run setup unpacked
#   CXX                the compiler (g++)
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
out="${1:-}"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/orleans-contrastive"
cxx="${CXX:-g++}"

# MSBuild shows lines of this form as errors.
fail() { echo "offline/native : error OC0001: $*"; exit 1; }

include='' lib=''
find_torch() { # prefix
    local i l
    for i in "$1/usr/include" "$1/include"; do
        [ -f "$i/torch/csrc/autograd/autograd.h" ] || continue
        for l in "${i%include}lib/$(uname -m)-linux-gnu" "${i%include}lib" "${i%include}lib64"; do
            if [ -e "$l/libtorch_cpu.so" ] || compgen -G "$l/libtorch_cpu.so.*" >/dev/null; then include=$i lib=$l; return 0; fi
        done
    done
    return 1
}

root="${OC_LIBTORCH_ROOT:-}"
if [ -n "$root" ]; then
    find_torch "$root" || fail "no libtorch headers and libraries below OC_LIBTORCH_ROOT=$root. Run ./run setup, which installs or unpacks libtorch."
elif find_torch ''; then :
elif find_torch "$cache/sysroot"; then root="$cache/sysroot"
else fail "libtorch is not installed (no torch/csrc/autograd/autograd.h in /usr/include). Run ./run setup, which installs it (Debian: libtorch-dev) or unpacks it without root."
fi
command -v "$cxx" >/dev/null || fail "the C++ compiler $cxx is not installed. Run ./run setup, or install g++."

torch="$(ls "$lib"/libtorch_cpu.so* | tail -n 1)"
flags=(-O2 -fPIC -shared -fvisibility=hidden -Wall -Wno-unused -DNDEBUG
    -isystem "$include/torch/csrc/api/include")
# The compiler's own folder must keep its place in the order.
[ "$include" = /usr/include ] || flags+=(-isystem "$include")
# Libtorch before 2.6 from PyTorch's site may use the old C++ library's strings.
grep -q __cxx11 "$lib"/libc10.so* || flags+=(-D_GLIBCXX_USE_CXX11_ABI=0)
link=(-L"$lib" -Wl,--no-as-needed -l:"$(basename "$torch")" -l:"$(basename "$(ls "$lib"/libc10.so* | tail -n 1)")" -Wl,--as-needed)
if compgen -G "$lib/libtorch_cuda.so*" >/dev/null; then
    link+=(-Wl,--no-as-needed -l:"$(basename "$(ls "$lib"/libtorch_cuda.so* | tail -n 1)")" -Wl,--as-needed)
    for cuda in "${CUDA_HOME:-/usr/local/cuda}/include"; do
        if [ -f "$cuda/cuda_runtime_api.h" ] && [ -f "$include/c10/cuda/CUDACachingAllocator.h" ]; then
            flags+=(-DTC_CUDA -isystem "$cuda")
            link+=(-l:"$(basename "$(ls "$lib"/libc10_cuda.so* | tail -n 1)")")
        fi
    done
fi
# An RPATH (not a RUNPATH) also serves the libraries that libtorch itself needs; OpenBLAS comes before a reference BLAS.
if [ -n "$root" ]; then
    link+=(-Wl,--disable-new-dtags)
    for folder in "$lib/openblas-pthread" "$lib/openblas-openmp" "$lib" "$lib/blas" "$lib/lapack"; do
        [ -d "$folder" ] && link+=(-Wl,-rpath,"$folder")
    done
    link+=(-Wl,--allow-shlib-undefined)
fi

key="$({ cat "$here/torch_c.cpp" "$include/torch/csrc/api/include/torch/version.h"
    "$cxx" -dumpfullversion -dumpversion; readlink -f "$torch"; stat -Lc '%s' "$torch"
    printf '%s\n' "${flags[@]}" "${link[@]}"; } 2>/dev/null | sha256sum | cut -c1-20)"
built="$cache/native/libtorch_c-$key.so"

if [ ! -f "$built" ]; then
    mkdir -p "$cache/native"
    part="$built.$$"
    echo "Compiling offline/native/torch_c.cpp against $torch (once, up to a minute)"
    # Later libtorchs are written in C++20.
    "$cxx" -std=c++17 "${flags[@]}" "$here/torch_c.cpp" -o "$part" "${link[@]}" 2>"$part.log" ||
        "$cxx" -std=c++20 "${flags[@]}" "$here/torch_c.cpp" -o "$part" "${link[@]}" || { cat "$part.log"; rm -f "$part" "$part.log"; fail "torch_c.cpp does not compile against $torch; the compiler's messages are above."; }
    cat "$part.log" && rm -f "$part.log"
    mv -f "$part" "$built"
fi

[ -n "$out" ] || exit 0
mkdir -p "$(dirname "$out")"
if ! cmp -s "$built" "$out"; then
    cp -f "$built" "$out.$$"
    mv -f "$out.$$" "$out"
fi

# shellcheck shell=bash
# Sourced by ./run: the system libraries of the offline stack. As root they are installed by apt-get; otherwise they are
# unpacked into the user's cache, and the environment is set so that compiler and loader find them there.

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/orleans-contrastive
# offline/native/build.sh looks here too, so that `dotnet build` alone finds the libtorch that was unpacked.
SYSROOT=$CACHE/libtorch

# The packages that are wanted and not there, one a line. A libtorch of one's own replaces Debian's.
missing_packages() {
    local wanted=(libturbojpeg0 libspng0 libwebp7) package
    [ -n "${OC_LIBTORCH_ROOT:-}" ] || wanted=(libtorch-dev libopenblas0-pthread "${wanted[@]}")
    command -v g++ >/dev/null || wanted+=(g++)
    command -v cmake >/dev/null || wanted+=(cmake)
    command -v make >/dev/null || command -v ninja >/dev/null || wanted+=(make)
    for package in "${wanted[@]}"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
    done
}

need_system_libraries() {
    local missing list
    command -v dpkg-query >/dev/null || { need_without_dpkg; return; }
    mapfile -t missing < <(missing_packages)
    [ ${#missing[@]} -gt 0 ] || return 0
    list=${missing[*]}
    command -v apt-get >/dev/null || die "these system libraries are missing, and there is no apt-get to get them: $list."
    if [ "$(id -u)" = 0 ]; then
        step "install $list" install_packages "${missing[@]}" || die "apt-get could not install $list: see $LOGS/apt.log."
        return
    fi

    # A compiler is of no use outside its place.
    case " $list " in *' g++ '*) die "g++ is missing, and only root can install it: apt-get install g++." ;; esac
    if [ "$(cat "$SYSROOT/.holds" 2>/dev/null)" != "$list" ]; then
        step "unpack $list into $SYSROOT (not root)" unpack_packages "${missing[@]}" ||
            die "$list could not be unpacked: see $LOGS/apt.log."
    fi
    use_sysroot
}

# Elsewhere than on Debian nothing is installed; what is needed must be named or be known to the loader.
need_without_dpkg() {
    local library
    [ -n "${OC_LIBTORCH_ROOT:-}" ] || die "libtorch is missing: unpack one and name its folder in OC_LIBTORCH_ROOT (this system has no dpkg)."
    for library in g++ cmake; do command -v $library >/dev/null || die "$library is missing."; done
    for library in libturbojpeg.so.0 libspng.so.0 libwebp.so.7; do
        ldconfig -p 2>/dev/null | grep -q "$library" || say "    $library is missing: images that need it will be refused"
    done
}

# As root. The package lists may be absent (as in container images) or stale, so a failure is tried again with new ones.
install_packages() {
    [ "$(id -u)" = 0 ] || return 1
    mkdir -p "$LOGS"
    local get=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300)
    if ! "${get[@]}" install --no-install-recommends "$@" >"$LOGS/apt.log" 2>&1; then
        "${get[@]}" update >>"$LOGS/apt.log" 2>&1 || true
        "${get[@]}" install --no-install-recommends "$@" >>"$LOGS/apt.log" 2>&1
    fi
}

# Not as root: the wanted packages and all that they need and the system lacks, downloaded and unpacked.
unpack_packages() {
    local options=() packages log=$LOGS/apt.log fresh=$SYSROOT.new archive
    rm -rf "$fresh" "$CACHE/debs"
    mkdir -p "$LOGS" "$CACHE/debs" "$fresh"
    : >"$log"
    packages=$(plan_packages "$@") || {
        # No package lists here that can be used: fetch them into a place of our own.
        mkdir -p "$CACHE/apt/state/lists/partial" "$CACHE/apt/cache/archives/partial"
        options=(-o "Dir::State=$CACHE/apt/state" -o Dir::State::status=/var/lib/dpkg/status -o "Dir::Cache=$CACHE/apt/cache")
        apt-get "${options[@]}" -q update >>"$log" 2>&1 || return 1
        packages=$(plan_packages "$@") || return 1
    }
    # shellcheck disable=SC2086 # one package a word
    (cd "$CACHE/debs" && apt-get "${options[@]}" -q download $packages >>"$log" 2>&1) || return 1
    for archive in "$CACHE"/debs/*.deb; do dpkg -x "$archive" "$fresh" || return 1; done
    gather_libraries "$fresh"
    echo "$*" >"$fresh/.holds"
    rm -rf "$SYSROOT" "$CACHE/debs"
    mv "$fresh" "$SYSROOT"
}

# Uses `options` of its caller. The C library is the system's own, always: two of them in one process do not work.
plan_packages() {
    apt-get "${options[@]}" -s --no-install-recommends install "$@" 2>>"$LOGS/apt.log" >"$CACHE/plan" || return 1
    awk '/^Inst /{print $2}' "$CACHE/plan" | grep -vE '^(libc6|libc-bin|libc-l10n|locales)$'
}

# Links every library into the one folder that the loader is told of. In an installed system the alternatives (libblas.so.3)
# and the loader's cache see to it; OpenBLAS comes first, so that it is the BLAS.
gather_libraries() {
    local folder library
    folder=$1/usr/lib/$(g++ -dumpmachine)
    for library in "$folder"/openblas-pthread/lib*.so.* $(find "$1" -name 'lib*.so.*' ! -path "$folder/lib*"); do
        [ -e "$folder/${library##*/}" ] || ln -s "$(realpath --relative-to="$folder" "$library")" "$folder/${library##*/}"
    done
}

use_sysroot() {
    local libraries
    libraries=$SYSROOT/usr/lib/$(g++ -dumpmachine)
    export OC_LIBTORCH_ROOT=$SYSROOT
    export LD_LIBRARY_PATH=$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    export LIBRARY_PATH=$libraries${LIBRARY_PATH:+:$LIBRARY_PATH}
    export CPLUS_INCLUDE_PATH=$SYSROOT/usr/include${CPLUS_INCLUDE_PATH:+:$CPLUS_INCLUDE_PATH}
    export PATH=$PATH:$SYSROOT/usr/bin
}

#!/usr/bin/env bash
# Builds the CPU image where no registry can be reached: by buildah, without an engine and without name spaces, as root on Debian. The bases are
# a fresh Debian of the same release (debootstrap) with this machine's .NET; the stack is offline, since that is why one is here.
#   infra/local/build-offline.sh [TAG]         localhost/contrastive:offline by default; then: buildah images
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TAG=${1:-localhost/contrastive:offline}
BASES=localhost/contrastive-base
NET=$(dirname "$(readlink -f "$(command -v dotnet)")")

die() { echo "build-offline.sh: $*" >&2; exit 1; }
[ "$(id -u)" = 0 ] || die "only root can unpack a Debian."
for program in buildah debootstrap; do command -v $program >/dev/null || die "$program is missing: apt-get install $program"; done

base() {
    local system container file
    # shellcheck disable=SC1091 # the machine's
    . /etc/os-release
    system=$(mktemp -d)
    debootstrap --variant=minbase --include=ca-certificates,libstdc++6,zlib1g "$VERSION_CODENAME" "$system" "${DEBIAN_MIRROR:-http://deb.debian.org/debian}"
    container=$(buildah from scratch)
    buildah add "$container" "$system" /
    # Where packages come from here, and whom to trust for it.
    for file in /etc/apt/sources.list /etc/apt/sources.list.d /etc/apt/apt.conf.d /usr/local/share/ca-certificates /etc/ssl/certs; do
        if [ -e $file ]; then buildah add "$container" $file $file; fi
    done
    for file in dotnet host shared; do buildah add "$container" "$NET/$file" /usr/share/dotnet/$file; done
    buildah config --env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 --env PATH=/usr/share/dotnet:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
    buildah commit "$container" $BASES:runtime
    buildah add "$container" "$NET" /usr/share/dotnet
    if [ -d "$HOME/.nuget/NuGet" ]; then buildah add "$container" "$HOME/.nuget/NuGet" /root/.nuget/NuGet; fi
    buildah commit --rm "$container" $BASES:sdk
    rm -rf "$system"
}

buildah inspect --type image $BASES:sdk >/dev/null 2>&1 || base
exec buildah bud --isolation chroot --network host --format docker --layers --build-arg STACK=offline \
    --build-arg SDK_IMAGE=$BASES:sdk --build-arg RUNTIME_IMAGE=$BASES:runtime \
    --file "$ROOT/silo/OrleansContrastive.Silo/Dockerfile" --tag "$TAG" "$ROOT"

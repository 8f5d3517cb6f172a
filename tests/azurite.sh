#!/usr/bin/env bash
# Puts the Azure Storage emulator that tests start (tests/Shared/Azurite.cs) into the cache, and says its folder.
# Ends with 1 and a sentence where it cannot be had.
set -euo pipefail
VERSION=3.37.0
FOLDER=${OC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/orleans-contrastive}/azurite-$VERSION
if [ ! -e "$FOLDER/node_modules/azurite/dist/src/blob/main.js" ]; then
    command -v npm >/dev/null || { echo "azurite.sh: there is no npm here." >&2; exit 1; }
    # Whole or not at all, also when two install at once.
    FRESH=$(mkdir -p "$(dirname "$FOLDER")" && mktemp -d "$FOLDER.XXXXXX")
    trap 'rm -rf "$FRESH"' EXIT
    timeout 600 npm install --prefix "$FRESH" --no-save --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error \
        "azurite@$VERSION" >&2 || { echo "azurite.sh: npm could not install azurite@$VERSION." >&2; exit 1; }
    rm -rf "$FOLDER"
    mv -T "$FRESH" "$FOLDER"
fi
echo "$FOLDER"

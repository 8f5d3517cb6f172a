#!/usr/bin/env bash
# Puts onnxruntime for node (which tests run exported models with, tests/Shared/OnnxRuntime.cs) into the cache, and says its folder.
# Ends with 1 and a sentence where it cannot be had.
set -euo pipefail
VERSION=1.30.0
FOLDER=${OC_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/orleans-contrastive}/onnxruntime-$VERSION
if [ ! -e "$FOLDER/node_modules/onnxruntime-node/package.json" ]; then
    command -v npm >/dev/null || { echo "onnxruntime.sh: there is no npm here." >&2; exit 1; }
    # Whole or not at all, also when two install at once.
    FRESH=$(mkdir -p "$(dirname "$FOLDER")" && mktemp -d "$FOLDER.XXXXXX")
    trap 'rm -rf "$FRESH"' EXIT
    # The library for the CPU is in the package; its script would only fetch the one for CUDA.
    timeout 600 npm install --prefix "$FRESH" --no-save --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error \
        "onnxruntime-node@$VERSION" >&2 || { echo "onnxruntime.sh: npm could not install onnxruntime-node@$VERSION." >&2; exit 1; }
    # Two thirds of it are for other systems.
    [ "$(uname -s)" != Linux ] || rm -rf "$FRESH"/node_modules/onnxruntime-node/bin/*/win32 "$FRESH"/node_modules/onnxruntime-node/bin/*/darwin
    rm -rf "$FOLDER"
    mv -T "$FRESH" "$FOLDER"
fi
echo "$FOLDER"

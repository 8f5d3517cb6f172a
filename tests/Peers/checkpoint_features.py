"""Loads a checkpoint of this project into torchvision-named PyTorch modules and encodes views with it.

    checkpoint_features.py CHECKPOINT VIEWS OUT

CHECKPOINT is the folder of one version (manifest.json and safetensors files), VIEWS a safetensors file with one tensor
"views" [N, C, H, W], OUT gets "encoder" [N, features] and "head" [N, width], rows of length 1, of the query network.
"""
import hashlib
import json
import os
import re
import sys

import torch
import torch.nn.functional as F

from peer_data import write_safetensors
from peer_models import Encoder, head
from safetensors_peer import load

IMAGENET_STEM_FROM = 96


def state_of(folder):
    """The spec and all tensors of the parameter shards; every file is compared with its hash first."""
    with open(os.path.join(folder, "manifest.json"), encoding="utf-8") as stream:
        manifest = json.load(stream)
    tensors = {}
    for file in manifest["files"]:
        path = os.path.join(folder, file["path"])
        with open(path, "rb") as stream:
            found = hashlib.sha256(stream.read()).hexdigest()
        if found != file["sha256"]:
            raise ValueError(f"{path}: expected SHA-256 {file['sha256']}, found {found}")
        if file["name"].startswith("parameters-"):
            tensors.update(load(path))
    return manifest["spec"], tensors


def network_of(spec, tensors):
    """The query network, in evaluation mode."""
    name, width = re.fullmatch(r"(resnet\d+)(?:-w(\d+))?", spec["Model"]["Encoder"]).groups()
    stem = "cifar" if spec["Dataset"]["ImageSize"] < IMAGENET_STEM_FROM else "imagenet"
    encoder = Encoder(name, int(width or 64), spec["Dataset"]["Channels"], stem)
    hidden = spec["Model"]["HiddenWidth"] or encoder.features
    kinds = {"linear": [encoder.features], "mlp": [encoder.features, hidden]}
    projection = head(kinds[spec["Model"]["Head"]] + [spec["Model"]["EmbeddingWidth"]])
    for module, prefix in ((encoder, "query.encoder."), (projection, "query.head.")):
        state = {key[len(prefix):]: value for key, value in tensors.items() if key.startswith(prefix)}
        missing, unknown = module.load_state_dict(state, strict=False)
        missing = [key for key in missing if not key.endswith("num_batches_tracked")]
        if missing or unknown:
            raise ValueError(f"{prefix}*: missing {missing}, unknown {unknown}")
    return encoder.eval(), projection.eval()


def main(folder, views, out):
    torch.set_num_threads(1)
    encoder, projection = network_of(*state_of(folder))
    with torch.no_grad():
        features = encoder(load(views)["views"])
        rows = {"encoder": features, "head": projection(features)}
    write_safetensors(out, {name: F.normalize(value, dim=1).numpy() for name, value in rows.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])

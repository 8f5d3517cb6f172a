"""Loads an exported encoder into torchvision's own network, strictly, and encodes views with it.

    exported_features.py NETWORK FILE VIEWS OUT

NETWORK is a name of torchvision.models, such as resnet18; with -ln behind it its norms are GroupNorm(1, C). FILE is what `contrastive export` wrote (.pt or .safetensors), VIEWS a
safetensors file with one tensor "views" [N, 3, H, W], OUT gets "features" [N, F]. Only the classifier fc may be missing.
"""
import sys

import torch
import torchvision

from peer_data import write_safetensors
from safetensors_peer import load


def main(network, file, views, out):
    torch.set_num_threads(1)
    state = torch.load(file) if file.endswith(".pt") else load(file)
    norm = {"norm_layer": lambda channels: torch.nn.GroupNorm(1, channels)} if network.endswith("-ln") else {}
    model = getattr(torchvision.models, network.removesuffix("-ln"))(**norm).eval()
    missing, unknown = model.load_state_dict(state, strict=False)
    if sorted(missing) != ["fc.bias", "fc.weight"] or unknown:
        raise ValueError(f"{file}: missing {missing}, unknown {unknown}; expected only fc.* to be missing")
    expected = [key for key in model.state_dict() if not key.startswith("fc.")]
    if list(state) != expected and file.endswith(".pt"):
        raise ValueError(f"{file}: the names stand in another order than torchvision's")
    model.fc = torch.nn.Identity()
    with torch.no_grad():
        write_safetensors(out, {"features": model(load(views)["views"]).numpy()})


if __name__ == "__main__":
    main(*sys.argv[1:])

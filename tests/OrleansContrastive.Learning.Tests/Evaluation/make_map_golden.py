"""Golden values for principal axes and t-SNE: singular values by torch, affinities and gradients by autograd from the paper's formulas.

    make_map_golden.py [OUT]      writes golden/maps.golden beside this script
"""
import math
import os
import sys

import torch

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Golden"))
from golden_file import write_golden  # noqa: E402

ROWS, WIDTH, PERPLEXITY = 16, 7, 5.0


def affinities(x, perplexity):
    """p_ij, van der Maaten and Hinton (2008), equations 1 and 2, with the widths found by bisection of log beta."""
    d = torch.cdist(x, x) ** 2
    n = len(x)
    conditional = torch.zeros(n, n, dtype=torch.float64)
    for i in range(n):
        others = torch.tensor([j for j in range(n) if j != i])
        low, high = -30.0, 30.0
        for _ in range(200):
            middle = (low + high) / 2
            p = torch.softmax(-math.exp(middle) * d[i, others], 0)
            entropy = -(p * torch.log(p.clamp_min(1e-300))).sum()
            low, high = (middle, high) if entropy > math.log(perplexity) else (low, middle)
        conditional[i, others] = p
    return (conditional + conditional.T) / (2 * n)


def divergence(p, y, exaggeration):
    """KL(P || Q) up to a constant in y; an exaggerated P is not normalised (section 3.4)."""
    w = 1 / (1 + ((y[:, None] - y[None]) ** 2).sum(-1))
    w = w * (1 - torch.eye(len(y), dtype=y.dtype))
    off = ~torch.eye(len(y), dtype=torch.bool)
    return -(exaggeration * p[off] * torch.log(w[off])).sum() + torch.log(w.sum())


def main(out):
    torch.manual_seed(4)
    values = (torch.randn(ROWS, WIDTH) * torch.linspace(3, 0.3, WIDTH)).float()
    x = values.double()
    centred = x - x.mean(0)
    _, singular, v = torch.linalg.svd(centred, full_matrices=False)
    axes = v[:3]
    axes = axes * torch.sign(axes.gather(1, axes.abs().argmax(1, keepdim=True)))
    p = affinities(x, PERPLEXITY)
    y = torch.randn(ROWS, 2).float()
    tensors = {
        "values": values, "axes": axes, "variances": singular[:3] ** 2 / ROWS, "total": (singular ** 2).sum().reshape(1) / ROWS,
        "places": centred @ axes.T, "affinities": p, "perplexity": torch.tensor([PERPLEXITY], dtype=torch.float64), "map": y,
    }
    for name, exaggeration in (("gradient", 1.0), ("exaggerated", 12.0)):
        place = y.double().requires_grad_()
        divergence(p, place, exaggeration).backward()
        tensors[name] = place.grad
    write_golden(out, {name: tensor.detach().contiguous() for name, tensor in tensors.items()})


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden", "maps.golden"))

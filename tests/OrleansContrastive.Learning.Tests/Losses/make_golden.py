"""Makes golden/info_nce.golden: /usr/bin/python3 make_golden.py, in this folder."""

import pathlib
import sys

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Golden"))
from golden_file import write_golden  # noqa: E402

torch.manual_seed(20)
# temperature, masked pairs, distance of a key from its query
CASES = [(0.2, [], 0.3), (0.07, [(0, 3), (2, 3), (2, 9)], 0.3), (0.01, [], 0.05)]


def unit(rows, columns):
    return F.normalize(torch.randn(rows, columns, dtype=torch.float64), dim=1)


arrays = {}
for number, (temperature, masked, noise) in enumerate(CASES):
    q = unit(5, 8)
    k = F.normalize(q + noise * torch.randn(5, 8, dtype=torch.float64), dim=1)
    queue = unit(12, 8)
    q.requires_grad_(True)
    positive = (q * k).sum(1, keepdim=True)
    negative = q @ queue.t()
    for row, column in masked:
        negative[row, column] = float("-inf")
    logits = torch.cat([positive, negative], 1) / temperature
    loss = F.cross_entropy(logits, torch.zeros(5, dtype=torch.long))
    loss.backward()
    p = logits.softmax(1)
    meters = [
        loss,
        -(p * p.clamp_min(1e-300).log()).sum(1).mean(),
        (logits[:, 0] > logits[:, 1:].max(1).values).double().mean(),
        positive.mean(),
    ]
    arrays |= {
        f"{number}.temperature": torch.tensor([temperature], dtype=torch.float64),
        f"{number}.masked": torch.tensor(masked, dtype=torch.int64).reshape(-1, 2),
        f"{number}.queries": q,
        f"{number}.keys": k,
        f"{number}.negatives": queue,
        f"{number}.meters": torch.stack(meters),
        f"{number}.gradient": q.grad,
    }

write_golden(pathlib.Path(__file__).with_name("golden") / "info_nce.golden", arrays)

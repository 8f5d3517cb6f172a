"""Makes golden/health.golden: /usr/bin/python3 make_health_golden.py, in this folder."""

import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Golden"))
from golden_file import pattern, write_golden  # noqa: E402

arrays = {}
for number, (count, width, temperature) in enumerate([(9, 5, 0.2), (6, 17, 0.07), (40, 16, 1.0)]):
    rows = F.normalize(torch.tensor(pattern((count, width), 100 + number)), dim=1)
    positives = F.normalize(rows + 0.4 * torch.tensor(pattern((count, width), 200 + number)), dim=1)
    distances = torch.pdist(rows)
    s = np.linalg.svd(rows.numpy(), compute_uv=False)
    share = s / s.sum()
    logits = rows @ positives.T
    p = (logits / temperature).softmax(1)
    off = logits.clone().fill_diagonal_(-9)
    measures = [
        (rows - positives).norm(dim=1).pow(2).mean().item(),
        distances.pow(2).mul(-2).exp().mean().log().item(),
        rows.std(0, unbiased=False).mean().item() * width**0.5,
        float(np.exp(-(share * np.log(share)).sum())),
        (logits.argmax(1) == torch.arange(count)).double().mean().item(),
        torch.distributions.Categorical(p).entropy().mean().item(),
        logits.diagonal().mean().item(),
        off.max(1).values.mean().item(),
    ]
    arrays |= {
        f"{number}.temperature": np.array([temperature]),
        f"{number}.rows": rows,
        f"{number}.positives": positives,
        f"{number}.measures": np.array(measures),
    }

write_golden(pathlib.Path(__file__).with_name("golden") / "health.golden", arrays)

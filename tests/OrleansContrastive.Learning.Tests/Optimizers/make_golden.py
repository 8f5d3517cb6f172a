"""Makes golden/sgd.golden: /usr/bin/python3 make_golden.py, in this folder."""

import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Golden"))
from golden_file import write_golden  # noqa: E402

torch.manual_seed(21)
# dtype, nesterov, weight decay
CASES = [(torch.float32, False, 0.0), (torch.float32, False, 5e-4), (torch.float32, True, 5e-4), (torch.float64, True, 1e-2)]
RATES = [0.1, 0.07, 0.03]
SIZE = 37

arrays = {}
for number, (dtype, nesterov, decay) in enumerate(CASES):
    start = torch.randn(SIZE, dtype=torch.float64).to(dtype)
    weights = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.SGD([weights], lr=0.1, momentum=0.9, weight_decay=decay, nesterov=nesterov)
    key = start.clone()
    arrays[f"{number}.start"] = start
    for step, rate in enumerate(RATES):
        optimizer.param_groups[0]["lr"] = rate
        gradient = torch.randn(SIZE, dtype=torch.float64).to(dtype)
        weights.grad = gradient.clone()
        optimizer.step()
        key = key * 0.99 + weights.detach() * (1.0 - 0.99)
        arrays |= {
            f"{number}.{step}.gradient": gradient,
            f"{number}.{step}.weights": weights.detach().clone(),
            f"{number}.{step}.velocity": optimizer.state[weights]["momentum_buffer"].clone(),
            f"{number}.{step}.key": key,
        }

# The moving average alone, on given weights: the kernel's must have the same bits.
start, weights = torch.randn(SIZE), torch.randn(SIZE)
arrays |= {"ema.start": start, "ema.weights": weights, "ema.key": start * 0.99 + weights * (1.0 - 0.99)}

# Running moments of a real batch norm.
norm = torch.nn.BatchNorm1d(6)
norm.running_mean.copy_(torch.randn(6))
batch = torch.randn(9, 6) * 2 + 1
arrays["moments.running"] = torch.cat([norm.running_mean, norm.running_var]).clone()
arrays["moments.batch"] = torch.cat([batch.mean(0), batch.var(0, unbiased=True)])
norm(batch)
arrays["moments.next"] = torch.cat([norm.running_mean, norm.running_var])

write_golden(pathlib.Path(__file__).with_name("golden") / "sgd.golden", arrays)

"""Makes golden/methods.golden: ten steps of the methods of tests/Peers/zoo_methods.py, each batch in two parts, in fp64. Weights and
views are patterns that MethodParityTests.cs computes alike. /usr/bin/python3 make_golden_methods.py, in this folder."""

import math
import pathlib
import sys

import numpy
import torch

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "Golden"), str(HERE.parent.parent / "Peers")]
from golden_file import pattern, write_golden  # noqa: E402
from zoo_methods import METHODS, Trainer  # noqa: E402

STEPS, BATCH, PARTS, SAMPLES, SIDE = 10, 16, 2, 40, 12
RECIPE = {
    "encoder": "resnet8-w8", "embeddingWidth": 16, "temperature": 0.2, "learningRate": 0.02, "weightDecay": 1e-3,
    "keyMomentum": 0.9, "keyMomentumSchedule": "cosine",
}


def weight(name, shape, seed):
    values = pattern(shape, seed)
    if len(shape) == 4:
        return values * math.sqrt(6.0 / (shape[0] * shape[2] * shape[3]))
    if len(shape) == 2:
        return values * (1 / math.sqrt(shape[1]))
    return values * 0.1 + 1 if name.endswith("weight") else values * 0.1


def stored(rows):
    """As a bank in bfloat16 keeps them."""
    return rows.float().bfloat16().to(rows.dtype)


torch.set_num_threads(1)
arrays = {}
for name, kind in METHODS.items():
    method = kind(RECIPE, SAMPLES)
    method.network.double()
    parameters = sorted(method.network.named_parameters())
    with torch.no_grad():
        for index, (key, parameter) in enumerate(parameters):
            parameter.copy_(torch.from_numpy(weight(key, tuple(parameter.shape), 100 + index)))
    trainer = Trainer(method, STEPS, PARTS)
    if name == "instdisc":
        method.stored = stored
        method.bank = stored(torch.nn.functional.normalize(torch.from_numpy(pattern((SAMPLES, 16), 3)), dim=1))
        arrays["instdisc.bank"] = method.bank.float().numpy().copy()
    images, losses = pattern((SAMPLES, 1, SIDE, SIDE), 5), []
    for step in range(STEPS):
        ids = numpy.arange(step * BATCH, (step + 1) * BATCH) % SAMPLES
        views = [torch.from_numpy(images[ids] + 0.3 * pattern((BATCH, 1, SIDE, SIDE), 1000 + 2 * step + view)) for view in range(method.views)]
        losses.append(trainer.step(views, torch.from_numpy(ids)))
    arrays[f"{name}.losses"] = numpy.array(losses)
    arrays[f"{name}.squares"] = numpy.array([p.detach().pow(2).sum().item() for _, p in parameters])
    print(f"{name:14}", *(f"{loss:.4f}" for loss in losses))
write_golden(HERE / "golden" / "methods.golden", arrays)

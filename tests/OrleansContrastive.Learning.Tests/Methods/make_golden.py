"""Makes golden/moco.golden: three steps of momentum contrast (He et al. 2020, algorithm 1) on a two-layer network, with a
queue whose length the batch does not divide. /usr/bin/python3 make_golden.py, in this folder."""

import pathlib
import sys

import torch
import torch.nn.functional as F
from torch.nn import Linear, ReLU, Sequential

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Golden"))
from golden_file import write_golden  # noqa: E402

torch.manual_seed(22)
BATCH, INPUTS, HIDDEN, WIDTH, LENGTH = 4, 6, 7, 5, 10
MOMENTUM, TEMPERATURE, RATE, DECAY = 0.9, 0.2, 0.06, 1e-3


def network():
    return Sequential(Linear(INPUTS, HIDDEN), ReLU(), Linear(HIDDEN, WIDTH))


def parameters(module):
    return torch.cat([p.detach().reshape(-1) for p in module.parameters()])


def three_steps(symmetric):
    query_network, key_network = network(), network()
    key_network.load_state_dict(query_network.state_dict())
    optimizer = torch.optim.SGD(query_network.parameters(), lr=RATE, momentum=0.9, weight_decay=DECAY)
    queue, pointer = F.normalize(torch.randn(LENGTH, WIDTH), dim=1), 0
    arrays = {"start": parameters(query_network), "queue": queue.clone()}

    def direction(query_views, key_views):
        q = F.normalize(query_network(query_views), dim=1)
        with torch.no_grad():
            k = F.normalize(key_network(key_views), dim=1)
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ queue.t()], 1) / TEMPERATURE
        return F.cross_entropy(logits, torch.zeros(BATCH, dtype=torch.long)), k

    for step in range(3):
        first, second = torch.randn(BATCH, INPUTS), torch.randn(BATCH, INPUTS)
        with torch.no_grad():
            for q, k in zip(query_network.parameters(), key_network.parameters()):
                k.data = k.data * MOMENTUM + q.data * (1.0 - MOMENTUM)
        key_weights = parameters(key_network)
        loss, keys = direction(first, second)
        reported = loss.detach()
        if symmetric:
            back, keys_of_first = direction(second, first)
            loss, keys = loss + back, torch.cat([keys_of_first, keys])
            reported = loss.detach() / 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for row in keys:
            queue[pointer] = row
            pointer = (pointer + 1) % LENGTH
        arrays |= {
            f"{step}.first": first,
            f"{step}.second": second,
            f"{step}.key_weights": key_weights,
            f"{step}.keys": keys,
            f"{step}.loss": reported.reshape(1),
            f"{step}.weights": parameters(query_network),
            f"{step}.queue": queue.clone(),
            f"{step}.pointer": torch.tensor([pointer]),
        }
    return arrays


write_golden(
    pathlib.Path(__file__).with_name("golden") / "moco.golden",
    {f"{name}.{key}": array
     for name, symmetric in [("asymmetric", False), ("symmetric", True)]
     for key, array in three_steps(symmetric).items()},
)

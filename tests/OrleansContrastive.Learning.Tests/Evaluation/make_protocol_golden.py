"""Makes golden/protocols.golden: /usr/bin/python3 make_protocol_golden.py, in this folder.

Linear heads by torch.optim.SGD, support vector machines by L-BFGS on the primal, retrieval by argsort, fine-tuning of
torchvision's blocks with torch's own batch norm; all in fp64.
"""

import math
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
import torchvision

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Golden"))
from golden_file import pattern, write_golden  # noqa: E402

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def tensor(shape, seed):
    return torch.from_numpy(pattern(tuple(shape), seed).copy())


def linear():
    """12 epochs on the whole of 30 rows, two learning rates, with weight decay."""
    x = tensor((30, 6), 1) * torch.tensor([1, 2, 3, 0.5, 1, 1.0]) + 1
    y = torch.arange(30) * 7 % 4
    z = (x - x.mean(0)) / x.std(0, unbiased=False)
    out = {}
    for head, rate in enumerate([0.1, 0.7]):
        layer = torch.nn.Linear(6, 4)
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        optimizer = torch.optim.SGD(layer.parameters(), lr=rate, momentum=0.9, weight_decay=0.01)
        for step in range(12):
            optimizer.param_groups[0]["lr"] = rate * 0.5 * (1 + math.cos(math.pi * step / 12))
            optimizer.zero_grad()
            F.cross_entropy(layer(z), y).backward()
            optimizer.step()
        logits = layer(z)
        order = torch.sort(logits, dim=1, descending=True, stable=True).indices
        ranks = (order == y[:, None]).double().argmax(1)
        out |= {f"linear.{head}.logits": logits, f"linear.{head}.top": torch.tensor([(ranks < 1).double().mean(), (ranks < 5).double().mean()])}
    return out


def svm():
    x = F.normalize(tensor((40, 5), 2), dim=1)
    labels = (x[:, 0] > 0.2).long() + (x[:, 1] > 0.1).long()
    out = {"svm.labels": labels}
    for cost in (0.5, 5.0):
        weights = []
        for label in range(3):
            y = torch.where(labels == label, 1.0, -1.0)
            w = torch.zeros(6, requires_grad=True)
            ones = torch.cat([x, torch.ones(40, 1)], 1)
            optimizer = torch.optim.LBFGS([w], max_iter=5000, tolerance_grad=1e-12, tolerance_change=1e-16, line_search_fn="strong_wolfe")

            def closure():
                optimizer.zero_grad()
                loss = 0.5 * w.dot(w) + cost * F.relu(1 - y * (ones @ w)).square().sum()
                loss.backward()
                return loss

            for _ in range(5):
                optimizer.step(closure)
            weights.append(w.detach())
        out[f"svm.{cost:g}"] = torch.stack(weights)
    return out


def retrieval():
    q, g = F.normalize(tensor((25, 4), 3), dim=1), F.normalize(tensor((60, 4), 4), dim=1)
    ql, gl = torch.arange(25) * 3 % 5, torch.arange(60) * 7 % 4
    recall, precision, left_out = {1: [], 5: [], 10: []}, [], 0
    for row, label in zip(q @ g.T, ql):
        relevant = gl[torch.sort(row, descending=True, stable=True).indices] == label
        if not relevant.any():
            left_out += 1
            continue
        for k in recall:
            recall[k].append(float(relevant[:k].any()))
        hits = relevant.double().cumsum(0) / torch.arange(1, 61)
        precision.append(float((hits * relevant).sum() / relevant.sum()))
    scores = [len(precision), left_out] + [np.mean(recall[k]) for k in (1, 5, 10)] + [np.mean(precision)]
    return {"retrieval.scores": np.array(scores, dtype=np.float64)}


class Net(torch.nn.Module):
    """A residual network of three stages of one basic block, CIFAR stem, width 8."""

    def __init__(self):
        super().__init__()
        make = torchvision.models.ResNet._make_layer
        self._norm_layer, self.dilation, self.groups, self.base_width = torch.nn.BatchNorm2d, 1, 1, 64
        self.conv1 = torch.nn.Conv2d(3, 8, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(8)
        self.inplanes = 8
        for i in range(3):
            setattr(self, f"layer{i + 1}", make(self, torchvision.models.resnet.BasicBlock, 8 << i, 1, 1 if i == 0 else 2))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.layer3(self.layer2(self.layer1(x))).mean((2, 3))


def fine_tuning():
    """Four steps; then the scores of plain views."""
    net = Net()
    for i, p in enumerate(net.parameters()):
        scale = (6.0 / (p.shape[0] * p.shape[2] * p.shape[3])) ** 0.5 if p.dim() == 4 else 0.2
        p.data.copy_(tensor(p.shape, 1000 + i) * scale)
    for name, p in net.named_parameters():
        if p.dim() == 1 and name.endswith("weight"):
            p.data += 1
    head = torch.nn.Linear(32, 3)
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.zeros_(head.bias)
    trunk = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.001)
    last = torch.optim.SGD(head.parameters(), lr=0.3, momentum=0.9, nesterov=True, weight_decay=0.001)
    losses = []
    for step in range(4):
        factor = 0.5 * (1 + math.cos(math.pi * step / 4))
        trunk.param_groups[0]["lr"], last.param_groups[0]["lr"] = 0.05 * factor, 0.3 * factor
        x, y = tensor((6, 3, 12, 12), 50 + step), (torch.arange(6) + step) % 3
        trunk.zero_grad()
        last.zero_grad()
        loss = F.cross_entropy(head(net(x)), y)
        loss.backward()
        trunk.step()
        last.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        return {
            "finetune.losses": np.array(losses),
            "finetune.features": net(tensor((5, 3, 12, 12), 60)),
            "finetune.running": torch.cat([net.bn1.running_mean, net.bn1.running_var]),
        }


write_golden(pathlib.Path(__file__).with_name("golden") / "protocols.golden", linear() | svm() | retrieval() | fine_tuning())

"""Seven methods as their papers' code has them, on one part of a batch at a time: what a part loses, and what a step leaves behind.

A part is what one device would see: its batch norm and its negatives are its own. The gradients of the parts are averaged.
"""
import copy
import math

import torch
import torch.nn.functional as F

import zoo_models

DEFAULTS = {
    "embeddingWidth": 128, "hiddenWidth": 0, "temperature": 0.1, "optimizer": "sgd", "momentum": 0.9, "weightDecay": 5e-4,
    "queueLength": 4096, "keyMomentum": 0.99, "keyMomentumSchedule": "constant", "bankMomentum": 0.5, "options": {},
}


def unit(rows):
    return F.normalize(rows, dim=1)


class Method:
    """What all have: a network, and nothing to remember."""

    head, views, fixed_rate_predictor = "mlp", 2, False

    def __init__(self, recipe, samples):
        self.recipe, self.samples = {**DEFAULTS, **recipe}, samples
        width = self.recipe["embeddingWidth"]
        self.network = zoo_models.Network(
            self.recipe["encoder"], self.head, self.recipe["hiddenWidth"], width, self.predictor_width(width))
        self.network.train()

    def predictor_width(self, width):
        return 0

    def start(self):
        """After the network has its first weights and its precision."""

    def loss(self, views, ids):
        """The mean loss of one part: views [B, 1, H, W], ids [B]."""
        raise NotImplementedError

    def follow(self, momentum):
        """The moving average after an update."""

    def remember(self):
        """The memory after an update."""

    def parameter_groups(self):
        """What follows the schedule and, where there is such, what keeps the peak rate."""
        def is_fixed(name):
            return self.fixed_rate_predictor and name.startswith("predictor.")

        named = list(self.network.named_parameters())
        groups = [{"params": [p for name, p in named if is_fixed(name) == fixed], "fixed": fixed} for fixed in (False, True)]
        return [group for group in groups if group["params"]]


class MovingAverage(Method):
    """A second network that follows the first."""

    def start(self):
        self.target = copy.deepcopy(self.network).requires_grad_(False)

    @torch.no_grad()
    def follow(self, momentum):
        for mine, other in zip(self.target.parameters(), self.network.parameters()):
            mine.mul_(momentum).add_(other, alpha=1 - momentum)


class MoCo(MovingAverage):
    """MoCo v2: the queue starts empty, and a row of a query's own image is no negative."""

    def start(self):
        super().start()
        like = next(self.network.parameters())
        self.queue = torch.empty(0, self.recipe["embeddingWidth"], dtype=like.dtype)
        self.queue_ids, self.new = torch.empty(0, dtype=torch.long), []

    def loss(self, views, ids):
        with torch.no_grad():
            keys = unit(self.target(views[1]))
        queries = unit(self.network(views[0]))
        negatives = (queries @ self.queue.t()).masked_fill(ids[:, None] == self.queue_ids[None], -math.inf)
        logits = torch.cat([(queries * keys).sum(1, keepdim=True), negatives], dim=1) / self.recipe["temperature"]
        self.new.append((keys, ids))
        return F.cross_entropy(logits, torch.zeros(len(ids), dtype=torch.long))

    def remember(self):
        length = self.recipe["queueLength"]
        self.queue = torch.cat([self.queue] + [keys for keys, _ in self.new])[-length:]
        self.queue_ids = torch.cat([self.queue_ids] + [ids for _, ids in self.new])[-length:]
        self.new = []


class SimClr(Method):
    head = "simclr-mlp"

    def loss(self, views, ids):
        rows = torch.cat([unit(self.network(view)) for view in views])
        logits = (rows @ rows.t() / self.recipe["temperature"]).fill_diagonal_(-math.inf)
        return F.cross_entropy(logits, torch.arange(len(rows)).roll(len(ids)))


class InstanceDiscrimination(Method):
    """The full softmax over a bank of one row for each image; one view."""

    head, views = "linear", 1

    def start(self):
        like = next(self.network.parameters())
        self.bank = unit(torch.randn(self.samples, self.recipe["embeddingWidth"], dtype=like.dtype))
        self.new = []

    @staticmethod
    def stored(rows):
        return rows

    def loss(self, views, ids):
        rows = unit(self.network(views[0]))
        self.new.append((rows.detach(), ids))
        return F.cross_entropy(rows @ self.bank.t() / self.recipe["temperature"], ids)

    def remember(self):
        momentum = self.recipe["bankMomentum"]
        for rows, ids in self.new:
            self.bank[ids] = self.stored(unit(momentum * self.bank[ids] + (1 - momentum) * rows))
        self.new = []


class Byol(MovingAverage):
    head = "byol-mlp"

    def predictor_width(self, width):
        return self.recipe["options"].get("predictorWidth", 0) or width

    def loss(self, views, ids):
        with torch.no_grad():
            targets = [unit(self.target(view)) for view in views]
        predictions = [unit(self.network.predictor(self.network(view))) for view in views]
        return sum((2 - 2 * (p * z).sum(1)).mean() for p, z in zip(predictions, reversed(targets)))


class SimSiam(Method):
    head, fixed_rate_predictor = "simsiam-mlp2", True

    def predictor_width(self, width):
        return self.recipe["options"].get("predictorWidth", 0) or max(8, width // 4)

    def loss(self, views, ids):
        rows = [self.network(view) for view in views]
        predictions = [self.network.predictor(z) for z in rows]
        return -sum(F.cosine_similarity(p, z.detach()).mean() for p, z in zip(predictions, reversed(rows))) / 2


class VicReg(Method):
    head = "expander"

    def loss(self, views, ids):
        one, two = (self.network(view) for view in views)
        agreement = F.mse_loss(one, two)
        spread = sum(F.relu(1 - torch.sqrt(z.var(0) + 1e-4)).mean() for z in (one, two)) / 2
        sameness = sum(self.off_diagonal(z).pow(2).sum() / z.shape[1] for z in (one, two))
        options = self.recipe["options"]
        return options.get("invariance", 25) * agreement + options.get("variance", 25) * spread + options.get("covariance", 1) * sameness

    @staticmethod
    def off_diagonal(rows):
        moments = rows.t().cov()
        return moments - torch.diag(moments.diagonal())


class BarlowTwins(Method):
    head = "expander"

    def loss(self, views, ids):
        one, two = (F.batch_norm(self.network(view), None, None, training=True) for view in views)
        correlation = one.t() @ two / len(ids)
        diagonal = correlation.diagonal()
        rest = correlation.pow(2).sum() - diagonal.pow(2).sum()
        options = self.recipe["options"]
        return options.get("scale", 0.1) * ((1 - diagonal).pow(2).sum() + options.get("offDiagonal", 0.0051) * rest)


METHODS = {
    "moco-v2": MoCo, "simclr": SimClr, "instdisc": InstanceDiscrimination, "byol": Byol, "simsiam": SimSiam,
    "vicreg": VicReg, "barlow-twins": BarlowTwins,
}


class Trainer:
    """Steps of a method: cosine over all steps, one update for all parts of a batch."""

    def __init__(self, method, total, parts=1):
        self.method, self.total, self.parts, self.done = method, total, parts, 0
        method.start()
        recipe = method.recipe
        rates = {"lr": recipe["learningRate"], "weight_decay": recipe["weightDecay"]}
        self.optimizer = {
            "sgd": lambda groups: torch.optim.SGD(groups, momentum=recipe["momentum"], **rates),
            "adamw": lambda groups: torch.optim.AdamW(groups, **rates),
        }[recipe["optimizer"]](method.parameter_groups())

    def step(self, views, ids):
        """One update; returns the mean loss of the parts."""
        recipe, fall = self.method.recipe, 0.5 * (1 + math.cos(math.pi * self.done / self.total))
        for group in self.optimizer.param_groups:
            group["lr"] = recipe["learningRate"] * (1 if group["fixed"] else fall)
        self.optimizer.zero_grad(set_to_none=True)
        losses = []
        for part in zip(ids.chunk(self.parts), *(view.chunk(self.parts) for view in views)):
            loss = self.method.loss(part[1:], part[0])
            (loss / self.parts).backward()
            losses.append(loss.item())
        self.optimizer.step()
        momentum = recipe["keyMomentum"]
        self.method.follow(1 - (1 - momentum) * fall if recipe["keyMomentumSchedule"] == "cosine" else momentum)
        self.method.remember()
        self.done += 1
        return sum(losses) / len(losses)

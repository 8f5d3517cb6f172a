"""Makes golden/losses.golden: /usr/bin/python3 make_golden_losses.py, in this folder.

The definitions as their papers have them, written as loops over samples, in float64."""

import math
import pathlib
import sys

import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Golden"))
from golden_file import write_golden  # noqa: E402

torch.manual_seed(4)
arrays = {}


def rows(count, width):
    return torch.randn(count, width, dtype=torch.float64)


def unit(count, width):
    return F.normalize(rows(count, width), dim=1)


def near(base, noise):
    return F.normalize(base + noise * torch.randn_like(base), dim=1)


def case(name, function, **inputs):
    """Keeps inputs, value and the gradient of every input that has one."""
    leaves = {key: value.clone().requires_grad_(True) for key, value in inputs.items()}
    value = function(**leaves)
    value.backward()
    arrays[f"{name}.value"] = value.reshape(1)
    for key, leaf in leaves.items():
        arrays[f"{name}.{key}"] = leaf.detach()
        if leaf.grad is not None:
            arrays[f"{name}.{key}.gradient"] = leaf.grad


def nt_xent(temperature):
    def loss(first, second):
        z, count = torch.cat([first, second]), len(first)
        total = 0
        for i in range(2 * count):
            partner = (i + count) % (2 * count)
            others = sum(torch.exp(z[i] @ z[k] / temperature) for k in range(2 * count) if k != i)
            total = total - torch.log(torch.exp(z[i] @ z[partner] / temperature) / others)
        return total / (2 * count)

    return loss


def decoupled(temperature, sigma=None):
    def loss(first, second):
        z, count = torch.cat([first, second]), len(first)
        pairs = torch.stack([(first[b] @ second[b]).detach() for b in range(count)])
        total = 0
        for i in range(2 * count):
            partner = (i + count) % (2 * count)
            others = sum(torch.exp(z[i] @ z[k] / temperature) for k in range(2 * count) if k not in (i, partner))
            weight = 1.0
            if sigma is not None:
                e = torch.exp(pairs / sigma)
                weight = 2 - e[i % count] / e.mean()
            total = total - weight * (z[i] @ z[partner]) / temperature + torch.log(others)
        return total / (2 * count)

    return loss


def supervised(labels, temperature):
    def loss(rows):
        losses = []
        for i, label in enumerate(labels):
            positives = [p for p, other in enumerate(labels) if other == label and p != i]
            if not positives:
                continue
            others = sum(torch.exp(rows[i] @ rows[a] / temperature) for a in range(len(labels)) if a != i)
            losses.append(-sum(torch.log(torch.exp(rows[i] @ rows[p] / temperature) / others) for p in positives) / len(positives))
        return sum(losses) / len(losses)

    return loss


def negative_cosine(predictions, targets):
    return -F.cosine_similarity(predictions, targets.detach(), dim=1).mean()


def vicreg(weights):
    def loss(first, second):
        similar, spread, same = weights
        total = similar * F.mse_loss(first, second)
        for x in (first, second):
            total = total + spread * F.relu(1 - torch.sqrt(x.var(dim=0) + 1e-4)).mean() / 2
            moments = torch.cov(x.t())
            total = total + same * sum(moments[i, j] ** 2 for i in range(x.shape[1]) for j in range(x.shape[1]) if i != j) / x.shape[1]
        return total

    return loss


def barlow(weight, scale):
    def loss(first, second):
        a, b = F.batch_norm(first, None, None, training=True), F.batch_norm(second, None, None, training=True)
        c = a.t() @ b / len(first)
        total = 0
        for i in range(c.shape[0]):
            for j in range(c.shape[0]):
                total = total + ((1 - c[i, j]) ** 2 if i == j else weight * c[i, j] ** 2)
        return scale * total

    return loss


def sinkhorn(scores, epsilon, rounds):
    """The loop of the paper's listing: prototypes x samples, plain exponentials."""
    q = torch.exp(scores / epsilon).t()
    q = q / q.sum()
    for _ in range(rounds):
        q = q / q.sum(dim=1, keepdim=True) / q.shape[0]
        q = q / q.sum(dim=0, keepdim=True) / q.shape[1]
    return (q * q.shape[1]).t()


def soft_cross_entropy(temperature):
    def loss(scores, codes):
        return -(codes.detach() * F.log_softmax(scores / temperature, dim=1)).sum(1).mean()

    return loss


def siglip(first, second, scale, bias):
    total = 0
    for i in range(len(first)):
        for j in range(len(second)):
            sign = 1 if i == j else -1
            total = total - torch.log(torch.sigmoid(sign * (torch.exp(scale) * (first[i] @ second[j]) + bias)))
    return total.sum() / len(first)


def in_batch(temperature):
    return lambda queries, keys: F.cross_entropy(queries @ keys.t() / temperature, torch.arange(len(queries)))


def contrastive_pairs(genuine, margin):
    def loss(first, second):
        total = 0
        for a, b, same in zip(first, second, genuine):
            d = torch.linalg.norm(a - b)
            total = total + (d**2 if same else torch.clamp(margin - d, min=0) ** 2) / 2
        return total / len(genuine)

    return loss


def lifted(labels, margin):
    def loss(rows):
        def apart(i, j):
            return torch.linalg.norm(rows[i] - rows[j])

        total, pairs = 0, 0
        for i in range(len(labels)):
            for j in range(i + 1, len(labels)):
                if labels[i] != labels[j]:
                    continue
                pushed = 0
                for k in range(len(labels)):
                    if labels[k] != labels[i]:
                        pushed = pushed + torch.exp(margin - apart(i, k)) + torch.exp(margin - apart(j, k))
                total = total + torch.relu(apart(i, j) + torch.log(pushed)) ** 2
                pairs += 1
        return total / (2 * pairs)

    return loss


def n_pair(penalty):
    def loss(anchors, positives):
        count, total = len(anchors), 0
        for i in range(count):
            total = total + torch.log(1 + sum(
                torch.exp(anchors[i] @ positives[j] - anchors[i] @ positives[i]) for j in range(count) if j != i))
        lengths = torch.cat([anchors, positives]).square().sum(1).mean()
        return total / count + penalty * lengths

    return loss


def nt_logistic(temperature):
    def loss(first, second):
        z, count = torch.cat([first, second]), len(first)
        total = 0
        for i in range(2 * count):
            partner = (i + count) % (2 * count)
            total = total - F.logsigmoid(z[i] @ z[partner] / temperature)
            others = [F.logsigmoid(-z[i] @ z[k] / temperature) for k in range(2 * count) if k not in (i, partner)]
            total = total - sum(others) / len(others)
        return total / (2 * count)

    return loss


def circle(labels, margin, scale):
    def loss(rows):
        losses = []
        for i, label in enumerate(labels):
            push = pull = 0
            for j, other in enumerate(labels):
                s = rows[i] @ rows[j]
                if other != label:
                    push = push + torch.exp(scale * torch.relu(s.detach() + margin) * (s - margin))
                elif j != i:
                    pull = pull + torch.exp(-scale * torch.relu(1 + margin - s.detach()) * (s - (1 - margin)))
            if torch.is_tensor(push) and torch.is_tensor(pull):
                losses.append(torch.log(1 + push * pull))
        return sum(losses) / len(losses)

    return loss


def soft_neighbours(labels, temperature):
    def loss(rows):
        losses = []
        for i, label in enumerate(labels):
            near = {j: torch.exp(-((rows[i] - rows[j]) ** 2).sum() / temperature) for j in range(len(labels)) if j != i}
            own = [value for j, value in near.items() if labels[j] == label]
            if own:
                losses.append(-torch.log(sum(own) / sum(near.values())))
        return sum(losses) / len(losses)

    return loss


def triplets(kind):
    def loss(anchors, positives, negatives):
        near, far = torch.linalg.norm(anchors - positives, dim=1), torch.linalg.norm(anchors - negatives, dim=1)
        return {
            "margin": lambda: F.triplet_margin_loss(anchors, positives, negatives, margin=0.4, eps=0),
            "squared": lambda: torch.relu(near**2 - far**2 + 0.2).mean(),
            "cosine": lambda: torch.relu(
                F.cosine_similarity(anchors, negatives) - F.cosine_similarity(anchors, positives) + 0.3).mean(),
            "soft": lambda: torch.log(1 + torch.exp(near - far)).mean(),
        }[kind]()

    return loss


def noise_contrast(temperature, log_partition, samples, masked):
    """The paper's h, by plain exponentials."""

    def loss(queries, positives, noise):
        draws = noise.shape[1]
        ratio, total = draws / samples, 0
        for b in range(len(queries)):
            p = torch.exp(queries[b] @ positives[b] / temperature) / math.exp(log_partition)
            total = total - torch.log(p / (p + ratio))
            for m in range(draws):
                if (b, m) in masked:
                    continue
                p = torch.exp(queries[b] @ noise[b, m] / temperature) / math.exp(log_partition)
                total = total - torch.log(ratio / (p + ratio))
        return total / len(queries)

    return loss


def hard_negatives(temperature, prior, beta):
    def loss(first, second):
        z, count = torch.cat([first, second]), len(first)
        total, number = 0, 2 * count - 2
        for i in range(2 * count):
            partner = (i + count) % (2 * count)
            p = torch.exp(z[i] @ z[partner] / temperature)
            n = torch.stack([torch.exp(z[i] @ z[k] / temperature) for k in range(2 * count) if k not in (i, partner)])
            weights = n**beta
            reweighted = (weights * n).sum() / weights.mean()
            estimate = (reweighted - number * prior * p) / (1 - prior)
            total = total - torch.log(p / (p + torch.clamp(estimate, min=number * math.exp(-1 / temperature))))
        return total / (2 * count)

    return loss


first = unit(5, 6)
second = near(first, 0.3)
for temperature in (0.5, 0.01):
    case(f"nt-xent {temperature}", nt_xent(temperature), first=first, second=second)
    case(f"dcl {temperature}", decoupled(temperature), first=first, second=second)
    case(f"in-batch {temperature}", in_batch(temperature), queries=first, keys=torch.cat([second, unit(3, 6)]))
case("dclw", decoupled(0.2, 0.5), first=first, second=second)
labels = [3, 1, 3, 2, 1, 3, 7]
case("supcon 0.1", supervised(labels, 0.1), rows=unit(7, 6))
case("supcon 0.01", supervised(labels, 0.01), rows=unit(7, 6))
case("negative cosine", negative_cosine, predictions=3 * rows(4, 6), targets=rows(4, 6))
case("vicreg", vicreg((25, 25, 1)), first=rows(6, 4), second=0.7 * rows(6, 4))
case("vicreg weights", vicreg((3, 2, 5)), first=rows(6, 4), second=0.7 * rows(6, 4))
case("barlow", barlow(0.0051, 1), first=rows(6, 4), second=2 * rows(6, 4) + 1)
case("barlow scaled", barlow(0.02, 0.024), first=rows(6, 4), second=2 * rows(6, 4) + 1)
scores = unit(8, 6) @ unit(5, 6).t()
arrays["sinkhorn.scores"] = scores
arrays["sinkhorn.3"] = sinkhorn(scores, 0.05, 3)
arrays["sinkhorn.1"] = sinkhorn(scores, 0.3, 1)
case("swav", soft_cross_entropy(0.1), scores=unit(8, 6) @ unit(5, 6).t(), codes=sinkhorn(scores, 0.05, 3))
teacher, centre = rows(4, 7), 0.2 * rows(1, 7)
arrays["dino.teacher"], arrays["dino.centre"] = teacher, centre
arrays["dino.targets"] = F.softmax((teacher - centre) / 0.04, dim=-1)
case("dino", soft_cross_entropy(0.1), scores=rows(4, 7), codes=arrays["dino.targets"])
case("siglip", siglip, first=first, second=second, scale=torch.tensor([math.log(10)], dtype=torch.float64),
     bias=torch.tensor([-10.0], dtype=torch.float64))
case("siglip cold", siglip, first=first, second=second, scale=torch.tensor([math.log(30)], dtype=torch.float64),
     bias=torch.tensor([2.0], dtype=torch.float64))

first, second = rows(6, 4), rows(6, 4)
case("pairs", contrastive_pairs([True, False, False, True, False, True], 2.5), first=first, second=second)
case("lifted", lifted(labels, 1.0), rows=rows(7, 5))
case("lifted unit", lifted(labels, 0.5), rows=unit(7, 5))
case("n-pair", n_pair(0), anchors=rows(5, 4), positives=rows(5, 4))
case("n-pair penalty", n_pair(0.02), anchors=rows(5, 4), positives=rows(5, 4))
first = unit(4, 6)
second = near(first, 0.3)
for temperature in (0.5, 0.01):
    case(f"nt-logistic {temperature}", nt_logistic(temperature), first=first, second=second)
    case(f"debiased {temperature}", hard_negatives(temperature, 0.1, 0), first=first, second=second)
    case(f"hard {temperature}", hard_negatives(temperature, 0.1, 1.0), first=first, second=second)
case("hard floor", hard_negatives(0.5, 0.6, 0.5), first=first, second=second)
case("circle", circle(labels, 0.25, 8), rows=unit(7, 6))
case("circle 256", circle(labels, 0.25, 256), rows=unit(7, 6))
case("soft neighbours", soft_neighbours(labels, 3.0), rows=rows(7, 5))
case("soft neighbours 0.01", soft_neighbours(labels, 0.01), rows=unit(7, 5))
anchors, positives, negatives = rows(6, 4), rows(6, 4), rows(6, 4)
for kind in ("margin", "squared", "cosine", "soft"):
    case(f"triplets {kind}", triplets(kind), anchors=anchors, positives=positives, negatives=negatives)
q, bank, noise = unit(4, 6), unit(4, 6), unit(12, 6).reshape(4, 3, 6)
case("nce", noise_contrast(0.2, 3.1, 40, []), queries=q, positives=bank, noise=noise)
case("nce masked", noise_contrast(0.07, 3.1, 40, [(0, 1), (3, 2)]), queries=q, positives=bank, noise=noise)

write_golden(pathlib.Path(__file__).with_name("golden") / "losses.golden", arrays)

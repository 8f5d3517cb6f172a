#!/usr/bin/env python3
"""MoCo v2 on Fashion-MNIST as a user of PyTorch writes it: the peer that our training is measured against.

  moco_pytorch.py --data FOLDER --epochs 3                          train, then judge by weighted kNN
  moco_pytorch.py --data FOLDER --mode tuned --steps 60 --json      throughput only, channels-last (and bfloat16)
  moco_pytorch.py --data FOLDER --dump DIR                          initial weights, views and losses of 20 steps
  moco_pytorch.py --weights DIR/weights.safetensors --views DIR     run on given weights and views
  moco_pytorch.py --data FOLDER --dump DIR --golden FILE --batch 16 --k 256 --lr 0.03 --threads 1 --double
                                                                    how the parity test's golden file was made

`--mode plain`: fp32, two DataLoader workers, torchvision transforms on PIL images. `--mode tuned`: channels-last, and
bfloat16 autocast where the processor has bfloat16 instructions (elsewhere autocast only slows it down, so it stays in
fp32 and says so). `--augment batched` replaces the PIL pipeline by one grid-sample per batch.
"""
import argparse
import copy
import json
import math
import os
import resource
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

import peer_data
import peer_models

MEAN, STD = 0.2860, 0.3530


class Blur:
    """MoCo v2's Gaussian blur, sigma uniform in [0.1, 2]."""

    def __call__(self, image):
        return image.filter(ImageFilter.GaussianBlur(radius=float(torch.empty(1).uniform_(0.1, 2.0))))


class ToBytes:
    """The image as it is, 8-bit [1, H, W]: what a dump keeps."""

    def __call__(self, image):
        return torch.from_numpy(np.array(image))[None]


class TwoViews(Dataset):
    def __init__(self, images, transform):
        self.images, self.transform = images, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = Image.fromarray(self.images[index], mode="L")
        return self.transform(image), self.transform(image)


def pil_transform(a, to_bytes=False):
    steps = [transforms.RandomResizedCrop(28, scale=tuple(a.crop_scale), ratio=tuple(a.crop_ratio))]
    if a.jitter > 0:
        s = a.jitter
        steps.append(transforms.RandomApply([transforms.ColorJitter(s, s, s, s / 4)], p=a.jitter_p))
    steps.append(transforms.RandomGrayscale(p=0.2))
    if a.blur > 0:
        steps.append(transforms.RandomApply([Blur()], p=a.blur))
    if a.flip > 0:
        steps.append(transforms.RandomHorizontalFlip(p=a.flip))
    last = [ToBytes()] if to_bytes else [transforms.ToTensor(), transforms.Normalize((MEAN,), (STD,))]
    return transforms.Compose(steps + last)


def batched_views(pixels, a):
    """Crop, flip, brightness and contrast of a whole batch [B, 1, 28, 28] in [0, 1] by one affine grid-sample."""
    count = pixels.shape[0]
    area = torch.empty(count).uniform_(*a.crop_scale)
    ratio = torch.exp(torch.empty(count).uniform_(math.log(a.crop_ratio[0]), math.log(a.crop_ratio[1])))
    w, h = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    x, y = (torch.rand(count) * 2 - 1) * (1 - w), (torch.rand(count) * 2 - 1) * (1 - h)
    sign = 1 - 2 * (torch.rand(count) < a.flip).float()
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 0, 2], theta[:, 1, 1], theta[:, 1, 2] = w * sign, x, h, y
    view = F.grid_sample(pixels, F.affine_grid(theta, pixels.shape, align_corners=False), align_corners=False)
    if a.jitter > 0:
        on = (torch.rand(count) < a.jitter_p).float() * a.jitter
        factor = 1 + on * (torch.rand(count) * 2 - 1)
        view = (view * factor[:, None, None, None]).clamp(0, 1)
        mean = view.mean((1, 2, 3), keepdim=True)
        factor = 1 + on * (torch.rand(count) * 2 - 1)
        view = ((view - mean) * factor[:, None, None, None] + mean).clamp(0, 1)
    return (view - MEAN) / STD


def batches(images, a, epoch):
    """The epoch's pairs of views, dropping the last partial batch."""
    if a.augment == "batched":
        order = torch.randperm(len(images))
        for start in range(0, len(images) - a.batch + 1, a.batch):
            pixels = torch.from_numpy(images[order[start:start + a.batch].numpy()]).float().div_(255)[:, None]
            yield batched_views(pixels, a), batched_views(pixels, a)
        return
    generator = torch.Generator().manual_seed(a.seed * 1000 + epoch)
    yield from DataLoader(TwoViews(images, pil_transform(a)), batch_size=a.batch, shuffle=True, num_workers=a.workers,
                          drop_last=True, generator=generator, persistent_workers=False)


class MoCo(torch.nn.Module):
    def __init__(self, a):
        super().__init__()
        encoder = peer_models.Encoder(a.encoder, a.width, 1, splits=a.splits)
        dims = [encoder.features] + (a.head if a.head else [encoder.features, 128])
        self.query = torch.nn.ModuleDict({"encoder": encoder, "head": peer_models.head(dims)})
        self.key = copy.deepcopy(self.query)
        self.key.requires_grad_(False)
        self.register_buffer("queue", F.normalize(torch.randn(a.k, dims[-1]), dim=1))
        self.pointer, self.m, self.t = 0, a.m, a.t

    @staticmethod
    def embed(net, x):
        rows = net["head"](net["encoder"](x))
        return F.normalize(rows if rows.dtype == torch.float64 else rows.float(), dim=1)

    def forward(self, query_views, key_views):
        q = self.embed(self.query, query_views)
        with torch.no_grad():
            for key, query in zip(self.key.parameters(), self.query.parameters()):
                key.mul_(self.m).add_(query, alpha=1 - self.m)
            k = self.embed(self.key, key_views)
        logits = torch.cat([(q * k).sum(1, keepdim=True), q @ self.queue.clone().t()], dim=1) / self.t
        loss = F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))
        rows = (self.pointer + torch.arange(len(k))) % len(self.queue)
        self.queue[rows] = k
        self.pointer = (self.pointer + len(k)) % len(self.queue)
        return loss


def bfloat16_hardware():
    try:
        with open("/proc/cpuinfo") as stream:
            text = stream.read()
    except OSError:
        return False
    return "avx512_bf16" in text or "amx_bf16" in text


@torch.no_grad()
def features(encoder, images):
    """Unit rows of the average-pooled and of the 2x2-pooled encoder output."""
    encoder.eval()
    parts = []
    for start in range(0, len(images), 1000):
        maps = encoder.map((torch.from_numpy(images[start:start + 1000]).float()[:, None] / 255 - MEAN) / STD)
        parts.append([F.adaptive_avg_pool2d(maps, pool).flatten(1) for pool in (1, 2)])
    return [F.normalize(torch.cat(pooled), dim=1) for pooled in zip(*parts)]


@torch.no_grad()
def knn(train, train_labels, test, test_labels, settings=((200, 0.1), (20, 0.07))):
    """Weighted kNN of InstDisc; one accuracy for each (k, T)."""
    train_labels, test_labels = torch.from_numpy(train_labels), torch.from_numpy(test_labels)
    classes, right = int(train_labels.max()) + 1, [0] * len(settings)
    for start in range(0, len(test), 500):
        similarity = test[start:start + 500] @ train.t()
        top, index = similarity.topk(min(max(k for k, _ in settings), len(train)), dim=1)
        for slot, (k, t) in enumerate(settings):
            votes = torch.zeros(len(top), classes)
            votes.scatter_add_(1, train_labels[index[:, :k]], torch.exp(top[:, :k] / t))
            right[slot] += int((votes.argmax(1) == test_labels[start:start + 500]).sum())
    return [r / len(test) for r in right]


def evaluate(encoder, data, prefix, out):
    """kNN of both poolings: `prefix`Top1 (k = 200), `prefix`20Top1 (k = 20), the same with Pool2x2."""
    train, train_labels, test, test_labels = data
    for suffix, bank, queries in zip(("", "Pool2x2"), features(encoder, train), features(encoder, test)):
        for k, value in zip(("", "20"), knn(bank, train_labels, queries, test_labels)):
            out[f"{prefix}{k}Top1{suffix}"] = value


def learning_rate(a, step, total):
    return a.lr * 0.5 * (1 + math.cos(math.pi * step / max(total, 1)))


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", help="folder with the four Fashion-MNIST IDX files, plain or .gz")
    p.add_argument("--mode", choices=("plain", "tuned"), default="plain")
    p.add_argument("--augment", choices=("pil", "batched"), default="pil")
    p.add_argument("--epochs", type=int, default=1)
    p.add_argument("--batch", type=int, default=256)
    p.add_argument("--encoder", default="resnet8")
    p.add_argument("--width", type=int, default=16)
    p.add_argument("--head", type=int, nargs="*", help="widths after the encoder; default F 128; one number is a linear head")
    p.add_argument("--splits", type=int, default=1, help="parts of the batch that batch norm sees")
    p.add_argument("--k", type=int, default=4096)
    p.add_argument("--m", type=float, default=0.99)
    p.add_argument("--t", type=float, default=0.1)
    p.add_argument("--lr", type=float, default=0.12)
    p.add_argument("--wd", type=float, default=5e-4)
    p.add_argument("--crop-scale", type=float, nargs=2, default=(0.5, 1.0))
    p.add_argument("--crop-ratio", type=float, nargs=2, default=(3 / 4, 4 / 3))
    p.add_argument("--jitter", type=float, default=0.4)
    p.add_argument("--jitter-p", type=float, default=0.8)
    p.add_argument("--blur", type=float, default=0.0, help="probability of the blur")
    p.add_argument("--flip", type=float, default=0.5)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=0, help="0: one for each processor")
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--steps", type=int, default=0, help="only so many timed steps (after 5 untimed); no evaluation")
    p.add_argument("--step-only", action="store_true", help="with --steps: the network passes alone, on one fixed batch")
    p.add_argument("--limit", type=int, default=0, help="train on the first so many images only")
    p.add_argument("--validate", action="store_true", help="judge on the last 10,000 training images, train on the rest")
    p.add_argument("--no-baselines", action="store_true", help="leave out random-initialisation and raw-pixel kNN")
    p.add_argument("--dump", help="folder for weights.safetensors, views.safetensors, losses.json; runs 20 steps")
    p.add_argument("--golden", help="with --dump: the same in one file, for the parity test")
    p.add_argument("--views", help="folder with a dump's views.safetensors: run on these instead of the data")
    p.add_argument("--weights", help="initial weights and queue, as a dump writes them")
    p.add_argument("--double", action="store_true", help="compute in fp64")
    p.add_argument("--json", action="store_true", help="one JSON object on standard output, progress on standard error")
    return p.parse_args()


def load_weights(model, path):
    tensors = {name: torch.from_numpy(array) for name, array in peer_data.read_safetensors(path).items()}
    queue = tensors.pop("queue", None)
    model.query.load_state_dict(tensors)
    model.key.load_state_dict(tensors)
    if queue is not None:
        model.queue = queue.to(model.queue.dtype)


def dump_weights(model, path):
    tensors = {name: tensor.numpy() for name, tensor in {**model.query.state_dict(), "queue": model.queue}.items()}
    # Drawn in fp32, so nothing is lost where the run itself is in fp64.
    peer_data.write_safetensors(path, {n: t.astype(np.float32) if t.dtype == np.float64 else t for n, t in tensors.items()})


def normalised(pixels):
    return (torch.from_numpy(pixels).double().div(255) - MEAN) / STD


class Trainer:
    """One optimiser step in the mode's precision and memory format."""

    def __init__(self, a):
        self.a, self.model = a, MoCo(a)
        if a.weights:
            load_weights(self.model, a.weights)
        self.bfloat16 = a.mode == "tuned" and bfloat16_hardware()
        self.format = torch.channels_last if a.mode == "tuned" else torch.contiguous_format
        self.model = self.model.to(memory_format=self.format)
        if a.double:
            self.model = self.model.double()
        self.optimizer = torch.optim.SGD(self.model.query.parameters(), lr=a.lr, momentum=0.9, weight_decay=a.wd)
        self.model.train()

    @property
    def precision(self):
        if self.a.double:
            return "fp64"
        if self.bfloat16:
            return "bfloat16 autocast, channels-last"
        return "fp32, channels-last (no bfloat16 hardware)" if self.a.mode == "tuned" else "fp32"

    def step(self, query, key, rate):
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        query, key = (views.to(self.model.queue.dtype).contiguous(memory_format=self.format) for views in (query, key))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bfloat16):
            loss = self.model(query, key)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def fixed_views(trainer, a):
    """Twenty steps on dumped views, without a schedule: the losses that a parity test compares."""
    views = peer_data.read_safetensors(os.path.join(a.views, "views.safetensors"))
    count = len(views) // 2
    return [trainer.step(normalised(views[f"step{s:02}.query"]), normalised(views[f"step{s:02}.key"]),
                         learning_rate(a, s, count)) for s in range(count)]


def dump(trainer, a, images):
    """Twenty pairs of 8-bit views, the weights before them, and the losses on them."""
    os.makedirs(a.dump, exist_ok=True)
    dump_weights(trainer.model, os.path.join(a.dump, "weights.safetensors"))
    loader = DataLoader(TwoViews(images, pil_transform(a, to_bytes=True)), batch_size=a.batch, shuffle=True, drop_last=True,
                        generator=torch.Generator().manual_seed(a.seed))
    views = {}
    for step, (query, key) in enumerate(loader):
        if step == 20:
            break
        views[f"step{step:02}.query"], views[f"step{step:02}.key"] = query.numpy(), key.numpy()
    peer_data.write_safetensors(os.path.join(a.dump, "views.safetensors"), views)
    a.views = a.dump
    losses = fixed_views(trainer, a)
    if a.golden:
        weights = peer_data.read_safetensors(os.path.join(a.dump, "weights.safetensors"))
        peer_data.write_safetensors(a.golden, {**weights, **views, "losses": np.array(losses)})
    recipe = {"batch": a.batch, "k": a.k, "m": a.m, "t": a.t, "lr": a.lr, "schedule": "cosine over 20 steps, per step",
              "momentum": 0.9, "wd": a.wd, "mean": MEAN, "std": STD, "losses": losses}
    with open(os.path.join(a.dump, "losses.json"), "w") as stream:
        json.dump(recipe, stream, indent=1)
        stream.write("\n")
    return losses


def throughput(trainer, a, images):
    """Images per second over a.steps steps, after five that are not timed."""
    warm = 5
    if a.step_only:
        fixed = torch.randn(2, a.batch, 1, 28, 28)
        source = ((fixed[0], fixed[1]) for _ in range(warm + a.steps))
    else:
        source = (pair for epoch in range(1000) for pair in batches(images, a, epoch))
    losses, start = [], 0.0
    for index, (query, key) in enumerate(source):
        if index == warm:
            start = time.perf_counter()
        losses.append(trainer.step(query, key, a.lr * 0.1))
        if index + 1 == warm + a.steps:
            break
    return a.steps * a.batch / (time.perf_counter() - start), losses


def train(trainer, a, images, log):
    steps = len(images) // a.batch
    total, done, means, seen = steps * a.epochs, 0, [], 0.0
    for epoch in range(a.epochs):
        begin, losses = time.perf_counter(), []
        for query, key in batches(images, a, epoch):
            losses.append(trainer.step(query, key, learning_rate(a, done, total)))
            done += 1
        seconds = time.perf_counter() - begin
        seen += seconds
        means.append(float(np.mean(losses)))
        log(f"epoch {epoch + 1}/{a.epochs}  loss {means[-1]:.4f}  {steps * a.batch / seconds:.0f} images/s")
    return total * a.batch / seen, means


def main():
    a = arguments()
    log = lambda text: print(text, file=sys.stderr, flush=True)
    torch.set_num_threads(a.threads or os.cpu_count())
    torch.manual_seed(a.seed)
    trainer = Trainer(a)
    out = {"mode": a.mode, "precision": trainer.precision, "augment": a.augment, "threads": torch.get_num_threads(),
           "batch": a.batch, "epochs": a.epochs, "seed": a.seed, "chanceLoss": math.log(a.k + 1)}
    log(f"{out['mode']}: {out['precision']}, {out['threads']} threads, batch {a.batch}")

    needs_data = not a.views and not (a.steps and a.step_only)
    if needs_data:
        if not a.data:
            sys.exit("moco_pytorch.py: --data FOLDER is needed")
        images, labels = peer_data.read_split(a.data, "train")
        if a.validate:
            images, labels, test, test_labels = images[:50000], labels[:50000], images[50000:], labels[50000:]
        else:
            test, test_labels = peer_data.read_split(a.data, "test")
        if a.limit:
            images, labels = images[:a.limit], labels[:a.limit]

    begin = time.perf_counter()
    if a.dump:
        out["losses"] = dump(trainer, a, images)
    elif a.views:
        out["losses"] = fixed_views(trainer, a)
    elif a.steps:
        out["imagesPerSecond"], out["losses"] = throughput(trainer, a, None if a.step_only else images)
    else:
        encoder, data = trainer.model.query["encoder"], (images, labels, test, test_labels)
        if not a.no_baselines:
            evaluate(encoder, data, "randomInit", out)
            flat = lambda x: F.normalize(torch.from_numpy(x).float().flatten(1), dim=1)
            out.update(zip(("rawPixelTop1", "rawPixel20Top1"), knn(flat(images), labels, flat(test), test_labels)))
            trainer.model.train()
        out["imagesPerSecond"], out["losses"] = train(trainer, a, images, log)
        evaluate(encoder, data, "knn", out)
    out["seconds"] = time.perf_counter() - begin
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    out["cpuSeconds"] = sum(u.ru_utime + u.ru_stime for u in usage)
    if a.json:
        print(json.dumps(out))
    else:
        for name, value in out.items():
            print(f"{name:20} {value}")


if __name__ == "__main__":
    main()

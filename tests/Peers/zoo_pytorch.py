#!/usr/bin/env python3
"""A method on Fashion-MNIST as a user of PyTorch trains it, by the recipe of our preset: the peer of our own runs.

  zoo_pytorch.py --method simclr --seed 1 --samples 12800 --data FOLDER --json      one epoch of the first 12,800 images
  zoo_pytorch.py --method instdisc --epochs 10 --data FOLDER                        ten epochs of all
  zoo_pytorch.py --method moco-v2 --start FILE --data FOLDER                        from the weights that our run started from, as
                 `contrastive export RUN --weights initial --head --format torch` writes them
  zoo_pytorch.py --method byol --samples 512 --gallery 1000 --queries 500 --data FOLDER    only to see that it runs

The recipe is presets/<method>-fashion-mnist.json itself, so a change there changes both; a key that is not known here is an error.
A batch is shared by --parts networks with the same weights, as our encoders share it in lockstep: batch norm and negatives of
the batch are those of a part, and the gradients are averaged into one update. The answer is the mean loss of the last twenty steps and
the weighted kNN of the encoder's average-pooled features, with running statistics of batch norm.
"""
import argparse
import json
import os
import pathlib
import sys
import time

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

import moco_pytorch
import peer_data
import zoo_methods

PRESETS = pathlib.Path(__file__).resolve().parents[2] / "presets"

# Keys of a preset that say how our program runs, and those that say what is trained.
OF_OURS = {"$about", "method", "dataset", "evaluateEpochs", "epochs", "batch", "augmentation", "cropScaleMin"}
KNOWN = OF_OURS | set(zoo_methods.DEFAULTS) | {"encoder", "learningRate"}

# Name in our presets to crop scale, crop ratio, jitter of brightness and contrast, its chance, chance of a flip.
AUGMENTATIONS = {"fashion-mnist": ((0.8, 1.0), (0.9, 1.1), 0.4, 0.8, 0.5)}


def preset(method):
    path = PRESETS / f"{method}-fashion-mnist.json"
    recipe = json.loads(path.read_text())
    if unknown := set(recipe) - KNOWN:
        sys.exit(f"zoo_pytorch.py: {path.name} has {', '.join(sorted(unknown))}, which this peer does not know")
    return recipe


def transform(recipe):
    scale, ratio, jitter, jitter_chance, flip = AUGMENTATIONS[recipe["augmentation"]]
    scale = (recipe.get("cropScaleMin", scale[0]), scale[1])
    return transforms.Compose([
        transforms.RandomResizedCrop(28, scale=scale, ratio=ratio),
        transforms.RandomHorizontalFlip(p=flip),
        transforms.RandomApply([transforms.ColorJitter(jitter, jitter)], p=jitter_chance),
        transforms.ToTensor(),
        transforms.Normalize((moco_pytorch.MEAN,), (moco_pytorch.STD,)),
    ])


class Views(Dataset):
    """So many views of an image, and its number."""

    def __init__(self, images, recipe, count):
        self.images, self.transform, self.count = images, transform(recipe), count

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        image = Image.fromarray(self.images[index], mode="L")
        return index, *(self.transform(image) for _ in range(self.count))


def train(method, recipe, images, a, log):
    """Losses of all steps, and images per second."""
    loader = DataLoader(
        Views(images, recipe, method.views), batch_size=recipe["batch"], shuffle=True, drop_last=True,
        num_workers=a.workers, persistent_workers=a.workers > 0, generator=torch.Generator().manual_seed(a.seed))
    trainer = zoo_methods.Trainer(method, len(loader) * a.epochs, a.parts)
    losses, begin = [], time.perf_counter()
    for epoch in range(a.epochs):
        for ids, *views in loader:
            losses.append(trainer.step(views, ids))
        log(f"epoch {epoch + 1}/{a.epochs}  loss {np.mean(losses[-len(loader):]):.4f}")
    return losses, len(losses) * recipe["batch"] / (time.perf_counter() - begin)


def start_from(network, path):
    """Puts the weights of a file of ours, torchvision's names and head.*, into a network; a predictor keeps its own."""
    weights = {name if name.startswith("head.") else f"encoder.{name}": value for name, value in torch.load(path).items()}
    answer = network.load_state_dict(weights, strict=False)
    if wrong := answer.unexpected_keys + [name for name in answer.missing_keys if not name.startswith("predictor.")]:
        sys.exit(f"zoo_pytorch.py: {path} does not fit: {', '.join(wrong)} in one of the two only")


def judge(encoder, gallery, queries):
    """Weighted kNN at k = 200, T = 0.1 and at k = 20, T = 0.07."""
    rows = [moco_pytorch.features(encoder, images)[0] for images, _ in (gallery, queries)]
    return moco_pytorch.knn(rows[0], gallery[1], rows[1], queries[1])


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--method", choices=sorted(zoo_methods.METHODS), required=True)
    p.add_argument("--data", required=True, help="folder with the four Fashion-MNIST IDX files, plain or .gz")
    p.add_argument("--samples", type=int, help="train on the first so many images, once where --epochs says nothing else")
    p.add_argument("--epochs", type=int, help="default: the preset's, or 1 with --samples")
    p.add_argument("--batch", type=int, help="default: the preset's")
    p.add_argument("--parts", type=int, default=2, help="networks that share a batch")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--start", help="a file of the first weights, instead of random ones")
    p.add_argument("--gallery", type=int, help="judge against the first so many training images only")
    p.add_argument("--queries", type=int, help="judge the first so many test images only")
    p.add_argument("--threads", type=int, default=0, help="0: one for each processor")
    p.add_argument("--workers", type=int, default=2)
    p.add_argument("--json", action="store_true", help="one JSON object on standard output, progress on standard error")
    return p.parse_args()


def main():
    a = arguments()
    log = lambda text: print(text, file=sys.stderr, flush=True)
    torch.set_num_threads(a.threads or os.cpu_count())
    torch.manual_seed(a.seed)
    recipe = preset(a.method)
    recipe["batch"] = a.batch or recipe["batch"]
    a.epochs = a.epochs or (1 if a.samples else recipe["epochs"])
    if recipe["batch"] % a.parts:
        sys.exit(f"zoo_pytorch.py: a batch of {recipe['batch']} cannot be shared by {a.parts}")
    gallery, queries = (peer_data.read_split(a.data, split) for split in ("train", "test"))
    images = gallery[0][:a.samples]
    if len(images) < max(recipe["batch"], a.samples or 0):
        sys.exit(f"zoo_pytorch.py: {len(images)} images are fewer than a batch of {recipe['batch']}, or than --samples")

    method = zoo_methods.METHODS[a.method](recipe, len(images))
    if a.start:
        start_from(method.network, a.start)
    sides = [[part[:count] for part in split] for split, count in ((gallery, a.gallery), (queries, a.queries))]
    untrained = judge(method.network.encoder, *sides)
    method.network.train()
    losses, speed = train(method, recipe, images, a, log)
    scores = judge(method.network.encoder, *sides)
    out = {
        "method": a.method, "seed": a.seed, "samples": len(losses) * recipe["batch"], "epochs": a.epochs, "batch": recipe["batch"],
        "parts": a.parts, "loss": float(np.mean(losses[-20:])), "knnTop1": scores[0], "knn20Top1": scores[1],
        "randomInitTop1": untrained[0], "randomInit20Top1": untrained[1], "imagesPerSecond": speed,
    }
    if a.json:
        print(json.dumps(out))
    else:
        for name, value in out.items():
            print(f"{name:20} {value}")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Views per second of one core with torchvision's transforms on PIL images, as MoCo's own code uses them.

--case 32: MoCo v2 on CIFAR (32x32 colour, no blur). --case 224: MoCo v2 (224x224 views of a decoded 500x375 image).
"""
import argparse
import random
import time

import numpy as np
import torch
from PIL import Image, ImageFilter
from torchvision import transforms

import peer_bench


class Blur:
    def __call__(self, image):
        return image.filter(ImageFilter.GaussianBlur(radius=random.uniform(0.1, 2.0)))


def pipeline(case):
    jitter = transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)], p=0.8)
    gray, flip = transforms.RandomGrayscale(p=0.2), transforms.RandomHorizontalFlip()
    if case == 32:
        return transforms.Compose([
            transforms.RandomResizedCrop(32, scale=(0.08, 1.0)), flip, jitter, gray, transforms.ToTensor(),
            transforms.Normalize((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010))])
    return transforms.Compose([
        transforms.RandomResizedCrop(224, scale=(0.2, 1.0)), jitter, gray, transforms.RandomApply([Blur()], p=0.5), flip,
        transforms.ToTensor(), transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])


def picture(width, height, seed):
    """Smooth colour noise: natural enough that nothing short-cuts."""
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, 3), dtype=np.uint8))
    return small.resize((width, height), Image.BICUBIC)


def prepare(a):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    random.seed(0)
    size = (32, 32) if a.case == 32 else (500, 375)
    images = [picture(*size, seed) for seed in range(32)]
    transform = pipeline(a.case)
    count = a.views or (1000 if a.case == 32 else 60)

    def measure():
        begin, cpu = time.perf_counter(), time.process_time()
        for index in range(count):
            transform(images[index % len(images)])
        cpu, wall = time.process_time() - cpu, time.perf_counter() - begin
        return {"viewsPerSecond": count / wall, "viewsPerCpuSecond": count / cpu, "views": count, "seconds": wall}

    return measure


def main():
    p = peer_bench.options(argparse.ArgumentParser(description=__doc__))
    p.add_argument("--case", type=int, choices=(32, 224), default=32)
    p.add_argument("--views", type=int, default=0)
    peer_bench.run(p.parse_args(), prepare)


if __name__ == "__main__":
    main()

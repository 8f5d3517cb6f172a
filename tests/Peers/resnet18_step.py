#!/usr/bin/env python3
"""Seconds of one ResNet-18 training step (forward, backward, SGD with momentum) in Python on this machine's libtorch."""
import argparse
import time

import torch

import peer_bench
import peer_models


def prepare(a):
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    encoder = peer_models.Encoder("resnet18", 64, 3, a.stem)
    optimizer = torch.optim.SGD(encoder.parameters(), lr=0.01, momentum=0.9)
    images = torch.randn(a.batch, 3, a.size, a.size)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = encoder(images).square().mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    step()

    def measure():
        begin, cpu = time.perf_counter(), time.process_time()
        for _ in range(a.steps):
            loss = step()
        wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
        return {"secondsPerStep": wall / a.steps, "cpuSecondsPerStep": cpu / a.steps, "threads": a.threads,
                "batch": a.batch, "loss": loss}

    return measure


def main():
    p = peer_bench.options(argparse.ArgumentParser(description=__doc__))
    p.add_argument("--stem", choices=("cifar", "imagenet"), default="cifar")
    p.add_argument("--size", type=int, default=32)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--steps", type=int, default=1)
    p.add_argument("--threads", type=int, default=1)
    peer_bench.run(p.parse_args(), prepare)


if __name__ == "__main__":
    main()

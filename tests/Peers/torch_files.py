"""Writes and reads files of PyTorch and NumPy for the tests of this project's own readers and writers.

    torch_files.py write FOLDER     state dicts that a reader must take (plain.pt, wrapped.pt, strided.pt) or refuse (evil.pt, legacy.pt)
    torch_files.py read FILE        one line per tensor of a state dict: name, dtype, shape, sum
    torch_files.py npy FILE         dtype, shape and sum of an array
"""
import os
import sys
from collections import OrderedDict

import numpy as np
import torch


class Evil:
    def __reduce__(self):
        return os.mkdir, (os.path.join(sys.argv[2], "was-executed"),)


def write(folder):
    torch.manual_seed(1)
    at = lambda name: os.path.join(folder, name)
    plain = torch.nn.Sequential(OrderedDict(conv1=torch.nn.Conv2d(3, 4, 3, bias=False), bn1=torch.nn.BatchNorm2d(4))).state_dict()
    plain["half"] = torch.tensor([1.5, -2.0], dtype=torch.bfloat16)
    torch.save(plain, at("plain.pt"))
    torch.save({"epoch": 3, "arch": "resnet18", "state_dict": plain, "optimizer": {"lr": 0.1, "groups": [(1, 2), None, True]}}, at("wrapped.pt"))
    base = torch.arange(60, dtype=torch.float32).reshape(2, 5, 3, 2)
    torch.save({"last": base.to(memory_format=torch.channels_last), "part": base[1, 1:3], "column": base[:, 2, 1, 0], "same": base}, at("strided.pt"))
    torch.save({"weight": torch.zeros(2), "evil": Evil()}, at("evil.pt"))
    torch.save(plain, at("legacy.pt"), _use_new_zipfile_serialization=False)


def read(file):
    for name, tensor in torch.load(file).items():
        print(name, str(tensor.dtype), "x".join(map(str, tensor.shape)), repr(float(tensor.double().sum())))


def npy(file):
    array = np.load(file)
    print(array.dtype.str, "x".join(map(str, array.shape)), array.flags["C_CONTIGUOUS"], repr(float(array.astype(np.float64).sum())))


if __name__ == "__main__":
    {"write": write, "read": read, "npy": npy}[sys.argv[1]](sys.argv[2])

"""Reading IDX files and reading and writing safetensors: what the peer scripts share about data."""
import gzip
import json
import os
import struct

import numpy as np

FASHION_MNIST = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}


def read_idx(path):
    """One IDX file of unsigned bytes, plain or gzip, as an array of its own shape."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rb") as stream:
        zero, kind, rank = struct.unpack(">HBB", stream.read(4))
        if zero != 0 or kind != 8:
            raise ValueError(f"{path}: expected an IDX file of unsigned bytes, found kind {kind:#04x}")
        shape = struct.unpack(">" + "I" * rank, stream.read(4 * rank))
        pixels = np.frombuffer(stream.read(), dtype=np.uint8)
    if pixels.size != int(np.prod(shape)):
        raise ValueError(f"{path}: expected {shape} bytes after the header, found {pixels.size}")
    return pixels.reshape(shape).copy()


def read_split(folder, split):
    """Images [N, 28, 28] and labels [N] of the "train" or the "test" split."""
    arrays = []
    for name in FASHION_MNIST[split]:
        found = [p for p in (os.path.join(folder, name), os.path.join(folder, name + ".gz")) if os.path.exists(p)]
        if not found:
            raise FileNotFoundError(f"{folder}: neither {name} nor {name}.gz is there")
        arrays.append(read_idx(found[0]))
    return arrays[0], arrays[1].astype(np.int64)


_NAMES = {"float32": "F32", "uint8": "U8", "int64": "I64", "float64": "F64"}


def write_safetensors(path, tensors):
    """Writes named numpy arrays; names are sorted, so equal content gives equal files."""
    header, offset = {}, 0
    names = sorted(tensors)
    for name in names:
        array = tensors[name]
        header[name] = {
            "dtype": _NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as stream:
        stream.write(struct.pack("<Q", len(text)))
        stream.write(text)
        for name in names:
            stream.write(np.ascontiguousarray(tensors[name]).tobytes())


def read_safetensors(path):
    """Every tensor of a safetensors file as a numpy array."""
    types = {v: np.dtype(k) for k, v in _NAMES.items()}
    with open(path, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
        data = stream.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        tensors[name] = np.frombuffer(data[begin:end], dtype=types[entry["dtype"]]).reshape(entry["shape"]).copy()
    return tensors

"""Writes golden files: numpy arrays in the layout that Golden/GoldenFile.cs reads (that of safetensors)."""

import json
import pathlib

import numpy

DTYPES = {"float32": "F32", "float64": "F64", "int64": "I64"}


def write_golden(path, arrays):
    """Writes {name: array} (numpy arrays or CPU torch tensors) and prints the size."""
    header, parts, offset = {}, [], 0
    for name, array in arrays.items():
        if hasattr(array, "detach"):
            array = array.detach().numpy()
        array = numpy.asarray(array)
        data = numpy.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")).tobytes()
        header[name] = {
            "dtype": DTYPES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + len(data)],
        }
        parts.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))
    print(f"{path}: {len(arrays)} arrays, {path.stat().st_size} bytes")


def pattern(shape, seed):
    """Numbers in [-1, 1) by an integer formula that C# repeats exactly (Golden/Pattern.cs), as float64."""
    count = int(numpy.prod(shape)) if len(shape) else 1
    with numpy.errstate(over="ignore"):
        z = numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        z += numpy.uint64(seed) * numpy.uint64(0xD1B54A32D192ED03)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        z ^= z >> numpy.uint64(31)
    return (((z >> numpy.uint64(40)).astype(numpy.float64)) / 2.0**23 - 1.0).reshape(shape)

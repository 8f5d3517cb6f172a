"""Reads and writes safetensors files without any library: the independent half of the interoperability tests.

    safetensors_peer.py read FILE     one JSON line per tensor: name, dtype, shape, first elements, SHA-256 of its bytes
    safetensors_peer.py write FILE    a fixed file with one tensor of each of four types, and metadata

As a module: load(path) gives {name: torch.Tensor} for use with load_state_dict.
"""
import hashlib
import json
import struct
import sys

CODES = {"BOOL": "?", "U8": "B", "I8": "b", "U16": "H", "I16": "h", "F16": "e",
         "U32": "I", "I32": "i", "F32": "f", "U64": "Q", "I64": "q", "F64": "d"}


def parts(path):
    """Yields (name, dtype, shape, bytes) in the order of the header."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8:8 + length])
    for name, tensor in header.items():
        if name != "__metadata__":
            begin, end = tensor["data_offsets"]
            yield name, tensor["dtype"], tensor["shape"], content[8 + length + begin:8 + length + end]


def elements(dtype, data):
    if dtype == "BF16":
        return [struct.unpack("<f", b"\0\0" + data[i:i + 2])[0] for i in range(0, len(data), 2)]
    return [value[0] for value in struct.iter_unpack("<" + CODES[dtype], data)]


def load(path):
    import torch

    types = {"F32": torch.float32, "F64": torch.float64, "BF16": torch.bfloat16, "F16": torch.float16,
             "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}
    return {name: torch.frombuffer(bytearray(data), dtype=types[dtype]).reshape(shape) if data
            else torch.empty(shape, dtype=types[dtype])
            for name, dtype, shape, data in parts(path)}


def read(path):
    for name, dtype, shape, data in parts(path):
        print(json.dumps({"name": name, "dtype": dtype, "shape": shape, "first": elements(dtype, data)[:4],
                          "sha256": hashlib.sha256(data).hexdigest()}))


def write(path):
    tensors = [("weight", "F32", [2, 3], struct.pack("<6f", 0.5, -1.25, 3, 1e-8, 65504, -0.0)),
               ("steps", "I64", [], struct.pack("<q", -(1 << 40))),
               ("half", "BF16", [2], bytes.fromhex("803f20c0")),
               ("läbel", "U8", [3], bytes([0, 127, 255]))]
    tensors.sort(key=lambda tensor: -{"F32": 4, "I64": 8, "BF16": 2, "U8": 1}[tensor[1]])
    header, offset = {"__metadata__": {"by": "peer"}}, 0
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(tensor[3] for tensor in tensors))


if __name__ == "__main__":
    {"read": read, "write": write}[sys.argv[1]](sys.argv[2])

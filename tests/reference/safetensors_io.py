"""Reads and writes safetensors files with numpy alone.

A file is: the header's length (8 bytes, little-endian), a JSON header
{name: {"dtype": "F32", "shape": [..], "data_offsets": [begin, end]}}, the tensors' bytes,
row-major.

    tensors = load("in.safetensors")      # {name: numpy array}, in the file's order
    save("out.safetensors", tensors)
"""

import json
import math
import struct

import numpy as np

DTYPES = {"F32": np.float32, "F64": np.float64, "I32": np.int32, "I64": np.int64, "U8": np.uint8}
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}


def load(path):
    """Returns {name: array}; offsets are checked against shapes and the file's size."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + length])
    data = memoryview(content)[8 + length :]
    header.pop("__metadata__", None)
    return {name: _tensor(data, entry, f"{path}: {name}") for name, entry in header.items()}


def _tensor(data, entry, label):
    begin, end = entry["data_offsets"]
    dtype = np.dtype(DTYPES[entry["dtype"]])
    if end > len(data) or end - begin != math.prod(entry["shape"]) * dtype.itemsize:
        raise ValueError(f"{label} has offsets {begin}..{end}, which do not fit {entry['shape']}")
    return np.frombuffer(data[begin:end], dtype).reshape(entry["shape"]).copy()


def save(path, tensors):
    """Writes {name: array}; the header is padded with spaces so that the data begin at 8 bytes."""
    arrays = {
        name: np.ascontiguousarray(value).reshape(np.shape(value))
        for name, value in tensors.items()
    }
    header, offset = {}, 0
    for name, array in arrays.items():
        header[name] = {
            "dtype": NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(array.tobytes())

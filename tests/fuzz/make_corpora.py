"""Makes the first inputs of the fuzzing corpora: good files of every kind, and bad ones by hand.

    /usr/bin/python3 tests/fuzz/make_corpora.py      (python3-pil, python3-numpy)

What the fuzzer found besides has names that begin with "found-"."""
import io
import json
import struct
from pathlib import Path

import numpy
from PIL import Image

CORPUS = Path(__file__).parent / "corpus"


def put(targets, name, data):
    for target in targets.split():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def make_safetensors():
    tensor = lambda dtype, shape, begin, end: {
        "dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    good = {"__metadata__": {"format": "pt"}, "a.weight": tensor("F32", [2, 3], 0, 24),
            "b": tensor("F64", [], 24, 32), "none": tensor("I64", [0], 32, 32)}
    whole = safetensors(good, bytes(range(32)))
    put("safetensors", "good", whole)
    for dtype, size in {"F16": 2, "BF16": 2, "I8": 1, "U16": 2, "BOOL": 1, "I64": 8}.items():
        put("safetensors", dtype.lower(), safetensors({"x": tensor(dtype, [3], 0, 3 * size)},
                                                      bytes([1, 2, 0]) * size))
    put("safetensors", "truncated", whole[:-5])
    put("safetensors", "truncated-header", whole[:40])
    put("safetensors", "long-header", struct.pack("<Q", 2**63) + b"{}")
    put("safetensors", "overlap", safetensors(
        {"a": tensor("F32", [2], 0, 8), "b": tensor("F32", [2], 4, 12)}, bytes(12)))
    put("safetensors", "gap", safetensors({"a": tensor("F32", [1], 4, 8)}, bytes(8)))
    put("safetensors", "overflow", safetensors(
        {"a": tensor("F32", [2**32, 2**32], 0, 8)}, bytes(8)))
    put("safetensors", "backwards", safetensors({"a": tensor("F32", [1], 8, 4)}, bytes(8)))
    put("safetensors", "twice", safetensors(b'{"a":{},"a":{}}'))
    put("safetensors", "nested", safetensors(b'{"a":' * 100 + b"1" + b"}" * 100))
    put("safetensors", "no-json", safetensors(b"{\xff\x00"))
    put("safetensors", "empty", b"")


def npy(text, data=b"", version=1):
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + data


def make_npy():
    for name, array in {"f4": numpy.arange(6, dtype="<f4").reshape(2, 3), "f8": numpy.float64(3),
                        "none": numpy.zeros((0, 4), "<f4"), "i4": numpy.arange(3, dtype="<i4"),
                        "fortran": numpy.asfortranarray(numpy.ones((2, 3), "<f4"))}.items():
        file = io.BytesIO()
        numpy.save(file, array)
        put("npy", name, file.getvalue())
    header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }\n"
    put("npy", "version-2", npy(header % b"2,", bytes(8), 2))
    put("npy", "version-3", npy(header % b"1, 2", bytes(8), 3))
    put("npy", "truncated", npy(header % b"3,", bytes(8)))
    put("npy", "overflow", npy(header % b"4294967296, 4294967296", bytes(8)))
    put("npy", "negative", npy(header % b"-1,", bytes(4)))
    put("npy", "many-axes", npy(header % (b"1," * 40), bytes(4)))
    put("npy", "open-quote", npy(b"{'descr': '<f4"))
    put("npy", "twice", npy(b"{'descr': '<f4', 'descr': '<f8'}"))
    put("npy", "long-header", npy(b"{}", b"", 2)[:8] + b"\xff\xff\xff\xff{}")
    put("npy", "magic", b"\x93NUMPY")


def encoded(picture, kind, **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def make_image():
    y, x = numpy.mgrid[0:9, 0:11]
    rgb = Image.fromarray(numpy.stack([x * 20, y * 25, (x + y) * 10], 2).astype("uint8"))
    alpha = rgb.convert("RGBA")
    alpha.putalpha(Image.fromarray((x * 20).astype("uint8")))
    good = encoded(rgb, "PNG")
    put("image photograph", "rgb.png", good)
    put("image photograph", "grey.png", encoded(rgb.convert("L"), "PNG"))
    put("image photograph", "palette.png", encoded(rgb.convert("P"), "PNG", transparency=3))
    put("image photograph", "alpha.png", encoded(alpha, "PNG"))
    put("image photograph", "one-bit.png", encoded(rgb.convert("1"), "PNG"))
    sixteen = Image.fromarray((x * 5000).astype("uint16"))
    put("image photograph", "sixteen.png", encoded(sixteen, "PNG"))
    put("image photograph", "text.png", encoded(rgb, "PNG", dpi=(72, 72), icc_profile=b"profile"))
    jpeg = encoded(rgb, "JPEG", quality=80)
    put("image photograph", "rgb.jpg", jpeg)
    put("image photograph", "grey.jpg", encoded(rgb.convert("L"), "JPEG"))
    put("image photograph", "full-chroma.jpg", encoded(rgb, "JPEG", subsampling=0, optimize=True))
    put("image photograph", "progressive.jpg", encoded(rgb, "JPEG", progressive=True))
    put("image photograph", "cmyk.jpg", encoded(rgb.convert("CMYK"), "JPEG"))
    exif = Image.Exif()
    exif[0x112] = 6  # orientation
    put("image photograph", "rotated.jpg", encoded(rgb, "JPEG", exif=exif))
    put("image photograph", "rotated.png", encoded(rgb, "PNG", exif=exif))
    put("image photograph", "truncated.png", good[:-20])
    put("image photograph", "truncated.jpg", jpeg[:-40])
    put("image photograph", "flipped.png", good[:60] + bytes([good[60] ^ 4]) + good[61:])
    put("image photograph", "flipped.jpg", jpeg[:400] + bytes([jpeg[400] ^ 16]) + jpeg[401:])
    put("image photograph", "huge.jpg",
        b"\xff\xd8\xff\xc2\x00\x0b\x08\xff\xff\xff\xff\x01\x01\x11\x00\xff\xd9")
    put("image photograph", "neither", b"GIF89a")


def make_partition():
    put("partition", "good", b"000001.jpg 0\n000002.jpg 1\r\n\n 000003.jpg\t2\n")
    put("partition", "no-split", b"000001.jpg\n")
    put("partition", "another-split", b"000001.jpg 3\n")
    put("partition", "three-fields", b"a.jpg 0 0\n")
    put("partition", "bytes", b"\x00\xff 1\n\xc3\x28 2")
    put("partition", "no-newline", b"a 0")


def make_recipe():
    recipes = Path(__file__).parents[2] / "glcic" / "recipes"
    for path in recipes.glob("*.json"):
        put("recipe", path.stem, path.read_bytes())
    good = json.loads((recipes / "faces64.json").read_text())
    for name, change in {"unknown": {"colour": 3}, "text": {"size": "64"}, "zero": {"size": 0},
                         "fraction": {"batch": 1.5}, "huge": {"width": 2**70},
                         "negative": {"seed": -1}, "null": {"alpha": None}}.items():
        put("recipe", name, json.dumps({**good, **change}).encode())
    put("recipe", "missing", b"{}")
    put("recipe", "list", b"[1, 2]")
    put("recipe", "nested", b"[" * 1000)
    put("recipe", "cut", json.dumps(good).encode()[:50])
    put("recipe", "bytes", b"{\"about\": \"\xff\x00\"}")


def make_t7():
    integer = lambda value: struct.pack("<i", value)
    longs = lambda *values: struct.pack(f"<{len(values)}q", *values)
    nil = integer(0)
    number = lambda value: integer(1) + struct.pack("<d", value)
    letters = lambda text: integer(len(text)) + text
    text = lambda value: integer(2) + letters(value)
    table = lambda index, count: integer(3) + integer(index) + integer(count)
    again = lambda index: integer(3) + integer(index)
    instance = lambda index, name: integer(4) + integer(index) + letters(b"V 1") + letters(name)
    storage = lambda index, kind, count, data: (
        instance(index, b"torch.%sStorage" % kind) + longs(count) + data)
    view = lambda index, kind, sizes, strides, offset=1: (
        instance(index, b"torch.%sTensor" % kind) + integer(len(sizes)) +
        longs(*sizes, *strides, offset))

    values = (table(1, 4) + text(b"n") + number(1.5) + text(b"t") + text(b"text") +
              text(b"yes") + integer(5) + integer(1) + text(b"self") + again(1))
    put("t7", "values", values)
    put("t7", "function", integer(8) + integer(1) + letters(b"code") + table(2, 0))
    put("t7", "legacy-function", integer(7) + integer(1) + letters(b"code") + nil)
    put("t7", "oldest-function", integer(6) + letters(b"code") + nil)
    for kind, size in {b"Float": 4, b"Double": 8, b"Half": 2, b"Byte": 1, b"Char": 1, b"Short": 2,
                       b"Int": 4, b"Long": 8, b"Cuda": 4}.items():
        put("t7", kind.decode().lower(), view(1, kind, [2, 2], [1, 2]) +
            storage(2, kind, 4, bytes(range(4 * size))))
    put("t7", "empty-tensor", view(1, b"Float", [], []) + nil)
    put("t7", "overlap", view(1, b"Float", [2**40], [0]) + storage(2, b"Float", 1, bytes(4)))
    put("t7", "beyond", view(1, b"Float", [2], [2**62], 2) + storage(2, b"Float", 2, bytes(8)))
    put("t7", "own-storage", view(1, b"Float", [1], [1]) + again(1))
    put("t7", "long-storage", storage(1, b"Double", 2**61, bytes(8)))
    put("t7", "negative", storage(1, b"Byte", -1, b""))
    put("t7", "long-table", table(1, 2**31 - 1) + nil)
    put("t7", "nested", b"".join(table(i, 1) + number(1) for i in range(1, 150)) + nil)
    put("t7", "truncated", values[:-6])
    put("t7", "unused", values + nil)
    put("t7", "ascii", b"4\n1\n3\nV 1\n13\nnn.Sequential\n")
    convolution = (
        instance(5, b"nn.SpatialConvolution") + table(6, 8) +
        b"".join(text(key) + number(value) for key, value in
                 {b"kW": 5, b"kH": 5, b"dW": 1, b"dH": 1, b"padW": 2, b"padH": 2}.items()) +
        text(b"weight") + view(7, b"Float", [2, 4, 5, 5], [100, 25, 5, 1]) +
        storage(8, b"Float", 200, bytes(800)) +
        text(b"bias") + view(9, b"Float", [2], [1]) + again(8))
    sequence = lambda modules: (
        table(1, 2) + text(b"mean") + table(2, 0) + text(b"model") +
        instance(3, b"nn.Sequential") + table(4, 1) + text(b"modules") + modules)
    put("t7", "network", sequence(table(10, 2) + number(1) + convolution + number(2) +
                                  instance(11, b"nn.ReLU") + table(12, 0)))
    put("t7", "circle", sequence(table(10, 2) + number(1) + again(3) + number(2) + again(3)))


make_safetensors()
make_npy()
make_image()
make_partition()
make_recipe()
make_t7()

"""Checks an exported network with the onnx and onnxruntime packages of PyPI, by hand:

    build/bin/glcic export --weights W --onnx completion.onnx
    python3 tests/reference/onnx_check.py --glcic build/bin/glcic --weights W completion.onnx

The file must pass the checker, shape inference included. Then pictures of several sizes, drawn at
random, are completed by onnxruntime and by `glcic complete`, whose raw output is compared; this
prints the largest difference at each size."""
import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy
import onnx
import onnxruntime
from PIL import Image

SIZES = [(64, 64), (96, 160), (61, 47), (5, 3), (1, 1), (250, 333)]
LARGEST = 1e-4


def check_file(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    operators = sorted({node.op_type for node in model.graph.node})
    print(f"{path}: valid, {len(model.graph.node)} nodes, operators {', '.join(operators)}")
    for value in list(model.graph.input) + list(inferred.graph.output):
        extents = [d.dim_param or d.dim_value for d in value.type.tensor_type.shape.dim]
        print(f"  {value.name} {extents}")


def drawn_case(height, width, random):
    picture = random.integers(0, 256, (height, width, 3), dtype=numpy.uint8)
    mask = numpy.zeros((height, width), numpy.uint8)
    mask[height // 4:height // 4 + (height + 1) // 2, : (width + 1) // 2] = 255
    return picture, mask


def completed_by_glcic(arguments, picture, mask):
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: str(Path(folder) / name)
                 for name in ("image.png", "mask.png", "output.png", "raw.npy")}
        Image.fromarray(picture).save(paths["image.png"])
        Image.fromarray(mask).save(paths["mask.png"])
        subprocess.run([arguments.glcic, "complete", "--weights", arguments.weights,
                        "--image", paths["image.png"], "--mask", paths["mask.png"],
                        "--output", paths["output.png"], "--raw", paths["raw.npy"]],
                       check=True, capture_output=True)
        return numpy.load(paths["raw.npy"])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("onnx")
    parser.add_argument("--glcic", required=True)
    parser.add_argument("--weights", required=True)
    arguments = parser.parse_args()
    check_file(arguments.onnx)
    session = onnxruntime.InferenceSession(arguments.onnx, providers=["CPUExecutionProvider"])
    random = numpy.random.default_rng(1)
    for height, width in SIZES:
        picture, mask = drawn_case(height, width, random)
        image = picture.astype(numpy.float32) / 255
        hole = mask > 0
        completed = session.run(None, {
            "image": image.transpose(2, 0, 1)[None],
            "mask": hole.astype(numpy.float32)[None, None]})[0][0].transpose(1, 2, 0)
        raw = completed_by_glcic(arguments, picture, mask)
        difference = numpy.abs(completed - numpy.where(hole[..., None], raw, image)).max()
        assert (completed[~hole] == image[~hole]).all()
        assert difference < LARGEST, difference
        print(f"{height} x {width}: largest difference {difference:.2e}")


main()

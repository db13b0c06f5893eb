"""Writes inpainting.safetensors: what OpenCV makes of holes in drawn pictures; or compares.

Needs: apt-get install python3-opencv. Holds for each case, [48, 48, 3], RGB, 0 to 255:
picture, mask (1 = hole), telea1, telea3, telea5, navier_stokes (cv2.inpaint), source and cloned
(cv2.seamlessClone of the source's gradients into telea1, the post-processing of GLCIC's authors).

    /usr/bin/python3 inpainting.py
    /usr/bin/python3 inpainting.py --glcic build/bin/glcic --pairs DIR

The second takes a folder of NAME.png with NAME_mask.png and prints, method by method, the PSNR in
the hole between what `glcic complete --method` and what OpenCV makes of each pair.
"""

import argparse
import pathlib
import subprocess
import tempfile

import cv2
import numpy as np

import safetensors_io

SIZE = 48
INPAINT = {
    "telea1": (cv2.INPAINT_TELEA, 1),
    "telea3": (cv2.INPAINT_TELEA, 3),
    "telea5": (cv2.INPAINT_TELEA, 5),
    "navier_stokes": (cv2.INPAINT_NS, 3),
}


def picture(phase):
    """Smooth waves, a slanted edge and a little noise, uint8."""
    y, x = np.mgrid[0:SIZE, 0:SIZE] / SIZE
    waves = [np.sin(5 * x + 3 * y + phase + c) * np.cos(4 * y - c) for c in range(3)]
    edge = 0.25 * (x + 0.4 * y > 0.7)
    noise = np.random.default_rng(phase).normal(0, 0.01, (SIZE, SIZE, 3))
    values = 0.45 + 0.2 * np.stack(waves, axis=-1) + edge[..., None] + noise
    return np.round(255 * values.clip(0, 1)).astype(np.uint8)


def masks():
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    box = lambda top, bottom, left, right: (y >= top) & (y < bottom) & (x >= left) & (x < right)
    return {
        "inside": box(14, 32, 12, 34),
        "border": box(30, 48, 0, 20),
        "two": box(6, 18, 8, 22) | box(24, 42, 26, 40),
        "disc": (y - 24) ** 2 + (x - 22) ** 2 < 13**2,
    }


def inpaint(image, mask, name):
    flags, radius = INPAINT[name]
    return cv2.inpaint(image, mask.astype(np.uint8), radius, flags)


def clone(source, image, mask):
    """The source's gradients under the mask, at the same place of the picture."""
    y, x = np.nonzero(mask)
    centre = (int(x.min() + x.max() + 1) // 2, int(y.min() + y.max() + 1) // 2)
    return cv2.seamlessClone(source, image, mask.astype(np.uint8) * 255, centre, cv2.NORMAL_CLONE)


def write_references(path):
    tensors = {}
    for phase, (name, mask) in enumerate(masks().items()):
        image = picture(phase)
        tensors[f"{name}.picture"] = image
        tensors[f"{name}.mask"] = mask.astype(np.uint8)[..., None]
        for method in INPAINT:
            tensors[f"{name}.{method}"] = inpaint(image, mask, method)
        if name == "border":
            continue  # seamlessClone wants the mask's box inside the picture
        tensors[f"{name}.source"] = picture(phase + 10)
        tensors[f"{name}.cloned"] = clone(
            tensors[f"{name}.source"], tensors[f"{name}.telea1"], mask
        )
    safetensors_io.save(path, tensors)


def psnr(a, b, hole):
    difference = (a.astype(np.float64) - b)[hole] / 255
    return -10 * np.log10(np.mean(difference**2))


def completed(glcic, image, mask, words):
    """What `glcic complete` makes of the pair."""
    with tempfile.TemporaryDirectory() as folder:
        out = f"{folder}/out.png"
        command = [glcic, "complete", "--image", image, "--mask", mask, "--output", out, *words]
        subprocess.run([str(word) for word in command], check=True, capture_output=True)
        return cv2.imread(out)


def compare(glcic, pairs):
    print(f"{'picture':24}{'telea':>10}{'navier-stokes':>16}   dB, glcic against OpenCV")
    for mask_path in sorted(pairs.glob("*_mask.png")):
        image_path = mask_path.with_name(mask_path.name.replace("_mask", ""))
        image = cv2.imread(str(image_path))
        hole = cv2.imread(str(mask_path), cv2.IMREAD_GRAYSCALE) >= 128
        figures = []
        for method, name in (("telea", "telea3"), ("navier-stokes", "navier_stokes")):
            ours = completed(glcic, image_path, mask_path, ["--method", method])
            figures.append(psnr(ours, inpaint(image, hole, name), hole))
        print(f"{image_path.stem:24}{figures[0]:10.2f}{figures[1]:16.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--glcic", type=pathlib.Path)
    parser.add_argument("--pairs", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.pairs:
        compare(arguments.glcic or "glcic", arguments.pairs)
    else:
        write_references(pathlib.Path(__file__).with_name("inpainting.safetensors"))


if __name__ == "__main__":
    main()

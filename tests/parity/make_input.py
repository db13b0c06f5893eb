"""Writes a random input for one parity check: weights, pictures, holes, patches.

    /usr/bin/python3 tests/parity/make_input.py IN.safetensors \\
        --size 64 --width 16 --batch 2 --dtype float32 --seed 1 --border

Weights: PyTorch's default initialisation, norm scales around 1 and shifts around 0, running
statistics those of the pictures themselves, disturbed. Pictures: smooth random fields in [0,1].
With --border the holes and patches touch the picture's corners and edges; then the local patch is
not centred on its hole.

A ReLU whose input is as near to zero as float32's rounding opens in one program and closes in the
other, and one such flip alone can move a gradient by 1 %. So the norms' shifts are moved a little,
to where no input of a ReLU is near zero; --kinks leaves them where they are.
"""

import argparse
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

from glcic_torch import Batch, composite, crop, make_glcic, weights

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))
import safetensors_io  # noqa: E402


def smooth_pictures(batch, size):
    """[N,3,S,S] in [0,1]: coarse, middle and fine noise, each enlarged bilinearly."""
    pictures = torch.zeros(batch, 3, size, size)
    for cells, amplitude in ((3, 0.6), (size // 6, 0.3), (size, 0.1)):
        noise = torch.rand(batch, 3, cells, cells)
        pictures += amplitude * F.interpolate(
            noise, (size, size), mode="bilinear", align_corners=False
        )
    return pictures


def random_int(low, high):
    """Uniform in low..high, both included."""
    return int(torch.randint(low, high + 1, ()))


def random_holes(batch, size, border):
    """N of (x, y, w, h), sides in [3S/8, S/2]; with border each touches another corner or edge."""
    holes = []
    for index in range(batch):
        w, h = (random_int(3 * size // 8, size // 2) for _ in range(2))
        x, y = random_int(0, size - w), random_int(0, size - h)
        if border:
            x = (0, size - w, x, 0)[index % 4]
            y = (0, y, size - h, size - h)[index % 4]
        holes.append((x, y, w, h))
    return holes


def random_patches(batch, size, border):
    """N of (x, y) in [0, S/2]; with border at its ends."""
    choose = (
        (lambda: (size // 2) * random_int(0, 1)) if border else (lambda: random_int(0, size // 2))
    )
    return [(choose(), choose()) for _ in range(batch)]


def randomise_norms(model):
    for name, parameter in model.named_parameters():
        if name.endswith("norm.weight"):
            parameter.uniform_(0.5, 1.5)
        if name.endswith("norm.bias"):
            parameter.normal_(0, 0.1)


def widest_gap(values):
    """The middle of the widest gap between neighbouring values within 0.05 of zero."""
    near = torch.cat([values[values.abs() < 0.05], torch.tensor([-0.05, 0.05], dtype=values.dtype)])
    ends, _ = near.sort()
    gap = (ends[1:] - ends[:-1]).argmax()
    return (ends[gap] + ends[gap + 1]) / 2


def avoid_kinks(modules, relu_bias, inputs):
    """Moves relu_bias to keep relu(modules(input)) off its kink; returns the ReLUs' outputs."""
    outputs = []
    for x in inputs:
        for module in modules:
            x = module(x)
        outputs.append(x)
    values = torch.cat(
        [y.transpose(0, 1).flatten(1) for y in outputs], dim=1
    )  # [C, N*H*W of all batches]
    shift = torch.stack([widest_gap(channel) for channel in values])
    relu_bias -= shift
    return [F.relu(y - shift.view(1, -1, *[1] * (y.dim() - 2))) for y in outputs]


def avoid_all_kinks(model, batch):
    """avoid_kinks for C in training and for the discriminators on real and completed pictures."""
    masks = batch.masks
    maps = [batch.completion_input(masks)]
    *layers, output_layer = model.completion
    for layer in layers:
        maps = avoid_kinks([layer.conv, layer.norm], layer.norm.bias, maps)
    completed = composite(batch, masks, output_layer(maps[0]))
    real_patches, hole_patches = crop(batch.images, batch.real_patches), crop(
        completed, batch.hole_patches()
    )
    avoid_branch_kinks(getattr(model.discriminator, "global"), [batch.images, completed])
    avoid_branch_kinks(getattr(model.discriminator, "local"), [real_patches, hole_patches])


def avoid_branch_kinks(branch, maps):
    for name in branch.names:
        layer = getattr(branch, name)
        maps = avoid_kinks([layer.conv, layer.norm], layer.norm.bias, maps)
    avoid_kinks([torch.nn.Flatten(), branch.fc], branch.fc.bias, maps)


def estimate_running_statistics(model, batch):
    """Runs both networks on the pictures until the statistics have settled, then disturbs them."""
    model.train()
    masks = batch.masks
    for _ in range(30):
        completed = model.completion(batch.completion_input(masks))
        pictures = composite(batch, masks, completed)
        model.discriminator(pictures, crop(pictures, batch.hole_patches()))
    for name, value in weights(model).items():
        if name.endswith("running_mean"):
            value.mul_(torch.empty_like(value).uniform_(0.8, 1.2))
        if name.endswith("running_var"):
            value.mul_(torch.empty_like(value).uniform_(0.5, 1.5))


def make_input(size, width, batch, dtype, seed, border, kinks):
    """{name: tensor} for reference.py and build/bin/parity."""
    torch.manual_seed(seed)
    mean_pixel = torch.tensor([0.51, 0.43, 0.38]).double()
    holes, patches = random_holes(batch, size, border), random_patches(batch, size, border)
    data = Batch(smooth_pictures(batch, size).double(), holes, patches, mean_pixel)
    model = make_glcic(width, size).double()
    with torch.no_grad():
        randomise_norms(model)
        if not kinks:
            avoid_all_kinks(model, data)
        estimate_running_statistics(model, data)
    tensors = dict(weights(model))
    tensors["mean_pixel"] = mean_pixel
    tensors["images"] = data.images
    tensors["holes"] = torch.tensor(holes)
    tensors["real_patches"] = torch.tensor(patches)
    tensors["alpha"] = torch.tensor([0.0004])
    return {name: value.to(dtype) for name, value in tensors.items()}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("output")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--border", action="store_true")
    parser.add_argument("--kinks", action="store_true")
    args = parser.parse_args()
    dtype = getattr(torch, args.dtype)
    tensors = make_input(
        args.size, args.width, args.batch, dtype, args.seed, args.border, args.kinks
    )
    safetensors_io.save(args.output, {name: value.numpy() for name, value in tensors.items()})


if __name__ == "__main__":
    main()

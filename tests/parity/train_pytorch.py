"""Trains GLCIC in PyTorch against the clock, to compare speed and quality with `glcic train`.

    /usr/bin/python3 tests/parity/train_pytorch.py --data DIR --curve curve.csv \\
        --size 64 --width 32 --batch 16 --budget 600

DIR has CelebA's layout: img_align_celeba/*.jpg and list_eval_partition.txt (0 train, 1 validation,
2 test). A training picture is the centre square, scaled so that its side is uniform in [1, 1.1] *
size, cropped at random and mirrored every other time; a hole has sides uniform in [3/8, 1/2] * size
at a random place. ADADELTA, channels_last.

Every --evaluate-every seconds of training the completion network is evaluated on the test pictures:
hole PSNR in dB, hole = centre square of half the side, averaged over pictures. The clock stands
still meanwhile. The curve has the columns seconds, steps, psnr. --shares divides the budget over
the three phases; --save writes the weights under the project's names.

Debian's PyTorch runs transposed convolutions through BLAS: install libopenblas0-openmp, or the
reference BLAS makes it six times as slow.
"""

import argparse
import csv
import itertools
import queue
import random
import sys
import threading
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from glcic_torch import Batch, adadelta, make_glcic, phase1_step, phase2_step, phase3_step, weights

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))
import safetensors_io  # noqa: E402

LARGEST_CACHE = 5000  # pictures kept decoded; 0.1 MB each
MEAN_PIXEL_SAMPLE = 1000
EVALUATION_BATCH = 32


# --- pictures -------------------------------------------------------------------------------------


def split_paths(folder, split):
    """The paths of one split, in the list's order."""
    lines = (folder / "list_eval_partition.txt").read_text().split("\n")
    fields = [line.split() for line in lines if line.strip()]
    return [folder / "img_align_celeba" / name for name, number in fields if int(number) == split]


def centre_square(path):
    picture = Image.open(path).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def to_tensor(pictures):
    """Pillow pictures of one size -> [N,3,H,W] in [0,1]."""
    array = np.stack([np.asarray(picture) for picture in pictures])
    return torch.from_numpy(array).permute(0, 3, 1, 2).float() / 255


def mean_pixel(dataset):
    sample = random.sample(range(len(dataset)), min(len(dataset), MEAN_PIXEL_SAMPLE))
    means = [np.asarray(dataset[index]).mean(axis=(0, 1)) for index in sample]
    return torch.tensor(np.mean(means, axis=0) / 255, dtype=torch.float32)


class CentreSquares:
    """The centre squares of a list of pictures, decoded once where there are few enough."""

    def __init__(self, paths):
        self.paths = paths
        self.cache = {}

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        if index in self.cache:
            return self.cache[index]
        square = centre_square(self.paths[index])
        if len(self.cache) < LARGEST_CACHE:
            self.cache[index] = square
        return square


def augmented(square, size):
    side = round(random.uniform(1.0, 1.1) * size)
    x, y = (random.randint(0, side - size) for _ in range(2))
    picture = square.resize((side, side), Image.BILINEAR).crop((x, y, x + size, y + size))
    return picture.transpose(Image.FLIP_LEFT_RIGHT) if random.random() < 0.5 else picture


def random_hole(size):
    w, h = (random.randint(3 * size // 8, size // 2) for _ in range(2))
    return random.randint(0, size - w), random.randint(0, size - h), w, h


def random_batch(dataset, indices, size, mean):
    images = to_tensor([augmented(dataset[index], size) for index in indices])
    holes = [random_hole(size) for _ in indices]
    patches = [(random.randint(0, size // 2), random.randint(0, size // 2)) for _ in indices]
    return Batch(images.contiguous(memory_format=torch.channels_last), holes, patches, mean)


def shuffled_indices(count):
    """0 .. count-1 in a new order each time round, for ever."""
    while True:
        yield from random.sample(range(count), count)


def batches_ahead(dataset, size, batch_size, mean):
    """Endless training batches, prepared by a thread."""
    ready = queue.Queue(maxsize=8)
    indices = shuffled_indices(len(dataset))

    def fill():
        while True:
            ready.put(
                random_batch(dataset, list(itertools.islice(indices, batch_size)), size, mean)
            )

    threading.Thread(target=fill, daemon=True).start()
    return iter(ready.get, None)


# --- evaluation -----------------------------------------------------------------------------------


def evaluation_batches(folder, size, mean):
    """The test pictures with the hole in the middle."""
    hole = (size // 4, size // 4, size // 2, size // 2)
    squares = [
        centre_square(path).resize((size, size), Image.BILINEAR) for path in split_paths(folder, 2)
    ]
    return [
        Batch(images, [hole] * len(images), [(0, 0)] * len(images), mean)
        for images in to_tensor(squares).split(EVALUATION_BATCH)
    ]


def hole_psnr(completion, batches):
    """10 log10(1 / mean squared error over the hole's pixels), averaged over the pictures."""
    completion.eval()
    values = []
    with torch.no_grad():
        for batch in batches:
            masks = batch.masks
            completed = completion(
                batch.completion_input(masks).contiguous(memory_format=torch.channels_last)
            )
            squares = (masks * (completed - batch.images)).square().sum(dim=(1, 2, 3))
            values.append(-10 * torch.log10(squares / (3 * masks.sum(dim=(1, 2, 3)))))
    return torch.cat(values).mean().item()


# --- training -------------------------------------------------------------------------------------


class Clock:
    """Seconds spent inside `with clock:`."""

    def __init__(self):
        self.seconds = 0.0

    def __enter__(self):
        self.begin = time.perf_counter()

    def __exit__(self, *error):
        self.seconds += time.perf_counter() - self.begin


def phase_steps(model, alpha):
    """The three phases' steps, each a function of a batch, with one ADADELTA a side."""
    completion, discriminator = adadelta(model.completion), adadelta(model.discriminator)
    return [
        lambda batch: [phase1_step(model, completion, batch)],
        lambda batch: [phase2_step(model, discriminator, batch)],
        lambda batch: phase3_step(model, completion, discriminator, batch, alpha),
    ]


def train(model, batches, evaluate, args):
    """Trains for the budget and returns the curve, rows of (seconds, steps, psnr)."""
    clock, steps, curve, next_evaluation = Clock(), 0, [], args.evaluate_every
    total = sum(args.shares)
    ends = [args.budget * sum(args.shares[: phase + 1]) / total for phase in range(3)]
    for phase, (step, end) in enumerate(zip(phase_steps(model, args.alpha), ends), start=1):
        while clock.seconds < end:
            with clock:
                losses = step(next(batches))
                steps += 1
            if clock.seconds >= min(next_evaluation, args.budget):
                curve.append((round(clock.seconds, 2), steps, round(evaluate(), 3)))
                next_evaluation += args.evaluate_every
                report(phase, curve[-1], losses, args)
    return curve


def report(phase, row, losses, args):
    with open(args.curve, "a", newline="") as file:
        csv.writer(file).writerow(row)
    seconds, steps, psnr = row
    text = ", ".join(f"{loss.item():.5f}" for loss in losses)
    speed = steps * args.batch / seconds
    print(
        f"phase {phase}, {seconds:.0f} s, {steps} steps, {speed:.1f} pictures/s, "
        f"loss {text}, PSNR {psnr:.2f} dB",
        flush=True,
    )


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--budget", type=float, default=600, help="seconds of training")
    parser.add_argument(
        "--shares", type=lambda text: [float(x) for x in text.split(",")], default=[1.0, 0.0, 0.0]
    )
    parser.add_argument("--alpha", type=float, default=0.0004)
    parser.add_argument("--evaluate-every", type=float, default=30)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--curve", type=Path, required=True)
    parser.add_argument("--save", type=Path)
    args = parser.parse_args()
    if len(args.shares) != 3 or min(args.shares) < 0 or sum(args.shares) == 0:
        parser.error("--shares takes three numbers, such as 0.4,0.1,0.5")
    return args


def main():
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    random.seed(args.seed)
    dataset = CentreSquares(split_paths(args.data, 0))
    mean = mean_pixel(dataset)
    model = make_glcic(args.width, args.size).to(memory_format=torch.channels_last)
    test = evaluation_batches(args.data, args.size, mean)
    args.curve.write_text("seconds,steps,psnr\n")
    batches = batches_ahead(dataset, args.size, args.batch, mean)
    train(model, batches, lambda: hole_psnr(model.completion, test), args)
    if args.save:
        tensors = {name: value.numpy() for name, value in weights(model).items()}
        safetensors_io.save(args.save, {**tensors, "mean_pixel": mean.numpy()})


if __name__ == "__main__":
    main()

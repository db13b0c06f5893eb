"""Does pieces of work in PyTorch on request, for `make bench-pytorch`.

    /usr/bin/python3 tests/bench/pytorch_work.py --layout channels_last|contiguous|traced

Talks as build/bin/bench_work does (tests/bench/request.h says how): a line with its name, then, for
each line with a request, one with the median seconds of a run, or the reason why there is none.
--memory REQUEST does that once and prints the most bytes that the process had in memory.

layouts: channels_last and contiguous are PyTorch's two memory formats; traced is channels_last
through torch.jit.freeze and optimize_for_inference, for inference alone.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "parity"))
from glcic_torch import (  # noqa: E402
    Batch,
    CompletionNetwork,
    completion_channels,
    make_glcic,
    phase3_step,
)

LEAST_SECONDS = 0.3  # a measurement lasts
ALPHA = 0.0004


# --- pieces of work: each returns a function that does it -----------------------------------------


class Folded(nn.Module):
    """The completion network at inference, without normalisation."""

    def __init__(self, network):
        super().__init__()
        layers = []
        for block in network.children():
            conv, norm = block.conv.eval(), getattr(block, "norm", None)
            if norm is None:
                layers += [conv, nn.Sigmoid()]
            else:
                transposed = isinstance(conv, nn.ConvTranspose2d)
                layers += [fuse_conv_bn_eval(conv, norm.eval(), transposed), nn.ReLU(True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


def memory_format(layout):
    return torch.contiguous_format if layout == "contiguous" else torch.channels_last


def complete(layout, size, batch, width):
    network = Folded(CompletionNetwork(completion_channels(width))).eval()
    network = network.to(memory_format=memory_format(layout))
    pictures = torch.rand(batch, 3, size, size).to(memory_format=memory_format(layout))
    masks = torch.zeros(batch, 1, size, size)
    mean_pixel = torch.full((3,), 0.5)
    if layout == "traced":
        with torch.inference_mode():
            example = torch.cat([pictures, masks], 1).to(memory_format=memory_format(layout))
            network = torch.jit.freeze(torch.jit.trace(network, example))
            network = torch.jit.optimize_for_inference(network)

    def run():
        with torch.inference_mode():
            x = Batch(pictures, [], [], mean_pixel).completion_input(masks)
            network(x.contiguous(memory_format=memory_format(layout)))

    return run


def centre_batch(layout, size, batch):
    images = torch.rand(batch, 3, size, size).contiguous(memory_format=memory_format(layout))
    holes = [(size // 4, size // 4, size // 2, size // 2)] * batch
    return Batch(images, holes, [(size // 4, size // 4)] * batch, torch.full((3,), 0.5))


def adadelta(network):
    """With its fastest setting: foreach steps all parameters in a few calls."""
    return torch.optim.Adadelta(network.parameters(), lr=1.0, rho=0.9, eps=1e-6, foreach=True)


def train(layout, size, batch, width):
    model = make_glcic(width, size).to(memory_format=memory_format(layout))
    optimisers = adadelta(model.completion), adadelta(model.discriminator)
    pictures = centre_batch(layout, size, batch)
    return lambda: phase3_step(model, *optimisers, pictures, ALPHA)


def convolution(layout, transposed, kernel, stride, inputs, outputs, size, which):
    module = nn.ConvTranspose2d if transposed else nn.Conv2d
    conv = module(inputs, outputs, kernel, stride, (kernel - 1) // 2)
    conv = conv.to(memory_format=memory_format(layout))
    x = torch.rand(1, inputs, size, size).to(memory_format=memory_format(layout))
    if which == "forward":

        def run():
            with torch.inference_mode():
                conv(x)

        return run
    with torch.no_grad():
        dy = torch.rand_like(conv(x))
    wanted = [which == "input_grad", which == "weight_grad", False]
    arguments = (dy, x, conv.weight.detach(), None, conv.stride, conv.padding, conv.dilation)
    arguments += (transposed, [0, 0], 1, wanted)
    return lambda: torch.ops.aten.convolution_backward(*arguments)


def make_work(request, layout):
    kind, *words = request.split()
    if layout == "traced" and kind != "complete":
        raise ValueError("traced is for inference")
    if kind == "complete":
        return complete(layout, *map(int, words))
    if kind == "train":
        return train(layout, *map(int, words))
    *numbers, which = words
    return convolution(layout, kind == "deconv", *map(int, numbers), which)


# --- talking --------------------------------------------------------------------------------------


def median_seconds(run):
    """Once untimed, then until LEAST_SECONDS are full, once at least."""
    run()
    seconds = []
    while not seconds or sum(seconds) < LEAST_SECONDS:
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median_high(seconds)


def blas_library():
    """The file of the BLAS that transposed convolutions and linear layers run through."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    return next((line.split()[-1] for line in maps if "blas" in line), "no BLAS")


def serve(layout):
    threads = f"{torch.get_num_threads()} threads"
    print(f"PyTorch {torch.__version__}, {layout}, {threads}, {blas_library()}", flush=True)
    last, run = None, None
    for line in sys.stdin:
        request = line.strip()
        try:
            if request != last:
                run = None  # its memory first
                run = make_work(request, layout)
                last = request
            print(f"{median_seconds(run):.9f}", flush=True)
        except (RuntimeError, ValueError) as error:
            print(str(error).splitlines()[0], flush=True)


def print_memory(request, layout):
    """Twice, since the first training step makes what the second finds."""
    run = make_work(request, layout)
    run()
    run()
    status = Path("/proc/self/status").read_text().splitlines()
    kibibytes = next(line.split()[1] for line in status if line.startswith("VmHWM:"))
    print(int(kibibytes) * 1024)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--layout", default="channels_last")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory")
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    if options.memory:
        print_memory(options.memory, options.layout)
    else:
        serve(options.layout)


if __name__ == "__main__":
    main()

"""The completion network's forward pass here and in PyTorch, in turn: medians and their ratio.

    /usr/bin/python3 tests/bench/forward_pytorch.py [--size 256] [--width 64] [--rounds 5]

PyTorch gets its best setting: channels_last, normalisation folded into the convolutions, ReLU in
place, inference mode, as many threads as here.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "parity"))
import glcic_torch  # noqa: E402


class Folded(nn.Module):
    """The completion network at inference, without normalisation."""

    def __init__(self, network):
        super().__init__()
        layers = []
        for block in network.children():
            conv, norm = block.conv.eval(), getattr(block, "norm", None)
            if norm is None:
                layers += [conv, nn.Sigmoid()]
            elif isinstance(conv, nn.ConvTranspose2d):
                layers += [fuse_conv_bn_eval(conv, norm.eval(), transpose=True), nn.ReLU(True)]
            else:
                layers += [fuse_conv_bn_eval(conv, norm.eval()), nn.ReLU(True)]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


def pytorch_seconds(network, x, repeats=7):
    """Median seconds of one pass."""
    with torch.inference_mode():
        network(x)
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            network(x)
            seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--forward", default="build/bin/forward")
    options = parser.parse_args()

    torch.set_num_threads(options.threads)
    channels = glcic_torch.completion_channels(options.width)
    network = Folded(glcic_torch.CompletionNetwork(channels))
    network = network.to(memory_format=torch.channels_last)
    x = torch.rand(1, 4, options.size, options.size).to(memory_format=torch.channels_last)
    command = [options.forward] + [str(n) for n in (options.size, 1, options.width, options.threads)]
    ours, theirs = [], []
    for _ in range(options.rounds):
        theirs.append(pytorch_seconds(network, x))
        ours.append(float(subprocess.check_output(command)))
    a, b = statistics.median(ours), statistics.median(theirs)
    print(
        f"forward {options.size} x {options.size}, width {options.width}, "
        f"{options.threads} threads, median of {options.rounds} rounds: kintsugi {a:.3f} s, "
        f"PyTorch {torch.__version__} {b:.3f} s, ratio {b / a:.2f}"
    )


if __name__ == "__main__":
    main()

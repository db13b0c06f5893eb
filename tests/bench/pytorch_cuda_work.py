"""Does pieces of work in PyTorch on a GPU on request, for `make bench-pytorch DEVICE=cuda`.

    python3 tests/bench/pytorch_cuda_work.py --mode eager|compiled --precision tf32|bf16

Talks as build/bin/bench_work does (tests/bench/request.h): a line with its name, then, for each
line with a request, one with the median seconds of a run, or the reason why there is none. Beside
`complete` and `train` there are `product` and `copy`: what the GPU's own large matrix product
(8192³, in the precision) and its copy of a GiB take. Everything is channels_last, with cuDNN's
benchmark mode on; compiled is torch.compile's default mode; bf16 is autocast.
"""

import argparse
import contextlib
import sys
from pathlib import Path

import torch
from pytorch_work import ALPHA, Folded, adadelta, centre_batch, median_seconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "parity"))
from glcic_torch import Batch, CompletionNetwork, completion_channels, make_glcic  # noqa: E402
from glcic_torch import phase3_step  # noqa: E402

LAST = torch.channels_last
PRODUCT = 8192
COPY_BYTES = 2**30


class StillBatch(Batch):
    """A batch whose masks are made once: making them is not what is measured."""

    @property
    def masks(self):
        if "_masks" not in self.__dict__:
            self.__dict__["_masks"] = super().masks
        return self.__dict__["_masks"]


def to_cuda(batch):
    images = batch.images.cuda().contiguous(memory_format=LAST)
    return StillBatch(images, batch.holes, batch.real_patches, batch.mean_pixel.cuda())


def autocast(precision):
    if precision == "bf16":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()


def complete(options, size, batch, width):
    network = Folded(CompletionNetwork(completion_channels(width))).eval()
    network = network.cuda().to(memory_format=LAST)
    if options.mode == "compiled":
        network = torch.compile(network)
    pictures = to_cuda(Batch(torch.rand(batch, 3, size, size), [], [], torch.full((3,), 0.5)))
    masks = torch.zeros(batch, 1, size, size, device="cuda")

    def run():
        with torch.no_grad(), autocast(options.precision):
            network(pictures.completion_input(masks).contiguous(memory_format=LAST))

    return run


def train(options, size, batch, width):
    model = make_glcic(width, size).cuda().to(memory_format=LAST)
    optimisers = adadelta(model.completion), adadelta(model.discriminator)
    if options.mode == "compiled":
        model.completion.compile()
        model.discriminator.compile()
    pictures = to_cuda(centre_batch("channels_last", size, batch))

    def run():
        with autocast(options.precision):
            phase3_step(model, *optimisers, pictures, ALPHA)

    return run


def product(options):
    dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32
    a = torch.rand(PRODUCT, PRODUCT, device="cuda", dtype=dtype)
    b = torch.rand(PRODUCT, PRODUCT, device="cuda", dtype=dtype)
    c = torch.empty_like(a)
    return lambda: torch.mm(a, b, out=c)


def copy():
    a = torch.zeros(COPY_BYTES, dtype=torch.uint8, device="cuda")
    b = torch.empty_like(a)
    return lambda: b.copy_(a)


def make_work(request, options):
    kind, *words = request.split()
    if kind == "product":
        return product(options)
    if kind == "copy":
        return copy()
    if kind == "complete":
        return complete(options, *map(int, words))
    if kind == "train":
        return train(options, *map(int, words))
    raise ValueError(f"'{request}' is no piece of work on a GPU")


def waited_for(run):
    """Launching is not the work: waits for the GPU before and after."""

    def run_and_wait():
        run()
        torch.cuda.synchronize()

    torch.cuda.synchronize()
    return run_and_wait


def serve(options):
    name = torch.cuda.get_device_name()
    print(f"PyTorch {torch.__version__}, {options.mode}, {options.precision}, {name}", flush=True)
    last, run = None, None
    for line in sys.stdin:
        request = line.strip()
        try:
            if request != last:
                run = None  # its memory first
                torch.cuda.empty_cache()
                run = waited_for(make_work(request, options))
                run(), run()  # compiles, tries algorithms
                last = request
            print(f"{median_seconds(run):.9f}", flush=True)
        except (RuntimeError, ValueError) as error:
            last = None
            print(str(error).splitlines()[0], flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--mode", choices=["eager", "compiled"], default="eager")
    parser.add_argument("--precision", choices=["tf32", "bf16"], default="tf32")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("there is no CUDA device here", flush=True)
        sys.exit(2)
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = True
    torch.backends.cuda.matmul.allow_tf32 = True
    serve(options)


if __name__ == "__main__":
    main()

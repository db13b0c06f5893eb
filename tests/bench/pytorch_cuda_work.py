"""Does pieces of work in PyTorch on a GPU on request, for `make bench-pytorch DEVICE=cuda`.

    python3 tests/bench/pytorch_cuda_work.py [--mode MODE] [--precision float32|tf32|bf16]

Talks as build/bin/bench_work does (tests/bench/request.h): a line with its name, then, for each
line with a request, one with the median seconds of a run, or the reason why there is none. Beside
`complete` and `train` there are `product` and `copy`: what the GPU's own large matrix product
(8192³, in the precision) and its copy of a GiB take. Everything is channels_last, with cuDNN's
benchmark mode on. Modes: eager; compiled, torch.compile's default; graphs, torch.compile's
"reduce-overhead", which records CUDA graphs. bf16 is autocast in training, and a network whose
weights are bfloat16 at inference.
"""

import argparse
import contextlib
import sys
from pathlib import Path

import torch
from pytorch_work import ALPHA, Folded, adadelta, centre_batch, median_seconds

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "parity"))
import glcic_torch  # noqa: E402
from glcic_torch import Batch, CompletionNetwork, completion_channels, make_glcic  # noqa: E402
from glcic_torch import phase3_step  # noqa: E402

LAST = torch.channels_last
PRODUCT = 8192
COPY_BYTES = 2**30
COMPILE_MODES = {"compiled": "default", "graphs": "reduce-overhead"}


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


def crop_alike(pictures, corners):
    """glcic_torch.crop where all corners are the same, as in centre_batch: one slice, not N."""
    ((x, y),) = set(corners)
    side = pictures.shape[-1] // 2
    return pictures[:, :, y : y + side, x : x + side]


def compile_network(network, mode):
    """In place; shapes stay what they are at the first call."""
    if mode in COMPILE_MODES:
        network.compile(mode=COMPILE_MODES[mode], dynamic=False)


def autocast(precision):
    if precision == "bf16":
        return torch.autocast("cuda", dtype=torch.bfloat16)
    return contextlib.nullcontext()


def complete(options, size, batch, width):
    network = Folded(CompletionNetwork(completion_channels(width))).eval()
    dtype = torch.bfloat16 if options.precision == "bf16" else torch.float32
    network = network.to("cuda", dtype=dtype, memory_format=LAST)
    compile_network(network, options.mode)
    pictures = to_cuda(Batch(torch.rand(batch, 3, size, size), [], [], torch.full((3,), 0.5)))
    masks = torch.zeros(batch, 1, size, size, device="cuda")

    def run():
        with torch.no_grad():
            network(pictures.completion_input(masks).to(dtype=dtype, memory_format=LAST))

    return run


def train(options, size, batch, width):
    model = make_glcic(width, size).to("cuda", memory_format=LAST)
    optimisers = adadelta(model.completion), adadelta(model.discriminator)
    compile_network(model.completion, options.mode)
    compile_network(model.discriminator, options.mode)
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


def prepared(request, options):
    run = waited_for(make_work(request, options))
    run(), run()  # compiles, tries algorithms
    return run


def free_memory(options):
    if options.mode in COMPILE_MODES:
        torch.compiler.reset()  # else it compiles for any shape once it has seen two
    torch.cuda.empty_cache()


def serve(options):
    name = torch.cuda.get_device_name()
    print(f"PyTorch {torch.__version__}, {options.mode}, {options.precision}, {name}", flush=True)
    last, run = None, None
    for line in sys.stdin:
        request = line.strip()
        try:
            if request != last:
                run = None
                free_memory(options)
            last, seconds = request, 0
            if request != "rest":
                run = run or prepared(request, options)
                seconds = median_seconds(run)
            print(f"{seconds:.9f}", flush=True)
        except Exception as error:  # a compiler may throw anything
            last, run = None, None
            print((str(error) or repr(error)).splitlines()[0], flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--mode", choices=["eager", *COMPILE_MODES], default="eager")
    parser.add_argument("--precision", choices=["float32", "tf32", "bf16"], default="tf32")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("PyTorch: there is no CUDA device here")
    torch.manual_seed(1)
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = options.precision != "float32"
    torch.backends.cuda.matmul.allow_tf32 = options.precision != "float32"
    glcic_torch.crop = crop_alike
    serve(options)


if __name__ == "__main__":
    main()

"""Runs build/bin/parity against PyTorch over several sizes, widths, batches, holes and both dtypes.

    /usr/bin/python3 tests/parity/run.py [--parity build/bin/parity] [--quick] [--keep DIR]

Prints compare.py's table for each configuration; exit status 1 if any disagrees. --quick takes the
first two configurations only. --threads N is passed to PyTorch, and to the program as
OMP_NUM_THREADS.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

CONFIGURATIONS = [
    # size, width, batch, dtype, border
    (32, 8, 2, "float32", False),
    (32, 8, 2, "float64", True),
    (48, 8, 3, "float32", True),
    (48, 16, 1, "float64", False),
    (64, 16, 2, "float32", False),
    (64, 16, 4, "float32", True),
    (64, 8, 1, "float64", True),
    (80, 8, 2, "float32", True),
    (80, 8, 1, "float64", False),
    (96, 8, 1, "float32", False),
    (96, 16, 2, "float64", True),
]


def call(program, *arguments, threads):
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    return subprocess.run([*program, *map(str, arguments)], env=environment).returncode == 0


def check(parity, number, configuration, folder, threads):
    """Makes an input, runs both programs and compares; returns whether they agree."""
    size, width, batch, dtype, border = configuration
    where = ", holes at the border" if border else ""
    print(f"\nsize {size}, width {width}, batch {batch}, {dtype}{where}", flush=True)
    start, ours, reference = (
        folder / f"{number:02}_{name}.safetensors" for name in ("in", "ours", "reference")
    )
    options = [
        "--size",
        size,
        "--width",
        width,
        "--batch",
        batch,
        "--dtype",
        dtype,
        "--seed",
        number,
    ]
    options += ["--border"] if border else []
    steps = [
        ([sys.executable, HERE / "make_input.py"], [start, *options]),
        ([sys.executable, HERE / "reference.py"], [start, reference, "--threads", threads]),
        ([parity], [start, ours]),
        ([sys.executable, HERE / "compare.py"], [ours, reference, start]),
    ]
    return all(call(program, *arguments, threads=threads) for program, arguments in steps)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--parity", type=Path, default=HERE.parents[1] / "build" / "bin" / "parity")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--keep", type=Path, help="folder for the files; without it they are deleted"
    )
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    if not args.parity.is_file():
        sys.exit(f"{args.parity} is missing: build it first")
    configurations = CONFIGURATIONS[:2] if args.quick else CONFIGURATIONS
    with tempfile.TemporaryDirectory() as temporary:
        folder = args.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        results = [
            check(args.parity.resolve(), number, configuration, folder, args.threads)
            for number, configuration in enumerate(configurations, start=1)
        ]
    print(f"\n{sum(results)} of {len(results)} configurations agree")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()

"""The same work here and in PyTorch on a GPU, in one run: medians, ratios, TFLOP/s.

    python3 tests/bench/pytorch_cuda.py [--only NAME] [--rounds 5] [--precision tf32 bf16]

One process a side stays alive: bench_work here; pytorch_cuda_work.py in eager mode, compiled, and
compiled with CUDA graphs. Each lets go of its memory before the next one has its turn. Beside each
time stands what it amounts to in TFLOP/s (multiplications and additions of the plain convolutions
and products, whatever the algorithm), for Kintsugi also in GB/s (what its ops read and write);
above the table, what the GPU's own large matrix product in that precision, and its copy, reach.
Prints Markdown, and writes JSON with every round.
"""

import argparse
import datetime
import json
import statistics
import sys
from pathlib import Path

from pytorch import print_table
from sides import HERE, Sides, output_numbers

MODES = ["eager", "compiled", "graphs"]
# name: what it is, the request (tests/bench/request.h)
WORK = {
    f"train-{size}-{batch}": (
        f"phase-3 training step, {size}², width 64, batch {batch}",
        f"train {size} {batch} 64",
    )
    for size in (128, 256)
    for batch in (16, 96)
} | {
    f"forward-{size}": (
        f"completion network forward, {size}², batch 1",
        f"complete {size} 1 64",
    )
    for size in (256, 512, 1024)
}
PRODUCT_OPERATIONS = 2 * 8192**3
COPY_BYTES = 2 * 2**30  # read and written


def kintsugi(options, precision):
    program = str(Path(options.programs) / "bench_work")
    return [program, "--device", "cuda", "--precision", precision]


def pytorch(mode, precision):
    program = str(HERE / "pytorch_cuda_work.py")
    return [sys.executable, program, "--mode", mode, "--precision", precision]


def timed(sides, command, request, rounds):
    """{"seconds": [...], "median": ...}, or {"reason": ...} where it cannot."""
    seconds = []
    for _ in range(rounds):
        answer = sides.ask(command, request)
        if isinstance(answer, str):
            sides.ask(command, "rest")
            return {"reason": answer}
        seconds.append(answer)
    sides.ask(command, "rest")  # the GPU has no room for all sides at once
    return {"seconds": seconds, "median": statistics.median(seconds)}


def tera(operations, result):
    return f"{operations / result['median'] / 1e12:.0f}" if "median" in result else "–"


def giga(moved, result):
    return f"{moved / result['median'] / 1e9:.0f}" if "median" in result else "–"


def milliseconds(result):
    return f"{result['median'] * 1e3:.2f}" if "median" in result else "–"


def row(title, results, operations, moved):
    ours, theirs = results["kintsugi"], [results[mode] for mode in MODES]
    best = min((side["median"] for side in theirs if "median" in side), default=None)
    ratio = f"{best / ours['median']:.2f}" if best and "median" in ours else "–"
    cells = [f"{milliseconds(side)} ({tera(operations, side)})" for side in theirs]
    our_cell = f"{milliseconds(ours)} ({tera(operations, ours)}, {giga(moved, ours)})"
    return [title, our_cell, *cells, ratio]


def print_limits(precision, product, copy):
    print(f"\n{precision}: the GPU's own product of 8192 x 8192 matrices reaches", end=" ")
    print(f"{tera(PRODUCT_OPERATIONS, product)} TFLOP/s,", end=" ")
    print(f"its copy {giga(COPY_BYTES, copy)} GB/s.\n", flush=True)


def measure(options, precision, measured):
    sides = Sides()
    commands = {"kintsugi": kintsugi(options, precision)}
    commands |= {mode: pytorch(mode, precision) for mode in MODES}
    product, copy = (
        timed(sides, commands["eager"], limit, options.rounds) for limit in ("product", "copy")
    )
    print_limits(precision, product, copy)

    def rows():
        for name, (title, request) in WORK.items():
            if not name.startswith(options.only):
                continue
            command = commands["kintsugi"] + ["--operations", request]
            operations, moved = output_numbers(command)
            results = {
                side: timed(sides, command, request, options.rounds)
                for side, command in commands.items()
            }
            measured[f"{precision} {name}"] = {
                "title": title,
                "request": request,
                "operations": operations,
                "bytes": moved,
                **results,
            }
            yield row(title, results, operations, moved), results

    heads = ["Kintsugi, ms (TFLOP/s, GB/s)", *(f"PyTorch {m}, ms (TFLOP/s)" for m in MODES)]
    print_table([precision, *heads, "best PyTorch / Kintsugi"], rows())
    sides.stop()
    measured[f"{precision} product"], measured[f"{precision} copy"] = product, copy
    return sides.names


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--programs", default="build/bin", help="folder of bench_work")
    parser.add_argument("--json", default="build/bench-pytorch-cuda.json")
    parser.add_argument("--only", default="", help="the work whose name begins so")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--precision", nargs="+", choices=["float32", "tf32", "bf16"], default=["tf32", "bf16"]
    )
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds takes 1 or more")
    if not any(name.startswith(options.only) for name in WORK):
        parser.error(f"--only {options.only}: there is {', '.join(WORK)}")
    measured, programs = {}, []
    for precision in options.precision:
        programs += measure(options, precision, measured)
    report = {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "rounds": options.rounds,
        "programs": programs,
        "work": measured,
    }
    Path(options.json).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(f"medians of {options.rounds} rounds")
    print("\n".join(programs))


if __name__ == "__main__":
    main()

"""The same work here and in PyTorch on a GPU, in turn in one run: medians, ratios, TFLOP/s.

    python3 tests/bench/pytorch_cuda.py [--only NAME] [--rounds 5] [--precision tf32 bf16]

One process a side stays alive: bench_work here; pytorch_cuda_work.py in eager mode and compiled.
Beside each time stands what it amounts to in TFLOP/s (multiplications and additions of the plain
convolutions and products, whatever the algorithm), next to what the GPU's own large matrix product
reaches in that precision. Prints Markdown, and writes JSON with every round.
"""

import argparse
import datetime
import json
import statistics
import sys
from pathlib import Path

from pytorch import print_table
from sides import HERE, Sides, output_numbers

MODES = ["eager", "compiled"]
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


def in_turn(sides, commands, request, rounds):
    """{side: {"seconds": [...], "median": ...}}, or {"reason": ...} for one that cannot."""
    results = {side: {"seconds": []} for side in commands}
    for _ in range(rounds):
        for side, command in commands.items():
            if "reason" in results[side]:
                continue
            answer = sides.ask(command, request)
            if isinstance(answer, str):
                results[side] = {"reason": answer}
            else:
                results[side]["seconds"].append(answer)
    for result in results.values():
        if result.get("seconds"):
            result["median"] = statistics.median(result["seconds"])
    return results


def cell(result, operations):
    if "median" not in result:
        return "–"
    return f"{result['median'] * 1e3:.2f} ({operations / result['median'] / 1e12:.0f})"


def row(title, results, operations):
    ours = results["kintsugi"]
    best = min((results[m]["median"] for m in MODES if "median" in results[m]), default=None)
    ratio = f"{best / ours['median']:.2f}" if best and "median" in ours else "–"
    return [title, cell(ours, operations), *(cell(results[m], operations) for m in MODES), ratio]


def measure(options, precision, measured):
    sides = Sides()
    commands = {"kintsugi": kintsugi(options, precision)}
    commands |= {mode: pytorch(mode, precision) for mode in MODES}
    peak = in_turn(sides, {"eager": commands["eager"]}, "product", options.rounds)["eager"]
    copy = in_turn(sides, {"eager": commands["eager"]}, "copy", options.rounds)["eager"]
    print(f"\n{precision}: the GPU's own product of 8192 x 8192 matrices reaches", end=" ")
    print(f"{PRODUCT_OPERATIONS / peak['median'] / 1e12:.0f} TFLOP/s,", end=" ")
    print(f"its copy {COPY_BYTES / copy['median'] / 1e9:.0f} GB/s.\n")

    def rows():
        for name, (title, request) in WORK.items():
            if not name.startswith(options.only):
                continue
            (operations,) = output_numbers(commands["kintsugi"] + ["--operations", request])
            results = in_turn(sides, commands, request, options.rounds)
            measured[f"{precision} {name}"] = {
                "title": title,
                "request": request,
                "operations": operations,
                **results,
            }
            yield row(title, results, operations), results

    heads = [f"{side}, ms (TFLOP/s)" for side in ("Kintsugi", "PyTorch", "PyTorch compiled")]
    print_table([precision, *heads, "best PyTorch / Kintsugi"], rows())
    sides.stop()
    measured[f"{precision} product"], measured[f"{precision} copy"] = peak, copy
    return sides.names


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--programs", default="build/bin", help="folder of bench_work")
    parser.add_argument("--json", default="build/bench-pytorch-cuda.json")
    parser.add_argument("--only", default="", help="the work whose name begins so")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", nargs="+", choices=["tf32", "bf16"], default=["tf32", "bf16"])
    options = parser.parse_args()
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

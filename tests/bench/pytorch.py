"""The same work here and in PyTorch, in turn in one run: medians, ratios, peak memory.

    /usr/bin/python3 tests/bench/pytorch.py [--only NAME] [--rounds 5] [--threads 2]

One process a side stays alive and does a piece of work whenever it is told to, each measurement
warmed up by one run: bench_work here; pytorch_work.py in each of PyTorch's settings, of which the
fastest is shown, for every piece of work anew; and bench_onednn, where it was built, with oneDNN's
own single convolutions. Prints Markdown, and writes JSON with every round.
"""

import argparse
import datetime
import json
import os
import statistics
from pathlib import Path

from sides import Programs, Sides, output_numbers

BUSY = 0.5  # processes that wanted to run, over the last minute
LAYOUTS = ["channels_last", "contiguous"]
CONV = "conv 3 1 256 256 64"
DECONV = "deconv 4 2 256 128 64"
# name: what it is, the request (tests/bench/request.h)
WORK = {
    "forward-256": ("completion network forward, 256², batch 1", "complete 256 1 64"),
    "forward-512": ("completion network forward, 512², batch 1", "complete 512 1 64"),
    "conv-forward": ("conv 3x3, 256 → 256 at 64², forward", f"{CONV} forward"),
    "conv-input-grad": ("conv 3x3, 256 → 256 at 64², input gradient", f"{CONV} input_grad"),
    "conv-weight-grad": ("conv 3x3, 256 → 256 at 64², weight gradient", f"{CONV} weight_grad"),
    "deconv-forward": ("deconv 4x4 stride 2, 256 → 128 at 64², forward", f"{DECONV} forward"),
    "deconv-input-grad": ("the same, input gradient", f"{DECONV} input_grad"),
    "deconv-weight-grad": ("the same, weight gradient", f"{DECONV} weight_grad"),
    "train-64": ("phase-3 training step, 64², width 64, batch 16", "train 64 16 64"),
    "train-128": ("phase-3 training step, 128², width 64, batch 4", "train 128 4 64"),
}
THREADS = {
    "threads-forward": ("completion network forward, 256², batch 1", "complete 256 1 64"),
    "threads-train": ("phase-3 training step, 64², width 64, batch 16", "train 64 16 64"),
}
MEMORY = {"memory-train-128": ("phase-3 training step, 128², width 64, batch 4", "train 128 4 64")}


# --- measurements ---------------------------------------------------------------------------------


def layouts(request):
    """PyTorch's settings (pytorch_work.py) that the work can have."""
    return LAYOUTS + ["traced"] if request.startswith("complete") else LAYOUTS


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
        if "seconds" in result:
            result["median"] = statistics.median(result["seconds"])
    return results


def measure_work(sides, programs, request, rounds):
    commands = {"kintsugi": programs.kintsugi()}
    for layout in layouts(request):
        commands[f"pytorch {layout}"] = programs.pytorch(layout)
    if request.startswith("conv") and programs.has_onednn():
        for way in ("winograd", "direct"):
            commands[f"onednn {way}"] = programs.onednn(way)
    return in_turn(sides, commands, request, rounds)


def measure_threads(sides, programs, request, rounds):
    commands = {"one thread": programs.kintsugi(1), "all threads": programs.kintsugi()}
    return in_turn(sides, commands, request, rounds)


def measure_memory(sides, programs, request, rounds):
    """Bytes, in a fresh process each: the most in memory; ours also in tensors."""
    resident, tensors = output_numbers(programs.kintsugi() + ["--memory", request])
    results = {"kintsugi": {"bytes": resident, "bytes in tensors": tensors}}
    for layout in LAYOUTS:
        (theirs,) = output_numbers(programs.pytorch(layout) + ["--memory", request])
        results[f"pytorch {layout}"] = {"bytes": theirs}
    return results


# --- tables ---------------------------------------------------------------------------------------


def milliseconds(result):
    return f"{result['median'] * 1e3:.2f}" if "median" in result else "–"


def ratio(numerator, denominator):
    if "median" not in numerator or "median" not in denominator:
        return "–"
    return f"{numerator['median'] / denominator['median']:.2f}"


def best_pytorch(results, quantity):
    """Its setting with the smallest value, and what was measured there."""
    sides = [side for side in results if side.startswith("pytorch") and quantity in results[side]]
    if not sides:
        return "–", {}
    best = min(sides, key=lambda side: results[side][quantity])
    return best.removeprefix("pytorch "), results[best]


def work_row(title, r):
    winograd, direct = (r.get(f"onednn {way}", {}) for way in ("winograd", "direct"))
    setting, pytorch = best_pytorch(r, "median")
    return [
        title,
        milliseconds(r["kintsugi"]),
        f"{milliseconds(pytorch)} ({setting})",
        ratio(pytorch, r["kintsugi"]),
        milliseconds(winograd),
        milliseconds(direct),
        ratio(winograd, r["kintsugi"]),
    ]


def threads_row(title, r):
    one, all_of_them = r["one thread"], r["all threads"]
    return [title, milliseconds(one), milliseconds(all_of_them), ratio(one, all_of_them)]


def memory_row(title, r):
    ours = r["kintsugi"]
    setting, theirs = best_pytorch(r, "bytes")
    return [
        title,
        f"{ours['bytes'] / 2**20:.0f}",
        f"{ours['bytes in tensors'] / 2**20:.0f}",
        f"{theirs['bytes'] / 2**20:.0f} ({setting})",
        f"{ours['bytes'] / theirs['bytes']:.2f}",
    ]


def tables(threads):
    """Work, how to measure it, how to show it, and the heads of its columns."""
    many = f"{threads} threads, ms"
    work_heads = ["Kintsugi, ms", "PyTorch, ms", "PyTorch / Kintsugi", "oneDNN Winograd, ms"]
    work_heads += ["oneDNN direct, ms", "oneDNN Winograd / Kintsugi"]
    memory_heads = ["Kintsugi, MiB", "of that tensors", "PyTorch, MiB", "Kintsugi / PyTorch"]
    return [
        (WORK, measure_work, work_row, ["work", *work_heads]),
        (THREADS, measure_threads, threads_row, ["Kintsugi", "1 thread, ms", many, "times"]),
        (MEMORY, measure_memory, memory_row, ["peak memory", *memory_heads]),
    ]


def print_line(cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def print_table(heads, rows):
    """Each row as soon as it is measured; then why cells are empty."""
    print_line(heads)
    print_line(["---"] * len(heads))
    reasons = {}
    for cells, results in rows:
        print_line(cells)
        reasons.update({side: r["reason"] for side, r in results.items() if "reason" in r})
    print("".join(f"\n{side} has no figure: {reason}" for side, reason in reasons.items()))


def cpu_name():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "unknown")


# --- the run --------------------------------------------------------------------------------------


def run(options):
    sides, programs = Sides(), Programs(Path(options.programs), options.threads)
    load, measured = os.getloadavg()[0], {}
    if load > BUSY:
        print(f"Other programs are running (load {load:.1f}): a quiet machine has other figures.\n")

    def rows(work, measure, row):
        for name, (title, request) in work.items():
            results = measure(sides, programs, request, options.rounds)
            measured[name] = {"title": title, "request": request, **results}
            yield row(title, results), results

    for work, measure, row, heads in tables(options.threads):
        wanted = {name: w for name, w in work.items() if name.startswith(options.only)}
        if wanted:
            print_table(heads, rows(wanted, measure, row))
    sides.stop()
    return {
        "date": datetime.datetime.now().astimezone().isoformat(timespec="seconds"),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "load before": load,
        "threads": options.threads,
        "rounds": options.rounds,
        "programs": sides.names,
        "work": measured,
    }


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--programs", default="build/bin", help="folder of bench_work")
    parser.add_argument("--json", default="build/bench-pytorch.json")
    parser.add_argument("--only", default="", help="the work whose name begins so")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    names = [*WORK, *THREADS, *MEMORY]
    if not any(name.startswith(options.only) for name in names):
        parser.error(f"--only {options.only}: there is {', '.join(names)}")
    if options.rounds < 1 or options.threads < 1:
        parser.error("--rounds and --threads take 1 or more")
    report = run(options)
    Path(options.json).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    print(f"{report['cpu']}, {options.threads} threads, medians of {options.rounds} rounds")
    print("\n".join(report["programs"]))


if __name__ == "__main__":
    main()

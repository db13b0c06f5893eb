"""Compares the results of two parity programs for the same input; exit status 1 if they
disagree.

    /usr/bin/python3 tests/parity/compare.py OURS.safetensors REFERENCE.safetensors IN.safetensors

What must hold (float32 / float64 weights in IN):
  output   eval.output: largest difference at most 1e-5 / 1e-6
  losses   relative difference at most 1e-5 / 1e-6
  weights  after each phase's step, every weight and running statistic: largest difference within
           1 % / 1e-6 of the tensor's largest change, which is max |REFERENCE - IN|
  frozen   the discriminators in phase 1 and the completion network in phase 2 keep every byte
Left out of the weights: tensors that change by less than 1e-6, and biases in front of a batch
normalisation, whose gradient is nothing but rounding; these must only stay within 1e-4 of the
reference.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))
import safetensors_io  # noqa: E402

NOT_WEIGHTS = {"mean_pixel", "images", "holes", "real_patches", "alpha"}
LOSSES = {
    "phase1": ["phase1.loss"],
    "phase2": ["phase2.loss"],
    "phase3": ["phase3.loss_completion", "phase3.loss_discriminator"],
}
FROZEN = {"phase1": "discriminator.", "phase2": "completion.", "phase3": None}
SMALLEST_CHANGE = 1e-6
LEFT_OUT_BOUND = 1e-4


@dataclass
class Bounds:
    output: float
    loss: float
    weight: float


FLOAT32 = Bounds(output=1e-5, loss=1e-5, weight=1e-2)
FLOAT64 = Bounds(output=1e-6, loss=1e-6, weight=1e-6)


class Worst:
    """The largest of the errors added, where it was, and how many there were."""

    def __init__(self, bound):
        self.bound, self.error, self.name, self.count = bound, 0.0, "", 0

    def add(self, error, name):
        self.count += 1
        if error > self.error:
            self.error, self.name = error, name

    @property
    def passed(self):
        return self.error <= self.bound


def distance(a, b):
    """max |a - b| in float64; infinite if a is missing, not finite or of another kind."""
    if a is None or a.shape != b.shape or a.dtype != b.dtype or not np.isfinite(a).all():
        return np.inf
    return float(np.abs(a.astype(np.float64) - b.astype(np.float64)).max())


def relative(a, b):
    return distance(a, b) / max(float(np.abs(b).max()), 1e-30)


def bias_before_norm(name, names):
    return name.endswith(".conv.bias") and name.replace(".conv.bias", ".norm.weight") in names


def same_bits(a, b):
    return a is not None and a.dtype == b.dtype and a.tobytes() == b.tobytes()


def compare_weights(phase, ours, reference, start, bounds):
    """Returns the Worst of the phase's compared, frozen (0 or infinite) and left out tensors."""
    compared, frozen, left_out = Worst(bounds.weight), Worst(0.0), Worst(LEFT_OUT_BOUND)
    for name in start:
        a, b = ours.get(f"{phase}.{name}"), reference[f"{phase}.{name}"]
        change = distance(b, start[name])
        if FROZEN[phase] and name.startswith(FROZEN[phase]):
            frozen.add(0.0 if same_bits(a, start[name]) else np.inf, name)
        elif change < SMALLEST_CHANGE or bias_before_norm(name, start):
            left_out.add(distance(a, b), name)
        else:
            compared.add(distance(a, b) / change, name)
    return {"weights": compared, "frozen": frozen, "left out": left_out}


def compare(ours, reference, start):
    """Yields (phase, what, Worst) for everything that is checked."""
    weights = {name: value for name, value in start.items() if name not in NOT_WEIGHTS}
    dtype = weights["completion.layer01.conv.weight"].dtype
    bounds = FLOAT64 if dtype == np.float64 else FLOAT32
    output = Worst(bounds.output)
    output.add(distance(ours.get("eval.output"), reference["eval.output"]), "eval.output")
    yield "eval", "output", output
    for phase, names in LOSSES.items():
        losses = Worst(bounds.loss)
        for name in names:
            losses.add(relative(ours.get(name), reference[name]), name)
        yield phase, "losses", losses
        for what, worst in compare_weights(phase, ours, reference, weights, bounds).items():
            yield phase, what, worst


def report(rows):
    """Prints the table; returns whether everything passed."""
    passed = True
    print(f"{'phase':7} {'what':9} {'tensors':>7} {'worst error':>12} {'bound':>8}      where")
    for phase, what, worst in rows:
        verdict = "ok" if worst.passed else "FAIL"
        numbers = f"{worst.count:7} {worst.error:12.2e} {worst.bound:8.0e}"
        print(f"{phase:7} {what:9} {numbers} {verdict:4} {worst.name}")
        passed = passed and worst.passed
    return passed


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    ours, reference, start = (safetensors_io.load(path) for path in sys.argv[1:])
    sys.exit(0 if report(compare(ours, reference, start)) else 1)


if __name__ == "__main__":
    main()

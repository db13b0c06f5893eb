#!/usr/bin/env python3
"""Reads a run's event files as TensorBoard does, and compares them with its metrics.csv.

    python3 -m venv VENV && VENV/bin/pip install tensorboard pillow 'setuptools<80'
    VENV/bin/python tests/reference/tensorboard_check.py RUN

By hand; no test needs it. Ends with status 1 where something differs: a column of metrics.csv
against the scalars of its tag, step by step (steps that a resumed run took again must show once);
a sheet of samples against the pixels of its file; or the field numbers of event.proto.
"""

import csv
import io
import math
import os
import sys

import PIL.Image
from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto import event_pb2, summary_pb2

TAGS = {
    "phase": "progress/phase",
    "phase_step": "progress/phase_step",
    "seconds": "progress/seconds",
    "completion_loss": "loss/completion",
    "discriminator_loss": "loss/discriminators",
    "adversarial_loss": "loss/adversarial",
    "real_mean": "probability/real",
    "fake_mean": "probability/completed",
    "completion_gradient": "gradient/completion",
    "adversarial_gradient": "gradient/adversarial",
    "alpha": "loss/alpha",
    "pictures_per_second": "speed/pictures_per_second",
}

FIELDS = {
    event_pb2.Event: {"wall_time": 1, "step": 2, "file_version": 3, "summary": 5, "session_log": 7},
    event_pb2.SessionLog: {"status": 1},
    summary_pb2.Summary: {"value": 1},
    summary_pb2.Summary.Value: {"tag": 1, "simple_value": 2, "image": 4},
    summary_pb2.Summary.Image: {"height": 1, "width": 2, "colorspace": 3, "encoded_image_string": 4},
}


def field_faults():
    for message, fields in FIELDS.items():
        for name, number in fields.items():
            theirs = message.DESCRIPTOR.fields_by_name[name].number
            if theirs != number:
                yield f"{message.DESCRIPTOR.full_name}.{name} is {theirs}, not {number}"


def load(run):
    accumulator = event_accumulator.EventAccumulator(
        run,
        size_guidance={event_accumulator.SCALARS: 0, event_accumulator.IMAGES: 0},
        purge_orphaned_data=True)
    return accumulator.Reload()


def scalar_faults(accumulator, run):
    with open(os.path.join(run, "metrics.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    for column, tag in TAGS.items():
        expected = [(int(row["step"]), float(row[column])) for row in rows if row[column]]
        known = tag in accumulator.Tags()["scalars"]
        found = [(e.step, e.value) for e in accumulator.Scalars(tag)] if known else []
        if [step for step, _ in found] != [step for step, _ in expected]:
            yield f"{tag}: {len(found)} steps, {len(expected)} in metrics.csv"
        for (step, value), (_, wanted) in zip(found, expected):
            if not math.isclose(value, wanted, rel_tol=1e-5, abs_tol=1e-3 * (column == "seconds")):
                yield f"{tag}, step {step}: {value}, {wanted} in metrics.csv"
        print(f"{tag}: {len(found)} values")


def picture_faults(accumulator, run):
    sheets = accumulator.Images("samples")
    for event in sheets:
        path = os.path.join(run, "samples", f"{event.step:07}.png")
        picture = PIL.Image.open(io.BytesIO(event.encoded_image_string))
        if picture.size != (event.width, event.height):
            yield f"samples, step {event.step}: {picture.size}, said to be {event.width} x {event.height}"
        if picture.tobytes() != PIL.Image.open(path).tobytes():
            yield f"samples, step {event.step}: other pixels than {path}"
    print(f"samples: {len(sheets)} pictures")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    run = sys.argv[1]
    accumulator = load(run)
    faults = [*field_faults(), *scalar_faults(accumulator, run), *picture_faults(accumulator, run)]
    print("\n".join(faults) if faults else "all as in metrics.csv and samples/")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()

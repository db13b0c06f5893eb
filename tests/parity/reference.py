"""One training step of each GLCIC phase in PyTorch, for comparison with build/bin/parity.

    /usr/bin/python3 tests/parity/reference.py IN.safetensors OUT.safetensors [--threads 2]

IN   all weights under the project's names; mean_pixel [3], images [N,3,S,S],
     holes [N,4] (x, y, width, height), real_patches [N,2] (x, y), alpha [1].
     Everything is computed in the dtype of the weights.
OUT  eval.output [N,3,S,S], the raw output of C with running statistics, and, each phase starting
     from the weights of IN with fresh ADADELTAs,
     phase1.loss, phase2.loss, phase3.loss_completion (L + alpha BCE), phase3.loss_discriminator,
     all [1], and phaseK.NAME for every weight and running statistic NAME after the step.
"""

import argparse
import sys
from pathlib import Path

import torch

from glcic_torch import Batch, adadelta, glcic_from, phase1_step, phase2_step, phase3_step, weights

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "reference"))
import safetensors_io  # noqa: E402


def load_batch(tensors, dtype):
    return Batch(
        images=tensors["images"].to(dtype),
        holes=tensors["holes"].long().tolist(),
        real_patches=tensors["real_patches"].long().tolist(),
        mean_pixel=tensors["mean_pixel"].to(dtype),
    )


def eval_output(model, batch):
    model.eval()
    with torch.no_grad():
        return model.completion(batch.completion_input(batch.masks))


def phase1(model, batch, alpha):
    return {"loss": phase1_step(model, adadelta(model.completion), batch)}


def phase2(model, batch, alpha):
    return {"loss": phase2_step(model, adadelta(model.discriminator), batch)}


def phase3(model, batch, alpha):
    optimisers = adadelta(model.completion), adadelta(model.discriminator)
    loss_completion, loss_discriminator = phase3_step(model, *optimisers, batch, alpha)
    return {"loss_completion": loss_completion, "loss_discriminator": loss_discriminator}


def run(tensors):
    """{name: tensor} of IN -> {name: tensor} of OUT."""
    dtype = tensors["completion.layer01.conv.weight"].dtype
    batch = load_batch(tensors, dtype)
    alpha = tensors["alpha"].to(dtype).item()
    out = {"eval.output": eval_output(glcic_from(tensors), batch)}
    for phase in (phase1, phase2, phase3):
        model = glcic_from(tensors)
        losses = phase(model, batch, alpha)
        out.update({f"{phase.__name__}.{name}": loss.reshape(1) for name, loss in losses.items()})
        out.update({f"{phase.__name__}.{name}": value for name, value in weights(model).items()})
    return out


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tensors = {k: torch.from_numpy(v) for k, v in safetensors_io.load(args.input).items()}
    safetensors_io.save(args.output, {k: v.numpy() for k, v in run(tensors).items()})


if __name__ == "__main__":
    main()

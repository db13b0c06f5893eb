"""Writes the reference values that the tests compare with: small float64 files from PyTorch 1.13.

    /usr/bin/python3 tests/reference/generate.py            # rewrites tests/reference/*.safetensors

Everything is in PyTorch's layouts: maps [N,C,H,W], conv weights [out,in,kh,kw], transposed ones
[in,out,kh,kw], linear ones [out,in]. A tensor is named CASE.NAME:

    CASE.input, .weight, .bias, ...     what goes in
    CASE.options                        numbers, in the order of the table below
    CASE.output                         what comes out (a loss has shape [1])
    CASE.cotangent                      a random gradient of the output
    CASE.grad_input, .grad_weight, ...  the gradients of the inputs for that cotangent
    CASE.running_mean, .running_var     running statistics before; with _after, after training

    file               cases                                    options
    conv2d             basic, strided, dilated, even,           stride, padding, dilation
                       rectangular, pointwise
    conv_transpose2d   doubling, output_padding, dilated,       stride, padding, output_padding,
                       tripling, even                           dilation
    linear             linear                                   -
    channelwise_linear maps (weight [C,HW,HW], from place to    -
                       place; bias [H,W,C])
    batch_norm         training, eval, single_picture           eps, momentum
                       (training), vectors (training, [N,C])
    batch_norm_relu    training                                 eps, momentum
    instance_norm      affine                                   eps
    pool               max2, max3, max_overlapping,             kernel, stride, padding
                       avg2, avg3 (counts the padding)
    resize             bilinear_{up,down,mixed},                output height, output width
                       nearest_{up,down,mixed}                  (bilinear: align_corners = false)
    pad                zero, reflect                            left, right, top, bottom
    activation         relu, leaky_relu, softplus, sigmoid,     leaky_relu: negative slope
                       tanh, softmax, log_softmax (last axis)
    loss               bce_with_logits, cross_entropy, mse,     -
                       l1; means; .target: probabilities,
                       class numbers, values
    optimizer          sgd, sgd_momentum                        lr, momentum
                       adam                                     lr, beta1, beta2, eps
                       adadelta                                 lr, rho, eps
                       in: .parameter [K], .gradients [steps,K]; out: .parameters [steps,K], after
                       each step

parity_in and parity_out hold a GLCIC training step of size 32, width 4, batch 2: an input of
build/bin/parity and what tests/parity/reference.py makes of it. To stay small, parity_out has of
each phase the losses and some of the tensors that the phase changes.
"""

import sys
from pathlib import Path

import torch
import torch.nn.functional as F

import safetensors_io

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "parity"))
import make_input  # noqa: E402
import reference  # noqa: E402

EPS, MOMENTUM = 1e-5, 0.1


def random(*shape):
    return torch.randn(shape, dtype=torch.float64)


def uniform(low, high, *shape):
    return low + (high - low) * torch.rand(shape, dtype=torch.float64)


def differentiated(function, inputs, options=()):
    """{name: tensor} of one case: inputs, output, a random cotangent and the inputs' gradients."""
    leaves = {name: value.clone().requires_grad_() for name, value in inputs.items()}
    output = function(*leaves.values())
    cotangent = torch.randn_like(output)
    gradients = torch.autograd.grad(output, list(leaves.values()), cotangent)
    case = dict(inputs, output=output.detach(), cotangent=cotangent)
    case.update({f"grad_{name}": gradient for name, gradient in zip(leaves, gradients)})
    if options:
        case["options"] = torch.tensor(options, dtype=torch.float64)
    return case


# --- convolutions and linear ----------------------------------------------------------------------


def conv2d_case(inputs, outputs, kernel, stride=1, padding=0, dilation=1, size=(7, 6)):
    return differentiated(
        lambda x, w, b: F.conv2d(x, w, b, stride, padding, dilation),
        {
            "input": random(2, inputs, *size),
            "weight": random(outputs, inputs, *kernel),
            "bias": random(outputs),
        },
        [stride, padding, dilation],
    )


def conv2d_cases():
    return {
        "basic": conv2d_case(3, 4, (3, 3), padding=1),
        "strided": conv2d_case(3, 4, (5, 5), stride=2, padding=2, size=(9, 8)),
        "dilated": conv2d_case(2, 3, (3, 3), padding=4, dilation=4),
        "even": conv2d_case(3, 2, (4, 4), stride=2, padding=1),
        "rectangular": conv2d_case(2, 3, (2, 3), stride=3, padding=1, dilation=2, size=(10, 9)),
        "pointwise": conv2d_case(3, 5, (1, 1)),
    }


def conv_transpose2d_case(inputs, outputs, kernel, stride, padding, output_padding=0, dilation=1):
    return differentiated(
        lambda x, w, b: F.conv_transpose2d(x, w, b, stride, padding, output_padding, 1, dilation),
        {
            "input": random(2, inputs, 5, 4),
            "weight": random(inputs, outputs, *kernel),
            "bias": random(outputs),
        },
        [stride, padding, output_padding, dilation],
    )


def conv_transpose2d_cases():
    return {
        "doubling": conv_transpose2d_case(3, 4, (4, 4), stride=2, padding=1),
        "output_padding": conv_transpose2d_case(
            3, 2, (3, 3), stride=2, padding=1, output_padding=1
        ),
        "dilated": conv_transpose2d_case(2, 3, (3, 3), stride=1, padding=2, dilation=2),
        "tripling": conv_transpose2d_case(2, 3, (3, 5), stride=3, padding=1, output_padding=2),
        "even": conv_transpose2d_case(2, 3, (2, 2), stride=2, padding=0),
    }


def linear_cases():
    inputs = {"input": random(4, 6), "weight": random(3, 6), "bias": random(3)}
    return {"linear": differentiated(F.linear, inputs)}


def channelwise_linear_cases():
    n, c, h, w = 4, 3, 2, 3
    inputs = {"input": random(n, c, h, w), "weight": random(c, h * w, h * w), "bias": random(h, w, c)}

    def apply(x, weight, bias):
        y = torch.einsum("ncp,cpq->ncq", x.flatten(2), weight).reshape(n, c, h, w)
        return y + bias.permute(2, 0, 1)

    return {"maps": differentiated(apply, inputs)}


# --- normalisation --------------------------------------------------------------------------------


def batch_norm_case(shape, training, activation=lambda y: y):
    channels = shape[1]
    statistics = {"running_mean": random(channels), "running_var": uniform(0.5, 2, channels)}
    mean, variance = statistics["running_mean"].clone(), statistics["running_var"].clone()
    inputs = {
        "input": 2 * random(*shape) + 1,
        "weight": uniform(0.5, 1.5, channels),
        "bias": random(channels),
    }
    case = differentiated(
        lambda x, w, b: activation(F.batch_norm(x, mean, variance, w, b, training, MOMENTUM, EPS)),
        inputs,
        [EPS, MOMENTUM],
    )
    case.update(statistics)
    if training:
        case.update(running_mean_after=mean, running_var_after=variance)
    return case


def batch_norm_cases():
    return {
        "training": batch_norm_case((3, 4, 5, 6), True),
        "eval": batch_norm_case((3, 4, 5, 6), False),
        "single_picture": batch_norm_case((1, 3, 3, 2), True),
        "vectors": batch_norm_case((7, 5), True),
    }


def instance_norm_cases():
    inputs = {
        "input": 2 * random(3, 4, 5, 6) + 1,
        "weight": uniform(0.5, 1.5, 4),
        "bias": random(4),
    }
    return {
        "affine": differentiated(
            lambda x, w, b: F.instance_norm(x, weight=w, bias=b, eps=EPS), inputs, [EPS]
        )
    }


# --- pooling, resizing, padding -------------------------------------------------------------------


def map_case(function, options):
    return differentiated(function, {"input": random(2, 3, 7, 8)}, options)


def pool_case(pool, kernel, stride, padding):
    return map_case(lambda x: pool(x, kernel, stride, padding), [kernel, stride, padding])


def pool_cases():
    return {
        "max2": pool_case(F.max_pool2d, 2, 2, 0),
        "max3": pool_case(F.max_pool2d, 3, 2, 1),
        "max_overlapping": pool_case(F.max_pool2d, 3, 1, 0),
        "avg2": pool_case(F.avg_pool2d, 2, 2, 0),
        "avg3": pool_case(F.avg_pool2d, 3, 2, 1),
    }


def resize_case(mode, height, width):
    align = {"align_corners": False} if mode == "bilinear" else {}
    return map_case(
        lambda x: F.interpolate(x, (height, width), mode=mode, **align), [height, width]
    )


def resize_cases():
    sizes = {"up": (14, 20), "down": (4, 3), "mixed": (5, 11)}
    return {
        f"{mode}_{name}": resize_case(mode, *size)
        for mode in ("bilinear", "nearest")
        for name, size in sizes.items()
    }


def pad_cases():
    sides = [2, 1, 3, 0]
    return {
        "zero": map_case(lambda x: F.pad(x, sides), sides),
        "reflect": map_case(lambda x: F.pad(x, sides, mode="reflect"), sides),
    }


# --- activations, losses, optimisers --------------------------------------------------------------


def activation_cases():
    slope = 0.2
    functions = {
        "relu": F.relu,
        "leaky_relu": lambda x: F.leaky_relu(x, slope),
        "softplus": F.softplus,
        "sigmoid": torch.sigmoid,
        "tanh": torch.tanh,
        "softmax": lambda x: F.softmax(x, dim=-1),
        "log_softmax": lambda x: F.log_softmax(x, dim=-1),
    }
    options = {"leaky_relu": [slope]}
    return {
        name: differentiated(function, {"input": 3 * random(4, 7)}, options.get(name, ()))
        for name, function in functions.items()
    }


def loss_case(loss, input_shape, target):
    case = differentiated(lambda x: loss(x, target).reshape(1), {"input": 3 * random(*input_shape)})
    return dict(case, target=target)


def loss_cases():
    return {
        "bce_with_logits": loss_case(
            F.binary_cross_entropy_with_logits, (5, 3), uniform(0, 1, 5, 3)
        ),
        "cross_entropy": loss_case(F.cross_entropy, (5, 4), torch.tensor([0, 3, 1, 1, 2])),
        "mse": loss_case(F.mse_loss, (2, 3, 4), random(2, 3, 4)),
        "l1": loss_case(F.l1_loss, (2, 3, 4), random(2, 3, 4)),
    }


def optimizer_case(make, options, steps=6, count=5):
    start = random(count)
    gradients = random(steps, count) * torch.logspace(-4, 1, count, dtype=torch.float64)
    parameter = torch.nn.Parameter(start.clone())
    optimizer = make(parameter)
    after = []
    for gradient in gradients:
        parameter.grad = gradient.clone()
        optimizer.step()
        after.append(parameter.detach().clone())
    return {
        "parameter": start,
        "gradients": gradients,
        "parameters": torch.stack(after),
        "options": torch.tensor(options, dtype=torch.float64),
    }


def optimizer_cases():
    optim = torch.optim
    return {
        "sgd": optimizer_case(lambda p: optim.SGD([p], lr=0.1), [0.1, 0]),
        "sgd_momentum": optimizer_case(
            lambda p: optim.SGD([p], lr=0.05, momentum=0.9), [0.05, 0.9]
        ),
        "adam": optimizer_case(
            lambda p: optim.Adam([p], 0.01, (0.9, 0.999), 1e-8), [0.01, 0.9, 0.999, 1e-8]
        ),
        "adadelta": optimizer_case(lambda p: optim.Adadelta([p], 1.0, 0.9, 1e-6), [1, 0.9, 1e-6]),
    }


# --- one GLCIC step -------------------------------------------------------------------------------

KEPT_CONVOLUTIONS = (
    *(f"completion.layer{number}" for number in ("01", "04", "08", "13", "17")),
    "discriminator.local.layer1",
    "discriminator.global.layer3",
)


def kept(name, parity_in):
    """Whether parity_out keeps phaseK.NAME: norms, some convolutions, the last layer."""
    if name.endswith("conv.bias"):  # in front of a norm its gradient is rounding
        return name.replace("conv.bias", "norm.weight") not in parity_in
    if name.endswith("conv.weight"):
        return name.startswith(KEPT_CONVOLUTIONS)
    return not name.endswith(("local.fc.weight", "global.fc.weight"))


def parity_files():
    parity_in = make_input.make_input(32, 4, 2, torch.float64, seed=1, border=True, kinks=False)
    parity_out = {}
    for key, value in reference.run(parity_in).items():
        _, name = key.split(".", 1)
        result = name not in parity_in  # eval.output and the losses
        if result or (kept(name, parity_in) and not torch.equal(value, parity_in[name])):
            parity_out[key] = value
    return {"parity_in": parity_in, "parity_out": parity_out}


# --- files ----------------------------------------------------------------------------------------

CASES = {
    "conv2d": conv2d_cases,
    "conv_transpose2d": conv_transpose2d_cases,
    "linear": linear_cases,
    "channelwise_linear": channelwise_linear_cases,
    "batch_norm": batch_norm_cases,
    "batch_norm_relu": lambda: {"training": batch_norm_case((3, 4, 5, 6), True, F.relu)},
    "instance_norm": instance_norm_cases,
    "pool": pool_cases,
    "resize": resize_cases,
    "pad": pad_cases,
    "activation": activation_cases,
    "loss": loss_cases,
    "optimizer": optimizer_cases,
}


def case_files():
    for file, cases in CASES.items():
        torch.manual_seed(1)
        yield file, {
            f"{case}.{name}": value
            for case, tensors in cases().items()
            for name, value in tensors.items()
        }


def main():
    torch.set_num_threads(1)
    for file, tensors in [*case_files(), *parity_files().items()]:
        arrays = {name: value.detach().double().numpy() for name, value in tensors.items()}
        path = HERE / f"{file}.safetensors"
        safetensors_io.save(path, arrays)
        print(f"{path.name:30} {len(arrays):4} tensors {path.stat().st_size:8} bytes")


if __name__ == "__main__":
    main()

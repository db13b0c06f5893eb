"""GLCIC in PyTorch: the networks, the batch and the steps of the three training phases.

Shared by reference.py (one step of each phase, for comparison) and train_pytorch.py (training
against the clock). Parameter names are those of the project's weight files, so `weights(model)` is
what a weight file holds: completion.layerNN.{conv,norm}.*,
discriminator.{local,global}.layern.{conv,norm}.*, discriminator.{local,global}.fc.*,
discriminator.fc.*.

Iizuka, Simo-Serra, Ishikawa, "Globally and Locally Consistent Image Completion", SIGGRAPH 2017.
"""

import contextlib
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn

# Per completion layer: kernel, stride, padding, dilation; stride 1/2 is a transposed convolution.
COMPLETION_LAYERS = [
    (5, 1, 2, 1),
    (3, 2, 1, 1),
    (3, 1, 1, 1),
    (3, 2, 1, 1),
    (3, 1, 1, 1),
    (3, 1, 1, 1),
    (3, 1, 2, 2),
    (3, 1, 4, 4),
    (3, 1, 8, 8),
    (3, 1, 16, 16),
    (3, 1, 1, 1),
    (3, 1, 1, 1),
    (4, 0.5, 1, 1),
    (3, 1, 1, 1),
    (4, 0.5, 1, 1),
    (3, 1, 1, 1),
    (3, 1, 1, 1),
]
# Output channels of each completion layer at base width 64.
COMPLETION_CHANNELS = [64, 128, 128] + [256] * 9 + [128, 128, 64, 32, 3]


def completion_channels(width):
    """Output channels of the 17 completion layers at a base width: 64 is the paper's."""
    return [channels * width // 64 for channels in COMPLETION_CHANNELS[:-1]] + [3]


def discriminator_channels(width, size):
    """Output channels of a discriminator's round(log2(size/4)) convolutions."""
    return [width * min(2**i, 8) for i in range(round(math.log2(size / 4)))]


# --- networks -------------------------------------------------------------------------------------


def same_convolution(inputs, outputs, kernel, stride, padding, dilation):
    if stride == 0.5:
        return nn.ConvTranspose2d(inputs, outputs, kernel, stride=2, padding=padding)
    return nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation)


class Layer(nn.Module):
    """relu(norm(conv(x)))."""

    def __init__(self, conv, channels):
        super().__init__()
        self.conv = conv
        self.norm = nn.BatchNorm2d(channels, eps=1e-5, momentum=0.1)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class OutputLayer(nn.Module):
    """sigmoid(conv(x))."""

    def __init__(self, conv):
        super().__init__()
        self.conv = conv

    def forward(self, x):
        return torch.sigmoid(self.conv(x))


class CompletionNetwork(nn.Sequential):
    """[N,4,H,W] (RGB with the hole filled, mask) -> [N,3,H,W] in [0,1]; H, W multiples of 4."""

    def __init__(self, channels):
        super().__init__()
        inputs = 4
        for number, (outputs, options) in enumerate(zip(channels, COMPLETION_LAYERS), start=1):
            conv = same_convolution(inputs, outputs, *options)
            last = number == len(COMPLETION_LAYERS)
            self.add_module(
                f"layer{number:02}", OutputLayer(conv) if last else Layer(conv, outputs)
            )
            inputs = outputs


class Branch(nn.Module):
    """One discriminator up to its vector: 5x5 convolutions, stride 2, then relu(fc(flat map))."""

    def __init__(self, channels, fc_inputs, fc_outputs):
        super().__init__()
        layers, inputs = [], 3
        for number, outputs in enumerate(channels, start=1):
            layers.append((f"layer{number}", Layer(nn.Conv2d(inputs, outputs, 5, 2, 2), outputs)))
            inputs = outputs
        for name, layer in layers:
            self.add_module(name, layer)
        self.names = [name for name, _ in layers]
        self.fc = nn.Linear(fc_inputs, fc_outputs)

    def forward(self, x):
        for name in self.names:
            x = getattr(self, name)(x)
        return F.relu(self.fc(x.flatten(1)))


class Discriminator(nn.Module):
    """Pictures [N,3,S,S] and local patches [N,3,S/2,S/2] -> the logit of "real" [N,1]."""

    def __init__(self, local_branch, global_branch):
        super().__init__()
        self.add_module("local", local_branch)
        self.add_module("global", global_branch)
        self.fc = nn.Linear(global_branch.fc.out_features + local_branch.fc.out_features, 1)

    def forward(self, pictures, patches):
        vectors = [getattr(self, "global")(pictures), getattr(self, "local")(patches)]
        return self.fc(torch.cat(vectors, dim=1))


class Glcic(nn.Module):
    """The completion network and the discriminator, with the names of a weight file."""

    def __init__(self, completion, discriminator):
        super().__init__()
        self.completion = completion
        self.discriminator = discriminator


def make_branch(width, size):
    channels = discriminator_channels(width, size)
    last_map = size
    for _ in channels:
        last_map = (last_map + 1) // 2
    return Branch(channels, channels[-1] * last_map**2, 16 * width)


def make_glcic(width, size):
    """New networks for size x size pictures, with PyTorch's default initialisation."""
    completion = CompletionNetwork(completion_channels(width))
    return Glcic(completion, Discriminator(make_branch(width, size // 2), make_branch(width, size)))


def branch_like(tensors, prefix):
    channels = []
    while f"{prefix}.layer{len(channels) + 1}.conv.weight" in tensors:
        channels.append(tensors[f"{prefix}.layer{len(channels) + 1}.conv.weight"].shape[0])
    fc_outputs, fc_inputs = tensors[f"{prefix}.fc.weight"].shape
    return Branch(channels, fc_inputs, fc_outputs)


def glcic_from(tensors):
    """Networks with copies of the given weights {name: tensor}; shapes and dtype are theirs."""
    biases = [tensors[f"completion.layer{n:02}.conv.bias"] for n in range(1, 18)]
    branches = [branch_like(tensors, f"discriminator.{side}") for side in ("local", "global")]
    model = Glcic(CompletionNetwork([len(bias) for bias in biases]), Discriminator(*branches))
    model = model.to(biases[0].dtype)
    with torch.no_grad():
        for name, value in weights(model).items():
            if value.shape != tensors[name].shape:
                raise ValueError(
                    f"{name} is {list(tensors[name].shape)}, expected {list(value.shape)}"
                )
            value.copy_(tensors[name])
    return model


def weights(model):
    """{name: tensor} of all parameters and running statistics, sharing memory with the model."""
    return {k: v for k, v in model.state_dict().items() if not k.endswith("num_batches_tracked")}


# --- a batch --------------------------------------------------------------------------------------


@dataclass
class Batch:
    """images [N,3,S,S] in [0,1]; N holes (x, y, w, h); N real_patches (x, y); mean_pixel [3]."""

    images: torch.Tensor
    holes: list
    real_patches: list
    mean_pixel: torch.Tensor

    @property
    def masks(self):
        """[N,1,S,S], 1 in the hole."""
        masks = torch.zeros_like(self.images[:, :1])
        for mask, (x, y, w, h) in zip(masks, self.holes):
            mask[0, y : y + h, x : x + w] = 1
        return masks

    def completion_input(self, masks):
        """[N,4,S,S]: RGB with the hole set to the mean pixel, then the mask."""
        filled = self.images * (1 - masks) + self.mean_pixel.view(1, 3, 1, 1) * masks
        return torch.cat([filled, masks], dim=1)

    def hole_patches(self):
        """Top-left corners (x, y) of the local patches round the holes."""
        size = self.images.shape[-1]
        return [(local_corner(x, w, size), local_corner(y, h, size)) for x, y, w, h in self.holes]


def local_corner(begin, length, size):
    """clamp(floor(hole centre - size/4), 0, size/2) on one axis."""
    return min(max(math.floor(begin + length / 2 - size / 4), 0), size // 2)


def crop(pictures, corners):
    """The size/2 patches at the corners (x, y), one a picture."""
    side = pictures.shape[-1] // 2
    patches = [p[:, y : y + side, x : x + side] for p, (x, y) in zip(pictures, corners)]
    return torch.stack(patches)


def composite(batch, masks, completed):
    """The picture outside the hole, the network's output inside."""
    return batch.images * (1 - masks) + completed * masks


# --- training -------------------------------------------------------------------------------------


def adadelta(network):
    return torch.optim.Adadelta(network.parameters(), lr=1.0, rho=0.9, eps=1e-6)


@contextlib.contextmanager
def frozen(network):
    """Inside, the parameters get no gradient and the norms use batch statistics, keeping none."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    network.requires_grad_(False)
    for norm in norms:
        norm.track_running_stats = False
    yield
    network.requires_grad_(True)
    for norm in norms:
        norm.track_running_stats = True


def bce(logits, target):
    return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target))


def reconstruction_loss(batch, masks, completed):
    """L = mean over N*H*W*3 of (mask * (C - x))^2."""
    return (masks * (completed - batch.images)).square().mean()


def step(loss, optimiser):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def discriminator_step(model, optimiser, batch, completed_pictures):
    """One step on BCE(D(real), 1) + BCE(D(composite), 0), real forward first; returns the loss."""
    real = model.discriminator(batch.images, crop(batch.images, batch.real_patches))
    patches = crop(completed_pictures, batch.hole_patches())
    fake = model.discriminator(completed_pictures, patches)
    loss = bce(real, 1.0) + bce(fake, 0.0)
    step(loss, optimiser)
    return loss.detach()


def phase1_step(model, completion_optimiser, batch):
    """C steps on L; returns L."""
    model.train()
    masks = batch.masks
    loss = reconstruction_loss(batch, masks, model.completion(batch.completion_input(masks)))
    step(loss, completion_optimiser)
    return loss.detach()


def phase2_step(model, discriminator_optimiser, batch):
    """The discriminators step; C is frozen, on batch statistics. Returns their loss."""
    model.train()
    masks = batch.masks
    with frozen(model.completion), torch.no_grad():
        completed = model.completion(batch.completion_input(masks))
    pictures = composite(batch, masks, completed)
    return discriminator_step(model, discriminator_optimiser, batch, pictures)


def phase3_step(model, completion_optimiser, discriminator_optimiser, batch, alpha):
    """One forward pass of C; a step of the discriminators on its detached composite; a step of C.

    C's loss is L + alpha BCE(D(composite), 1), through the updated, frozen discriminators.
    Returns (completion loss, discriminators' loss).
    """
    model.train()
    masks = batch.masks
    completed = model.completion(batch.completion_input(masks))
    pictures = composite(batch, masks, completed)
    loss_d = discriminator_step(model, discriminator_optimiser, batch, pictures.detach())
    with frozen(model.discriminator):
        logits = model.discriminator(pictures, crop(pictures, batch.hole_patches()))
        loss_c = reconstruction_loss(batch, masks, completed) + alpha * bce(logits, 1.0)
        step(loss_c, completion_optimiser)
    return loss_c.detach(), loss_d

"""Writes ssim.safetensors: figures of scikit-image 0.26 for the tests of glcic/picture_metrics.h.

    python3 tests/reference/ssim.py        # needs numpy and scikit-image

Two cases, layout [H,W,C]: `noise` (a smooth picture and a noisy copy, RGB, 32 x 40) and `flat` (a
picture of one channel with flat halves, a hole's worth of it changed, 29 x 23). Pictures and masks
are float32, the figures float64, worked out in float64.

    CASE.original, CASE.completed   the pictures, in [0, 1]
    CASE.mask                       [H,W,1], 1 = hole
    CASE.ssim_map                   [H,W]: structural_similarity(full=True), averaged over channels
    CASE.picture                    L1, L2, PSNR, SSIM over the picture (SSIM as scikit-image gives
                                    it, without the border of 5 pixels)
    CASE.hole                       the same over the mask
"""

from pathlib import Path

import numpy as np
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio, structural_similarity

import safetensors_io

OPTIONS = dict(
    gaussian_weights=True,
    sigma=1.5,
    use_sample_covariance=False,
    data_range=1,
    channel_axis=-1,
)


def case(original, completed, mask):
    ssim, full = structural_similarity(original, completed, full=True, **OPTIONS)
    ssim_map = full.mean(axis=-1)
    hole = mask[..., 0] == 1
    in_hole = original[hole], completed[hole]
    return {
        "original": original.astype(np.float32),
        "completed": completed.astype(np.float32),
        "mask": mask.astype(np.float32),
        "ssim_map": ssim_map,
        "picture": np.array([
            np.abs(original - completed).mean(),
            mean_squared_error(original, completed),
            peak_signal_noise_ratio(original, completed, data_range=1),
            ssim,
        ]),
        "hole": np.array([
            np.abs(in_hole[0] - in_hole[1]).mean(),
            mean_squared_error(*in_hole),
            peak_signal_noise_ratio(*in_hole, data_range=1),
            ssim_map[hole].mean(),
        ]),
    }


def as_float32(x):
    """Values that float32 holds, as a picture's are."""
    return x.astype(np.float32).astype(np.float64)


def noise(random):
    y, x = np.mgrid[0:32, 0:40]
    waves = [0.5 + 0.4 * np.sin(x / (3 + c) + y / (5 - c)) for c in range(3)]
    original = as_float32(np.stack(waves, axis=-1))
    noisy = original + 0.1 * random.standard_normal(original.shape)
    completed = as_float32(np.clip(noisy, 0, 1))
    mask = np.zeros((32, 40, 1))
    mask[0:12, 25:40] = 1  # reaches two borders
    mask[20:25, 8:19] = 1
    return case(original, completed, mask)


def flat():
    original = np.full((29, 23, 1), 0.25)
    original[:, 12:] = 0.75
    completed = original.copy()
    completed[9:20, 6:16] = 0.5
    return case(original, completed, (completed != original).astype(np.float64))


def main():
    cases = {"noise": noise(np.random.default_rng(4)), "flat": flat()}
    tensors = {
        f"{name}.{key}": value for name, values in cases.items() for key, value in values.items()
    }
    safetensors_io.save(Path(__file__).resolve().parent / "ssim.safetensors", tensors)


if __name__ == "__main__":
    main()

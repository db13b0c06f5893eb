#pragma once
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace kintsugi {

/// A picture [H, W, C] in float32 and its mask [H, W, 1], 1 = hole.
struct HoleLevel {
  Tensor picture, mask;
};

/// At half the size, ⌈H/2⌉ × ⌈W/2⌉. A pixel is hole where any of the up to 2 × 2 pixels below it
/// is; another is the mean of the known ones among the 4 × 4 pixels around its middle, with the
/// weights (1, 3, 3, 1)ᵀ(1, 3, 3, 1). What lies under the hole is not looked at, and is 0 in the
/// result.
HoleLevel halve(const HoleLevel& level);

/// For each pixel [H·W] the number of steps, diagonal ones included, to the nearest pixel outside
/// of the hole; 0 there. Where there is none, H + W everywhere.
std::vector<int32_t> rim_distances(const Tensor& mask);

}  // namespace kintsugi

#pragma once
#include <cstdint>
#include <vector>

#include "glcic/inpainting/patchmatch.h"
#include "tensor/tensor.h"

namespace kintsugi {

struct VoteOptions {
  double falloff = 1.2;    ///< how much less a patch counts with each step from the rim (≥ 1)
  double sharpness = 1.0;  ///< w to this power: above 1 the best proposals outvote the others
};

/// One maximisation step of Wexler, Shechtman & Irani ("Space-Time Completion of Video", 2007,
/// §3.2): each target p that covers a pixel of the hole proposes the colour c that its source has
/// there, and the pixel becomes Σ w_p·c / Σ w_p with the weight
///   w_p = (exp(−d_p / 2σ²) · falloff^(−t_p))^sharpness,
/// d_p its distance in the field, σ² the 75th percentile of all d, t_p the rim distance (`rim`
/// [H·W], hole_pyramid.h) of the patch's middle. Writes the hole's pixels into picture [H, W, C]
/// float32.
void vote(Tensor& picture, const PatchSet& patches, const PatchField& field,
          const std::vector<int32_t>& rim, const VoteOptions& options = {});

}  // namespace kintsugi

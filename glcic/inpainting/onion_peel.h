#pragma once
#include <cstdint>
#include <vector>

#include "glcic/inpainting/patchmatch.h"
#include "tensor/tensor.h"

namespace kintsugi {

/// A first filling, from the rim inwards, layer by layer (Newson et al., "Video Inpainting of
/// Complex Scenes", 2014, §3.4): each pixel of the hole at rim distance 1, then at 2, …, takes the
/// colour that the known patch has there which is most similar to the patch around the pixel,
///   Σ v·(picture_p − picture_q)²,   v = 1 where p is known or filled by an earlier layer, 10⁻³
/// elsewhere: there stands only the guess, which picture [H, W, C] float32 must hold in its hole.
/// Every known patch is tried, or every n-th where that would take more than about 10⁹ operations.
/// `rim` [H·W] as in hole_pyramid.h. Throws Error where no patch is known.
void fill_from_rim(Tensor& picture, const PatchSet& patches, const std::vector<int32_t>& rim);

}  // namespace kintsugi

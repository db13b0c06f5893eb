#pragma once
#include <cstdint>

#include "tensor/tensor.h"

namespace kintsugi {

struct PatchCompletionOptions {
  int64_t patch = 7;     ///< side of a patch; less where too few patches of it are known
  uint64_t seed = 1;     ///< of the random initialisation and search
  double falloff = 1.2;  ///< how much less a patch counts with each step from the rim
  int64_t surroundings =
      512;  ///< patches come from this many pixels around the hole's bounding box
};

/// Patch-based completion: the objective of Wexler, Shechtman & Irani ("Space-Time Completion of
/// Video", 2007) minimised with PatchMatch (Barnes et al. 2009), as the baseline of GLCIC §5.1.
/// The hole's colours are to minimise
///   E = Σ_p falloff^(−t_p) · min_q d(p, q)
/// over the patches p that touch the hole and q that do not; d is the sum of squared differences of
/// the colours and the texture features (texture_features.h), t_p the steps from the middle of p to
/// the rim. Coarse to fine: halved until the hole reaches few pixels deep, or few patches would be
/// known, and filled there from the rim inwards (onion_peel.h). Then on each level, by turns,
///   the nearest-neighbour field of PatchMatch (patchmatch.h), first that of the level below, and
///   the weighted mean of what the patches propose (patch_voting.h);
/// 24 times on the coarsest level, 6 times fewer on each finer one, at least 6 times. The last vote
/// is a sharper one.
///
/// picture [H, W, C], mask [H, W, 1] or [H, W], 1 = hole → [H, W, C], the picture bit for bit
/// outside of the hole, and in it no value beyond those of the known pixels. What lies under the
/// hole is not looked at. Holes of any shape and number; patches shrink, down to single pixels,
/// where fewer than 64 of them are known. On the calling thread alone; the same seed gives the same
/// bits. Throws ShapeError where the shapes disagree, Error where the hole is empty or covers the
/// whole picture, a known value in the surroundings is not finite, or an option is out of range
/// (patch ≥ 1, falloff ≥ 1, surroundings ≥ 1).
Tensor patch_completion(const Tensor& picture, const Tensor& mask,
                        const PatchCompletionOptions& options = {});

}  // namespace kintsugi

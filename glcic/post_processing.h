#pragma once
#include <string>

#include "tensor/tensor.h"

namespace kintsugi {

/// What is done to a completed picture after the network, so that no seam shows along the hole's
/// edge (Iizuka et al. 2017, §3.4).
enum class Post {
  none,
  /// The network's gradients inside the hole, blended into the picture (solve_poisson). C learns
  /// only from the hole, so what it makes of the rest is not asked: EdgeGradient::zero.
  poisson,
  /// As the paper: a rim of 3 pixels along the hole's edge is filled by fast marching
  /// (telea_fill, radius 1) from the picture alone, and the network's gradients are blended into
  /// what lies within, the rim holding its values (Dirichlet). On the rim, where the network's
  /// colours depart from the picture's, its gradients are not used at all. The authors' program
  /// gives OpenCV's seamlessClone the picture with Telea under the mask, and that function shrinks
  /// the mask by 3 pixels before it takes over gradients; but it solves for all of the mask's
  /// bounding box and so also moves known pixels, which here keep their bits. Of a hole less than 7
  /// pixels thick the rim is all there is: Telea's filling without the network.
  telea_poisson,
};
/// "none", "poisson" or "telea+poisson"; throws Error for any other name.
Post post_from_string(const std::string& name);

/// picture, completed [H, W, 3], RGB in [0, 1], mask [H, W, 1], 1 = hole → [H, W, 3] in [0, 1], in
/// the picture's dtype, on the CPU: the picture bit for bit outside of the hole, `completed` after
/// its post-processing inside. Throws ShapeError where the shapes disagree, Error, unless for
/// Post::none, where the hole covers the whole picture.
Tensor post_process(Post post, const Tensor& picture, const Tensor& mask, const Tensor& completed);

}  // namespace kintsugi

#pragma once
#include <string>

#include "glcic/model.h"
#include "tensor/tensor.h"

namespace kintsugi {

/// What is done to a completed picture after the network.
enum class Post {
  none,
  /// The network's gradients inside the hole, blended into the picture (solve_poisson). C learns
  /// only from the hole, so what it makes of the rest is not asked: EdgeGradient::zero.
  poisson,
};
/// "none" or "poisson"; throws Error for any other name.
Post post_from_string(const std::string& name);

struct CompleteOptions {
  Post post = Post::none;
};

struct Completion {
  Tensor composite;  ///< [H, W, 3] in [0, 1]: the picture outside of the hole, bit for bit
  Tensor raw;        ///< [H, W, 3] in (0, 1): what C made of every pixel, before post-processing
};

/// Fills the hole of one picture of any size from 1 x 1. picture [H, W, 3], RGB in [0, 1];
/// mask [H, W, 1], 1 = hole.
///
/// C takes heights and widths that are multiples of 4. Others are padded at the bottom and at the
/// right by repeating the last row and column, of picture and mask alike, and C's output is cut
/// back: unlike scaling to the nearest multiple, as the authors' program does, this leaves every
/// pixel where and what it is. What lies under the hole is never seen.
///
/// The results are on the CPU, in the picture's dtype. Throws ShapeError where the shapes do not
/// fit, Error for an empty mask, or, with Post::poisson, one that covers the whole picture.
Completion complete(const Model& model, const Tensor& picture, const Tensor& mask,
                    CompleteOptions options = {});

/// C's output at inference (running statistics, nothing recorded) for a batch: images [N, H, W, 3],
/// masks [N, H, W, 1] → [N, H, W, 3] on the CPU, in the images' dtype. H and W are multiples of 4.
Tensor run_completion(const Model& model, const Tensor& images, const Tensor& masks);

}  // namespace kintsugi

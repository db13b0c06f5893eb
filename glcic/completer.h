#pragma once
#include "glcic/model.h"
#include "glcic/post_processing.h"
#include "tensor/tensor.h"

namespace kintsugi {

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

/// x [H, W, C] → [⌈H/4⌉·4, ⌈W/4⌉·4, C], which C takes: the last row and column repeated.
Tensor pad_by_repetition(const Tensor& x);

/// What C makes of every pixel of a picture of any size, as above: picture [H, W, 3],
/// mask [H, W, 1] → [H, W, 3], on the CPU, in the picture's dtype.
Tensor network_output(const Model& model, const Tensor& picture, const Tensor& mask);

/// C's output at inference (running statistics, nothing recorded) for a batch: images [N, H, W, 3],
/// masks [N, H, W, 1] → [N, H, W, 3] on the CPU, in the images' dtype. H and W are multiples of 4.
/// Throws Error where C does not take them (check_fits).
Tensor run_completion(const Model& model, const Tensor& images, const Tensor& masks);

}  // namespace kintsugi

#pragma once
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

/// Pictures are float32 tensors [H, W, C] on the CPU. These functions run on the calling thread
/// alone, so that loader threads can use them side by side.
namespace kintsugi {

/// To height × width, with a triangle filter as wide as the shrinking asks for: antialiased, and
/// where it enlarges bilinear. (stb_image_resize 0.97 does the same, but its own checks stop the
/// program for ordinary sizes, 178 → 64 among them: github.com/nothings/stb/issues/1449.)
/// A picture that already has this size is returned as it is.
Tensor resize_image(const Tensor& picture, int64_t height, int64_t width);
/// Scaled so that the shorter edge is `edge`, keeping the proportions.
Tensor resize_shortest_edge(const Tensor& picture, int64_t edge);

/// Rows y … y + height − 1, columns x … x + width − 1. Throws ShapeError where that leaves the
/// picture.
Tensor crop_image(const Tensor& picture, int64_t x, int64_t y, int64_t width, int64_t height);
/// The largest centred square: corner at ⌊(H − edge) / 2⌋, ⌊(W − edge) / 2⌋.
Tensor centre_square(const Tensor& picture);
/// Mirrored left to right.
Tensor flip_image(const Tensor& picture);

/// Pictures of one shape side by side, `columns` a row, with `gap` pixels of `background` between
/// and around them.
Tensor contact_sheet(const std::vector<Tensor>& pictures, int64_t columns, int64_t gap = 4,
                     double background = 1.0);

}  // namespace kintsugi

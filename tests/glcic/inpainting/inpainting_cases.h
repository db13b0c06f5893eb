#pragma once
#include <cmath>
#include <string>
#include <vector>

#include "glcic/mask.h"
#include "tensor/ops.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

/// What the tests of several methods fill.
namespace kintsugi {

/// [height, width, 3] in float64 with f(row, column) + 0.1·channel at each pixel.
template <class F>
Tensor drawn_picture(int64_t height, int64_t width, F&& f) {
  std::vector<double> values;
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column)
      for (int c = 0; c < 3; ++c)
        values.push_back(f(static_cast<double>(row), static_cast<double>(column)) + 0.1 * c);
  return Tensor::from(values, {height, width, 3}, {.dtype = DType::float64});
}

/// `a` under the mask, `b` elsewhere.
inline Tensor under_mask(const Tensor& mask, const Tensor& a, const Tensor& b) {
  return ops::where(mask.to(b.dtype()), a, b);
}

inline double worst_difference(const Tensor& a, const Tensor& b) {
  return ops::max(ops::abs(ops::subtract(a, b))).item();
}

/// 10·log10(1 / mean squared difference) over the hole, in dB.
inline double hole_psnr(const Tensor& a, const Tensor& b, const Tensor& mask) {
  const std::vector<double> x = a.to_vector(), y = b.to_vector(), hole = mask.to_vector();
  double squares = 0.0, count = 0.0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (hole[i / 3] == 0.0) continue;
    squares += (x[i] - y[i]) * (x[i] - y[i]);
    count += 1.0;
  }
  return -10.0 * std::log10(squares / count);
}

/// Holes of 24 x 20 pictures: inside, in a corner, two, one pixel, all but a frame, strokes.
inline std::vector<Tensor> awkward_masks() {
  Generator generator{.seed = 4};
  const std::vector<std::vector<Hole>> holes{{{5, 6, 9, 11}},
                                             {{12, 0, 8, 10}},
                                             {{2, 3, 4, 6}, {11, 12, 9, 8}},
                                             {{7, 7, 1, 1}},
                                             {{1, 1, 18, 22}}};
  std::vector<Tensor> masks;
  for (const auto& rectangles : holes) masks.push_back(mask_from_holes(rectangles, 24, 20));
  masks.push_back(free_form_mask(24, 20, generator));
  return masks;
}

/// Whether fill(picture, mask) keeps what every filling must keep, for every awkward mask; else
/// what it breaks.
template <class Fill>
std::string broken_promise(Fill&& fill) {
  Generator generator{.seed = 12};
  const Tensor picture = uniform({24, 20, 3}, 0, 1, generator);
  const Tensor flat = Tensor::full({24, 20, 3}, 0.375);
  for (const Tensor& mask : awkward_masks()) {
    const Tensor filled = fill(picture, mask);
    if (filled.dtype() != picture.dtype()) return "the data type changes";
    if (under_mask(mask, picture, filled).to_vector() != picture.to_vector())
      return "a known pixel changes";
    const Tensor other = under_mask(mask, Tensor::full({24, 20, 3}, 77.0), picture);
    if (fill(other, mask).to_vector() != filled.to_vector())
      return "what lies under the hole is used";
    if (worst_difference(ops::clamp(filled, 0.0, 1.0), filled) > 0.0)
      return "a value leaves [0, 1]";
    if (worst_difference(fill(flat, mask), flat) > 1e-7) return "a constant picture changes";
  }
  if (fill(picture, Tensor::zeros({24, 20, 1})).to_vector() != picture.to_vector())
    return "a picture without a hole changes";
  return "";
}

}  // namespace kintsugi

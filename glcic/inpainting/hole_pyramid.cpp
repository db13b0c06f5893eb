#include "glcic/inpainting/hole_pyramid.h"

#include <algorithm>
#include <array>

namespace kintsugi {
namespace {

/// The mean around the middle of the pixels (2y, 2x) … (2y + 1, 2x + 1), into out [C].
void average_known(const HoleLevel& level, int64_t y, int64_t x, float* out) {
  constexpr std::array<float, 4> kTaps{1, 3, 3, 1};
  const int64_t height = level.mask.size(0), width = level.mask.size(1);
  const int64_t channels = level.picture.size(2);
  float total = 0.0f;
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 0; j < 4; ++j) {
      const int64_t row = 2 * y - 1 + i, column = 2 * x - 1 + j;
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      const int64_t place = row * width + column;
      if (level.mask.data<float>()[place] != 0.0f) continue;
      const float weight = kTaps[static_cast<size_t>(i)] * kTaps[static_cast<size_t>(j)];
      total += weight;
      const float* pixel = level.picture.data<float>() + place * channels;
      for (int64_t c = 0; c < channels; ++c) out[c] += weight * pixel[c];
    }
  for (int64_t c = 0; c < channels; ++c) out[c] /= total;
}

bool any_hole(const Tensor& mask, int64_t y, int64_t x) {
  const int64_t height = mask.size(0), width = mask.size(1);
  for (int64_t row = 2 * y; row < std::min(2 * y + 2, height); ++row)
    for (int64_t column = 2 * x; column < std::min(2 * x + 2, width); ++column)
      if (mask.data<float>()[row * width + column] != 0.0f) return true;
  return false;
}

}  // namespace

HoleLevel halve(const HoleLevel& level) {
  const int64_t height = (level.mask.size(0) + 1) / 2, width = (level.mask.size(1) + 1) / 2;
  const int64_t channels = level.picture.size(2);
  const HoleLevel half{Tensor::zeros({height, width, channels}), Tensor::zeros({height, width, 1})};
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const int64_t place = y * width + x;
      if (any_hole(level.mask, y, x))
        half.mask.data<float>()[place] = 1.0f;
      else
        average_known(level, y, x, half.picture.data<float>() + place * channels);
    }
  return half;
}

std::vector<int32_t> rim_distances(const Tensor& mask) {
  const int64_t height = mask.size(0), width = mask.size(1);
  const float* hole = mask.data<float>();
  std::vector<int32_t> distance(static_cast<size_t>(height * width));
  for (size_t i = 0; i < distance.size(); ++i)
    distance[i] = hole[i] != 0.0f ? static_cast<int32_t>(height + width) : 0;
  // Rosenfeld & Pfaltz 1966: down with the neighbours before a pixel, up with those after it.
  const auto relax = [&](int64_t y, int64_t x, int64_t step) {
    int32_t& own = distance[static_cast<size_t>(y * width + x)];
    const auto look = [&](int64_t row, int64_t column) {
      if (row >= 0 && row < height && column >= 0 && column < width)
        own = std::min(own, distance[static_cast<size_t>(row * width + column)] + 1);
    };
    look(y, x + step);
    for (int64_t side = -1; side <= 1; ++side) look(y + step, x + side);
  };
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) relax(y, x, -1);
  for (int64_t y = height - 1; y >= 0; --y)
    for (int64_t x = width - 1; x >= 0; --x) relax(y, x, 1);
  return distance;
}

}  // namespace kintsugi

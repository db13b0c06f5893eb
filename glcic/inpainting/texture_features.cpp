#include "glcic/inpainting/texture_features.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace kintsugi {
namespace {

/// Mean |I_p − I_q| over the two neighbours q = p ± (dy, dx) as far as they are known.
float mean_difference(const HoleLevel& level, int64_t y, int64_t x, int64_t dy, int64_t dx) {
  const int64_t height = level.mask.size(0), width = level.mask.size(1);
  const int64_t channels = level.picture.size(2);
  const float* pixels = level.picture.data<float>();
  float sum = 0.0f;
  int64_t count = 0;
  for (const int64_t side : {-1, 1}) {
    const int64_t row = y + side * dy, column = x + side * dx;
    if (row < 0 || row >= height || column < 0 || column >= width) continue;
    const int64_t neighbour = row * width + column;
    if (level.mask.data<float>()[neighbour] != 0.0f) continue;
    for (int64_t c = 0; c < channels; ++c)
      sum += std::abs(pixels[(y * width + x) * channels + c] - pixels[neighbour * channels + c]);
    count += channels;
  }
  return count == 0 ? 0.0f : sum / static_cast<float>(count);
}

}  // namespace

HoleLevel with_texture_features(const HoleLevel& level, float scale) {
  const int64_t height = level.mask.size(0), width = level.mask.size(1);
  const int64_t channels = level.picture.size(2);
  const HoleLevel richer{Tensor::zeros({height, width, channels + 2}), level.mask};
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const int64_t place = y * width + x;
      if (level.mask.data<float>()[place] != 0.0f) continue;
      float* out = richer.picture.data<float>() + place * (channels + 2);
      std::copy_n(level.picture.data<float>() + place * channels, channels, out);
      out[channels] = scale * mean_difference(level, y, x, 0, 1);
      out[channels + 1] = scale * mean_difference(level, y, x, 1, 0);
    }
  return richer;
}

}  // namespace kintsugi

#include "glcic/inpainting/onion_peel.h"

#include <algorithm>
#include <limits>

#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr float kGuessWeight = 1e-3f;

/// A patch's numbers [size, size·C] and how much each counts.
struct WeightedPatch {
  std::vector<float> values, weights;
};

void gather(const Tensor& picture, const PatchSet& patches, const std::vector<int32_t>& rim,
            int64_t corner, int32_t layer, WeightedPatch& patch) {
  const int64_t channels = picture.size(2);
  patch.values.clear();
  patch.weights.clear();
  for (int64_t row = 0; row < patches.size; ++row)
    for (int64_t column = 0; column < patches.size; ++column) {
      const int64_t place = corner + row * patches.width + column;
      const bool filled = rim[static_cast<size_t>(place)] < layer;
      const float* pixel = picture.data<float>() + place * channels;
      patch.values.insert(patch.values.end(), pixel, pixel + channels);
      patch.weights.insert(patch.weights.end(), static_cast<size_t>(channels),
                           filled ? 1.0f : kGuessWeight);
    }
}

float weighted_distance(const Tensor& picture, const PatchSet& patches, const WeightedPatch& patch,
                        int64_t source, float limit) {
  const int64_t channels = picture.size(2), row_length = patches.size * channels;
  const float* a = patch.values.data();
  const float* w = patch.weights.data();
  const float* b = picture.data<float>() + source * channels;
  float sum = 0.0f;
  for (int64_t row = 0; row < patches.size && sum < limit; ++row) {
    float row_sum = 0.0f;
#pragma omp simd reduction(+ : row_sum)
    for (int64_t i = 0; i < row_length; ++i) row_sum += w[i] * (a[i] - b[i]) * (a[i] - b[i]);
    sum += row_sum;
    a += row_length;
    w += row_length;
    b += patches.width * channels;
  }
  return sum;
}

int64_t most_similar(const Tensor& picture, const PatchSet& patches, const WeightedPatch& patch,
                     size_t stride) {
  float best = std::numeric_limits<float>::infinity();
  int64_t source = patches.known.front();
  for (size_t i = 0; i < patches.known.size(); i += stride) {
    const float distance = weighted_distance(picture, patches, patch, patches.known[i], best);
    if (distance >= best) continue;
    best = distance;
    source = patches.known[i];
  }
  return source;
}

/// Every how manieth known patch can be tried for each pixel of the hole.
size_t affordable_stride(const PatchSet& patches, int64_t channels) {
  constexpr double kOperations = 1e9;
  const double all = static_cast<double>(patches.hole.size()) *
                     static_cast<double>(patches.known.size() * patches.size * patches.size) *
                     static_cast<double>(channels);
  return 1 + static_cast<size_t>(all / kOperations);
}

}  // namespace

void fill_from_rim(Tensor& picture, const PatchSet& patches, const std::vector<int32_t>& rim) {
  check(!patches.known.empty(), "fill_from_rim: no patch of {0} x {0} pixels is known",
        patches.size);
  const int64_t channels = picture.size(2);
  const size_t stride = affordable_stride(patches, channels);
  std::vector<int32_t> inwards = patches.hole;
  std::stable_sort(inwards.begin(), inwards.end(), [&](int32_t a, int32_t b) {
    return rim[static_cast<size_t>(a)] < rim[static_cast<size_t>(b)];
  });
  WeightedPatch patch;
  for (const int32_t place : inwards) {
    const int64_t half = patches.size / 2;
    const int64_t y =
        std::clamp(place / patches.width - half, int64_t{0}, patches.height - patches.size);
    const int64_t x =
        std::clamp(place % patches.width - half, int64_t{0}, patches.width - patches.size);
    const int64_t corner = y * patches.width + x;
    gather(picture, patches, rim, corner, rim[static_cast<size_t>(place)], patch);
    const int64_t source = most_similar(picture, patches, patch, stride) + (place - corner);
    std::copy_n(picture.data<float>() + source * channels, channels,
                picture.data<float>() + place * channels);
  }
}

}  // namespace kintsugi

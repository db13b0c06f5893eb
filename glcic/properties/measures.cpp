#include "glcic/properties/measures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "glcic/inpainting/hole_pyramid.h"
#include "glcic/inpainting/patchmatch.h"
#include "glcic/inpainting/poisson.h"
#include "glcic/picture_metrics.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr double kGreyLevel = 1.0 / 255.0;

/// The hole's pixels at rim distances low … high, as a mask.
Tensor hole_part(const Tensor& mask, int64_t low, int64_t high) {
  const std::vector<int32_t> distances = rim_distances(mask);
  const Tensor part = Tensor::zeros(mask.shape());
  for (size_t i = 0; i < distances.size(); ++i)
    if (distances[i] >= low && distances[i] <= high) part.data<float>()[i] = 1.0f;
  return part;
}

Tensor rim_part(const PropertyReference& reference) {
  return hole_part(reference.mask, 1, reference.scales.rim);
}

Tensor deep_part(const Tensor& mask, int64_t depth) {
  return hole_part(mask, depth + 1, std::numeric_limits<int32_t>::max());
}

/// Places of the patches that lie in the hole as a whole.
std::vector<int32_t> inner_patches(const Tensor& mask, const PatchSet& patches) {
  const auto is_inside = [&](int64_t place) {
    for (int64_t i = 0; i < patches.size; ++i) {
      const float* row = mask.data<float>() + place + i * patches.width;
      if (std::any_of(row, row + patches.size, [](float hole) { return hole == 0.0f; }))
        return false;
    }
    return true;
  };
  std::vector<int32_t> inner;
  std::copy_if(patches.targets.begin(), patches.targets.end(), std::back_inserter(inner),
               is_inside);
  return inner;
}

double mean(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// E of Properties::copy_error.
double patch_error(const Tensor& completed, const PropertyReference& reference) {
  const Tensor& original = reference.original;
  const int64_t side = reference.scales.patch, channels = original.size(2);
  const int64_t stride = original.size(1) * channels;
  std::vector<double> errors;
  for (const int32_t place : inner_patches(reference.mask, find_patches(reference.mask, side))) {
    double sum = 0.0;
    for (int64_t i = 0; i < side; ++i)
      for (int64_t k = 0; k < side * channels; ++k) {
        const int64_t at = place * channels + i * stride + k;
        const double error = completed.data<float>()[at] - original.data<float>()[at];
        sum += error * error;
      }
    errors.push_back(std::sqrt(sum / static_cast<double>(side * side * channels)));
  }
  return mean(errors);
}

}  // namespace

const std::vector<PropertyInfo>& property_infos() {
  static const std::vector<PropertyInfo> infos{
      {"rim jump",
       "local consistency: mean step of colour across the hole's rim, of the original's; 1 is as "
       "in the original, more is an edge that shows",
       2, &Properties::rim_jump},
      {"rim error", "local consistency: mean absolute error of the pixels just inside the rim", 4,
       &Properties::rim_error},
      {"depth gain, dB",
       "semantics: PSNR over the pixels deep in the hole, above that of diffusion, which knows "
       "nothing but the rim",
       2, &Properties::depth_gain},
      {"novelty",
       "novel objects: distance of the filling's patches to the most similar one in the rest of "
       "the picture, of the original's; 0 is copied, 1 is as new as the truth",
       2, &Properties::novelty},
      {"error / best copy",
       "novel objects: error of the same patches, of that of the best possible copies; below 1 no "
       "copying can reach",
       2, &Properties::copy_error},
  };
  return infos;
}

double rim_jump(const Tensor& picture, const Tensor& mask) {
  const int64_t height = picture.size(0), width = picture.size(1), channels = picture.size(2);
  const float *x = picture.data<float>(), *hole = mask.data<float>();
  double sum = 0.0;
  int64_t count = 0;
  const auto add = [&](int64_t p, int64_t q) {
    if ((hole[p] != 0.0f) == (hole[q] != 0.0f)) return;
    for (int64_t c = 0; c < channels; ++c)
      sum += std::abs(x[p * channels + c] - x[q * channels + c]);
    count += channels;
  };
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column) {
      const int64_t place = row * width + column;
      if (column + 1 < width) add(place, place + 1);
      if (row + 1 < height) add(place, place + width);
    }
  check(count > 0, "rim_jump: the hole has no rim: it is empty, or covers the whole picture");
  return sum / static_cast<double>(count);
}

std::vector<double> copy_distances(const Tensor& picture, const Tensor& mask, int64_t size) {
  const PatchSet patches = find_patches(mask, size);
  const std::vector<int32_t> inner = inner_patches(mask, patches);
  check(!inner.empty() && !patches.known.empty(),
        "copy_distances: no patch of {0} x {0} pixels lies {1} the hole", size,
        inner.empty() ? "in" : "outside of");
  const auto numbers = static_cast<double>(size * size * picture.size(2));
  std::vector<double> distances(inner.size());
#pragma omp parallel for
  for (size_t i = 0; i < inner.size(); ++i) {
    float nearest = std::numeric_limits<float>::infinity();
    for (const int32_t known : patches.known)
      nearest = std::min(nearest, patch_distance(picture, patches, inner[i], known, nearest));
    distances[i] = std::sqrt(nearest / numbers);
  }
  return distances;
}

PropertyReference property_reference(const Tensor& original, const Tensor& mask,
                                     const PropertyScales& scales) {
  check_shape(original.rank() == 3 && mask.shape() == original.shape().with(2, 1),
              "property_reference: mask {} does not fit picture {}", mask.shape(),
              original.shape());
  const Tensor deep = deep_part(mask, scales.depth);
  const std::vector<double> is_deep = deep.to_vector();
  check(std::any_of(is_deep.begin(), is_deep.end(), [](double value) { return value != 0.0; }),
        "property_reference: no pixel of the hole is more than {} pixels from its rim",
        scales.depth);
  return {.original = original,
          .mask = mask,
          .scales = scales,
          .rim_jump = std::max(rim_jump(original, mask), kGreyLevel),
          .copy_distance = std::max(mean(copy_distances(original, mask, scales.patch)), kGreyLevel),
          .diffusion_psnr = hole_psnr(diffusion_fill(original, mask), original, deep)};
}

Properties measure_properties(const Tensor& completed, const PropertyReference& reference) {
  const Tensor &original = reference.original, &mask = reference.mask;
  check_shape(completed.shape() == original.shape(),
              "measure_properties: the completed picture is {}, the original {}", completed.shape(),
              original.shape());
  const PropertyScales& scales = reference.scales;
  return {
      .rim_jump = rim_jump(completed, mask) / reference.rim_jump,
      .rim_error = hole_l1(completed, original, rim_part(reference)),
      .depth_gain =
          hole_psnr(completed, original, deep_part(mask, scales.depth)) - reference.diffusion_psnr,
      .novelty = mean(copy_distances(completed, mask, scales.patch)) / reference.copy_distance,
      .copy_error = patch_error(completed, reference) / reference.copy_distance,
  };
}

}  // namespace kintsugi

#include "glcic/inpainting/patchmatch.h"

#include <algorithm>
#include <array>
#include <limits>

#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr float kNoLimit = std::numeric_limits<float>::infinity();

/// Patches of one picture as the inner loops see them.
struct PatchView {
  const float* pixels;
  int64_t rows;          // in a patch
  int64_t row_length;    // numbers in a row of a patch
  int64_t row_stride;    // numbers in a row of the picture
  int64_t pixel_stride;  // channels

  PatchView(const Tensor& picture, const PatchSet& patches)
      : pixels(picture.data<float>()),
        rows(patches.size),
        row_length(patches.size * picture.size(2)),
        row_stride(picture.size(1) * picture.size(2)),
        pixel_stride(picture.size(2)) {}

  float distance(int64_t p, int64_t q, float limit) const {
    const float* a = pixels + p * pixel_stride;
    const float* b = pixels + q * pixel_stride;
    float sum = 0.0f;
    for (int64_t row = 0; row < rows && sum < limit; ++row, a += row_stride, b += row_stride) {
      float row_sum = 0.0f;
#pragma omp simd reduction(+ : row_sum)
      for (int64_t i = 0; i < row_length; ++i) row_sum += (a[i] - b[i]) * (a[i] - b[i]);
      sum += row_sum;
    }
    return sum;
  }
};

/// A target on its way to a better source.
class Match {
 public:
  Match(const PatchView& view, const PatchSet& patches, PatchField& field, size_t target)
      : view_(view), patches_(patches), field_(field), target_(target) {}

  void try_source(int64_t candidate) {
    if (!patches_.is_known(candidate) || candidate == field_.source[target_]) return;
    float& best = field_.distance[target_];
    const float distance = view_.distance(patches_.targets[target_], candidate, best);
    if (distance >= best) return;
    best = distance;
    field_.source[target_] = static_cast<int32_t>(candidate);
  }

  /// `step` is −1 or +1: to the neighbours above and left, or below and right.
  void propagate(int64_t step) {
    for (const int64_t move : {step, step * patches_.width}) {
      const int64_t neighbour = patches_.targets[target_] + move;
      if (neighbour < 0 || neighbour >= patches_.height * patches_.width) continue;
      const int32_t number = patches_.number[static_cast<size_t>(neighbour)];
      if (number >= 0) try_source(field_.source[static_cast<size_t>(number)] - move);
    }
  }

  void search(Generator& generator) {
    std::array<uint32_t, 4> words{};  // two a candidate
    int64_t radius = std::max(patches_.height, patches_.width);
    for (int used = 4; radius >= 1; radius /= 2, used += 2) {
      if (used == 4) {
        words = philox(generator.seed, generator.stream, generator.counter++);
        used = 0;
      }
      const int64_t source = field_.source[target_];
      const auto word = words.begin() + used;
      const int64_t y = near(source / patches_.width, radius, patches_.height, word[0]);
      const int64_t x = near(source % patches_.width, radius, patches_.width, word[1]);
      try_source(y * patches_.width + x);
    }
  }

 private:
  /// Uniform over the places within `radius` of `centre` where a patch fits into `extent`.
  int64_t near(int64_t centre, int64_t radius, int64_t extent, uint32_t word) const {
    const int64_t low = std::max<int64_t>(centre - radius, 0);
    const int64_t high = std::min(centre + radius, extent - patches_.size);
    return low + static_cast<int64_t>((static_cast<uint64_t>(high - low + 1) * word) >> 32);
  }

  const PatchView& view_;
  const PatchSet& patches_;
  PatchField& field_;
  size_t target_;
};

/// For each pixel, whether one of the `size` pixels from it on, `step` apart, is marked.
void spread_back(std::vector<uint8_t>& marked, int64_t size, int64_t step) {
  for (size_t i = 0; i < marked.size(); ++i)
    for (int64_t k = 1; k < size && marked[i] == 0; ++k) {
      const size_t place = i + static_cast<size_t>(k * step);
      if (place < marked.size()) marked[i] = marked[place];
    }
}

}  // namespace

PatchSet find_patches(const Tensor& mask, int64_t size) {
  PatchSet patches{.size = size, .height = mask.size(0), .width = mask.size(1)};
  check_shape(mask.numel() == patches.height * patches.width,
              "find_patches: a mask is [H, W, 1] or [H, W], not {}", mask.shape());
  check_shape(size >= 1 && size <= std::min(patches.height, patches.width),
              "find_patches: a patch of {0} x {0} pixels does not fit into {1}", size,
              mask.shape());
  const std::vector<double> values = mask.to_vector();
  std::vector<uint8_t> touching(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    touching[i] = values[i] != 0.0;
    if (touching[i] != 0) patches.hole.push_back(static_cast<int32_t>(i));
  }
  spread_back(touching, size, 1);
  spread_back(touching, size, patches.width);

  patches.number.assign(values.size(), PatchSet::kNoPatch);
  for (int64_t y = 0; y + size <= patches.height; ++y)
    for (int64_t x = 0; x + size <= patches.width; ++x) {
      const auto place = static_cast<int32_t>(y * patches.width + x);
      int32_t& number = patches.number[static_cast<size_t>(place)];
      if (touching[static_cast<size_t>(place)] != 0) {
        number = static_cast<int32_t>(patches.targets.size());
        patches.targets.push_back(place);
      } else {
        number = PatchSet::kKnown;
        patches.known.push_back(place);
      }
    }
  return patches;
}

float patch_distance(const Tensor& picture, const PatchSet& patches, int64_t p, int64_t q,
                     float limit) {
  return PatchView(picture, patches).distance(p, q, limit);
}

PatchField random_field(const Tensor& picture, const PatchSet& patches, Generator& generator) {
  check(!patches.known.empty(), "random_field: no patch of {0} x {0} pixels is known",
        patches.size);
  PatchField field;
  const auto last = static_cast<int64_t>(patches.known.size()) - 1;
  for (size_t i = 0; i < patches.targets.size(); ++i)
    field.source.push_back(patches.known[static_cast<size_t>(generator.integer(0, last))]);
  measure_distances(picture, patches, field);
  return field;
}

void measure_distances(const Tensor& picture, const PatchSet& patches, PatchField& field) {
  const PatchView view(picture, patches);
  field.distance.resize(field.source.size());
  for (size_t i = 0; i < field.source.size(); ++i)
    field.distance[i] = view.distance(patches.targets[i], field.source[i], kNoLimit);
}

void improve_field(const Tensor& picture, const PatchSet& patches, PatchField& field,
                   Generator& generator, const PatchMatchOptions& options) {
  const PatchView view(picture, patches);
  const size_t count = patches.targets.size();
  for (int pass = 0; pass < options.passes; ++pass) {
    const bool forward = pass % 2 == 0;
    for (size_t i = 0; i < count; ++i) {
      Match match(view, patches, field, forward ? i : count - 1 - i);
      match.propagate(forward ? -1 : 1);
      if (options.random_search) match.search(generator);
    }
  }
}

}  // namespace kintsugi

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "glcic/inpainting/patchmatch.h"
#include "glcic/mask.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

Tensor rectangle(const Hole& hole, int64_t height, int64_t width) {
  return mask_from_holes({&hole, 1}, height, width);
}

Tensor noise(int64_t height, int64_t width, uint64_t seed) {
  Generator generator{.seed = seed};
  return uniform({height, width, 3}, 0, 1, generator);
}

/// picture(y, x) = tile(y mod its height, x mod its width).
Tensor repeated(const Tensor& tile, int64_t height, int64_t width) {
  const Tensor picture = Tensor::empty({height, width, 3});
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      std::copy_n(tile.data<float>() + (y % tile.size(0) * tile.size(1) + x % tile.size(1)) * 3, 3,
                  picture.data<float>() + (y * width + x) * 3);
  return picture;
}

Tensor scattered_mask(int64_t height, int64_t width, double share, Generator& generator) {
  const Tensor mask = uniform({height, width, 1}, 0, 1, generator);
  for (int64_t i = 0; i < mask.numel(); ++i)
    mask.data<float>()[i] = mask.data<float>()[i] < share ? 1.0f : 0.0f;
  return mask;
}

bool touches_hole(const Tensor& mask, int64_t place, int64_t size) {
  for (int64_t row = 0; row < size; ++row)
    for (int64_t column = 0; column < size; ++column)
      if (mask.data<float>()[place + row * mask.size(1) + column] != 0.0f) return true;
  return false;
}

float full_distance(const Tensor& picture, const PatchSet& patches, int64_t p, int64_t q) {
  return patch_distance(picture, patches, p, q, std::numeric_limits<float>::infinity());
}

}  // namespace

TEST_CASE("each patch in the picture is known or a target, as it touches the hole or not") {
  CHECK(rc::check([] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const int64_t height = generator.integer(1, 14), width = generator.integer(1, 14);
    const int64_t size = generator.integer(1, std::min(height, width));
    const Tensor mask = scattered_mask(height, width, 0.1, generator);
    const PatchSet patches = find_patches(mask, size);
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        const int64_t place = y * width + x;
        const int32_t number = patches.number[static_cast<size_t>(place)];
        if (y + size > height || x + size > width) {
          RC_ASSERT(number == PatchSet::kNoPatch);
        } else if (touches_hole(mask, place, size)) {
          RC_ASSERT(patches.targets.at(static_cast<size_t>(number)) == place);
        } else {
          RC_ASSERT(patches.is_known(place));
        }
      }
    RC_ASSERT(static_cast<int64_t>(patches.known.size() + patches.targets.size()) ==
              (height - size + 1) * (width - size + 1));
  }));
}

TEST_CASE("a patch distance is the sum of squared differences, or no less than its limit") {
  const Tensor picture = noise(9, 11, 1);
  const PatchSet patches = find_patches(rectangle({4, 4, 1, 1}, 9, 11), 3);
  const int64_t p = 1 * 11 + 2, q = 5 * 11 + 7;
  double expected = 0.0;
  for (int64_t row = 0; row < 3; ++row)
    for (int64_t i = 0; i < 9; ++i) {
      const double difference = picture.data<float>()[(p + row * 11) * 3 + i] -
                                picture.data<float>()[(q + row * 11) * 3 + i];
      expected += difference * difference;
    }
  CHECK(full_distance(picture, patches, p, q) == doctest::Approx(expected).epsilon(1e-5));
  CHECK(patch_distance(picture, patches, p, q, 0.1f) >= 0.1f);
  CHECK(full_distance(picture, patches, p, p) == 0.0f);
}

TEST_CASE("a texture that repeats exactly is matched without error") {
  const Tensor picture = repeated(noise(9, 7, 2), 60, 50);
  const PatchSet patches = find_patches(rectangle({18, 20, 15, 17}, 60, 50), 7);
  Generator generator{.seed = 3};
  PatchField field = random_field(picture, patches, generator);
  CHECK(*std::max_element(field.distance.begin(), field.distance.end()) > 1.0f);
  improve_field(picture, patches, field, generator, {.passes = 12});
  CHECK(*std::max_element(field.distance.begin(), field.distance.end()) == 0.0f);
}

TEST_CASE("propagation alone spreads a right offset over all targets, either way") {
  const Tensor picture = repeated(noise(40, 30, 4), 40, 60);  // noise twice, side by side
  const PatchSet patches = find_patches(rectangle({40, 12, 9, 14}, 40, 60), 5);
  for (const bool forward : {true, false}) {
    Generator generator{.seed = 5};
    PatchField field = random_field(picture, patches, generator);
    const size_t seed = forward ? 0 : patches.targets.size() - 1;
    field.source[seed] = patches.targets[seed] - 30;
    measure_distances(picture, patches, field);
    improve_field(picture, patches, field, generator,
                  {.passes = forward ? 1 : 2, .random_search = false});
    for (size_t i = 0; i < field.source.size(); ++i)
      REQUIRE(field.source[i] == patches.targets[i] - 30);
  }
}

TEST_CASE("the field only holds known patches, true distances, and these never grow") {
  CHECK(rc::check([] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const int64_t height = generator.integer(3, 24), width = generator.integer(3, 24);
    const Tensor picture = uniform({height, width, 3}, 0, 1, generator);
    const int64_t size = generator.integer(1, 3);
    const Tensor mask = scattered_mask(height, width, 0.15, generator);
    const PatchSet patches = find_patches(mask, size);
    RC_PRE(!patches.known.empty());
    PatchField field = random_field(picture, patches, generator);
    for (int round = 0; round < 3; ++round) {
      const std::vector<float> before = field.distance;
      improve_field(picture, patches, field, generator, {.passes = 1 + round});
      for (size_t i = 0; i < before.size(); ++i) {
        RC_ASSERT(field.distance[i] <= before[i]);
        RC_ASSERT(!touches_hole(mask, field.source[i], size));
        RC_ASSERT(field.distance[i] ==
                  full_distance(picture, patches, patches.targets[i], field.source[i]));
      }
    }
  }));
}

TEST_CASE("on a smooth picture nearly every source is as good as the best of all") {
  const Tensor picture = Tensor::empty({40, 40, 3});
  for (int64_t i = 0; i < picture.numel(); ++i) {
    const auto y = static_cast<float>(i / 120), x = static_cast<float>(i / 3 % 40);
    picture.data<float>()[i] =
        0.5f + 0.4f * std::sin(0.3f * x + 0.1f * y * static_cast<float>(i % 3));
  }
  const PatchSet patches = find_patches(rectangle({14, 12, 10, 12}, 40, 40), 5);
  Generator generator{.seed = 6};
  PatchField field = random_field(picture, patches, generator);
  improve_field(picture, patches, field, generator, {.passes = 10});
  size_t best = 0;
  for (size_t i = 0; i < patches.targets.size(); ++i) {
    float least = std::numeric_limits<float>::infinity();
    for (const int32_t known : patches.known)
      least = std::min(least, full_distance(picture, patches, patches.targets[i], known));
    CHECK(field.distance[i] >= least);
    best += field.distance[i] <= least * 1.1f ? 1 : 0;
  }
  CHECK(best > patches.targets.size() * 9 / 10);
}

TEST_CASE("the same generator gives the same field, another seed another one") {
  const Tensor picture = noise(30, 30, 7);
  const PatchSet patches = find_patches(rectangle({9, 11, 8, 8}, 30, 30), 5);
  const auto search = [&](uint64_t seed) {
    Generator generator{.seed = seed};
    PatchField field = random_field(picture, patches, generator);
    improve_field(picture, patches, field, generator, {.passes = 1});
    return field.source;
  };
  CHECK(search(1) == search(1));
  CHECK(search(1) != search(2));
}

TEST_CASE("patches that do not fit, or of which none is known, are refused") {
  const Tensor mask = rectangle({2, 2, 2, 2}, 6, 6);
  CHECK_THROWS_WITH_AS(find_patches(mask, 7),
                       "find_patches: a patch of 7 x 7 pixels does not fit into [6, 6, 1]",
                       ShapeError);
  CHECK_THROWS_AS(find_patches(mask, 0), ShapeError);
  CHECK_THROWS_AS(find_patches(Tensor::zeros({6, 6, 3}), 3), ShapeError);
  Generator generator;
  CHECK_THROWS_WITH_AS(random_field(noise(6, 6, 8), find_patches(mask, 3), generator),
                       "random_field: no patch of 3 x 3 pixels is known", Error);
}

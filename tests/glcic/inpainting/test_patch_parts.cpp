#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "glcic/inpainting/hole_pyramid.h"
#include "glcic/inpainting/onion_peel.h"
#include "glcic/inpainting/patch_voting.h"
#include "glcic/inpainting/texture_features.h"
#include "glcic/mask.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Tensor rectangle(const Hole& hole, int64_t height, int64_t width) {
  return mask_from_holes({&hole, 1}, height, width);
}

}  // namespace

TEST_CASE("halving averages the known pixels alone and marks what holds any hole") {
  const Tensor mask = rectangle({3, 2, 2, 1}, 5, 6);  // columns 3 and 4 of row 2
  const Tensor picture = Tensor::full({5, 6, 2}, 0.25);
  for (int64_t i = 0; i < 2 * 2; ++i) picture.data<float>()[(2 * 6 + 3) * 2 + i] = kNan;
  const HoleLevel half = halve({picture, mask});
  CHECK(half.picture.shape() == Shape{3, 3, 2});
  CHECK(half.mask.to_vector() == std::vector<double>{0, 0, 0, 0, 1, 1, 0, 0, 0});
  for (int64_t i = 0; i < half.picture.numel(); ++i)
    CHECK(half.picture.data<float>()[i] ==
          (half.mask.data<float>()[i / 2] != 0.0f ? 0.0f : doctest::Approx(0.25f)));
}

TEST_CASE("far from borders and holes a halved pixel is the (1, 3, 3, 1) mean") {
  Generator generator{.seed = 1};
  const Tensor picture = uniform({8, 8, 1}, 0, 1, generator);
  const HoleLevel half = halve({picture, Tensor::zeros({8, 8, 1})});
  const double taps[4] = {1, 3, 3, 1};
  double mean = 0.0;
  for (int64_t i = 0; i < 4; ++i)
    for (int64_t j = 0; j < 4; ++j)
      mean += taps[i] * taps[j] / 64 * picture.data<float>()[(1 + i) * 8 + 3 + j];
  CHECK(half.picture.data<float>()[1 * 4 + 2] == doctest::Approx(mean));
}

TEST_CASE("a rim distance is the number of steps, diagonal ones included, to a known pixel") {
  CHECK(rc::check([] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const int64_t height = generator.integer(1, 12), width = generator.integer(1, 12);
    const Tensor mask = uniform({height, width, 1}, 0, 1, generator);
    for (int64_t i = 0; i < mask.numel(); ++i)
      mask.data<float>()[i] = mask.data<float>()[i] < 0.9 ? 1.0f : 0.0f;
    const std::vector<int32_t> rim = rim_distances(mask);
    for (int64_t i = 0; i < mask.numel(); ++i) {
      int64_t expected = height + width;
      for (int64_t j = 0; j < mask.numel(); ++j)
        if (mask.data<float>()[j] == 0.0f)
          expected = std::min(
              expected, std::max(std::abs(i / width - j / width), std::abs(i % width - j % width)));
      RC_ASSERT(rim[static_cast<size_t>(i)] == expected);
    }
  }));
}

TEST_CASE("texture features tell vertical stripes from horizontal ones and from a flat area") {
  const Tensor picture = Tensor::full({6, 12, 3}, 0.5);
  for (int64_t y = 0; y < 6; ++y)
    for (int64_t x = 0; x < 6; ++x)
      for (int64_t c = 0; c < 3; ++c)
        picture.data<float>()[(y * 12 + x) * 3 + c] = x % 2 == 0 ? 0.25f : 0.75f;
  const Tensor mask = rectangle({2, 3, 1, 1}, 6, 12);
  picture.data<float>()[(3 * 12 + 2) * 3] = kNan;
  const HoleLevel rich = with_texture_features({picture, mask}, 2.0f);
  CHECK(rich.picture.shape() == Shape{6, 12, 5});
  const auto feature = [&](int64_t y, int64_t x, int64_t k) {
    return rich.picture.data<float>()[(y * 12 + x) * 5 + 3 + k];
  };
  CHECK(feature(1, 3, 0) == 1.0f);  // 2 · |0.75 − 0.25|
  CHECK(feature(1, 3, 1) == 0.0f);
  CHECK(feature(3, 1, 0) == 1.0f);  // the neighbour in the hole does not count
  CHECK(feature(3, 9, 0) == 0.0f);
  CHECK(feature(3, 2, 0) == 0.0f);
  CHECK(rich.picture.data<float>()[(1 * 12 + 3) * 5] == 0.75f);
}

TEST_CASE("a pixel becomes the weighted mean of its proposals") {
  const Tensor mask = rectangle({1, 0, 1, 2}, 2, 8);
  Tensor picture = Tensor::zeros({2, 8, 1});
  for (int64_t i = 0; i < 16; ++i) picture.data<float>()[i] = static_cast<float>(i % 8) / 8;
  const PatchSet patches = find_patches(mask, 2);
  REQUIRE(patches.targets == std::vector<int32_t>{0, 1});
  const std::vector<int32_t> rim = rim_distances(mask);
  const PatchField field{{2, 5}, {0.5f, 2.0f}};
  // the middles, at (1, 1) and (1, 2), have rim distances 1 and 0; 2σ² = 2·2
  const double sharpness = 3.0, falloff = 1.5;
  const double first = std::pow(std::exp(-0.5 / 4.0) / falloff, sharpness);
  const double second = std::pow(std::exp(-2.0 / 4.0), sharpness);
  vote(picture, patches, field, rim, {.falloff = falloff, .sharpness = sharpness});
  const double expected = (first * 3 / 8 + second * 5 / 8) / (first + second);
  CHECK(picture.data<float>()[1] == doctest::Approx(expected));
  CHECK(picture.data<float>()[9] == doctest::Approx(expected));
  CHECK(picture.data<float>()[2] == 0.25f);
}

TEST_CASE("votes stay finite where every weight by itself would be zero") {
  const Tensor mask = rectangle({1, 1, 1, 1}, 9, 9);
  Tensor picture = Tensor::full({9, 9, 3}, 0.5);
  const PatchSet patches = find_patches(mask, 3);
  PatchField field;
  field.source.assign(patches.targets.size(), 5 * 9 + 5);
  field.distance.assign(patches.targets.size(), 1e6f);
  field.distance[0] = 1e-6f;
  vote(picture, patches, field, std::vector<int32_t>(81, 100000), {.falloff = 2.0});
  CHECK(picture.data<float>()[(1 * 9 + 1) * 3] == 0.5f);
}

TEST_CASE("filling from the rim continues stripes across the hole, whatever the guess says") {
  const Tensor mask = rectangle({10, 8, 9, 12}, 30, 32);
  const Tensor picture = Tensor::empty({30, 32, 3});
  for (int64_t i = 0; i < picture.numel(); ++i)
    picture.data<float>()[i] = i / 3 % 32 % 4 < 2 ? 0.2f : 0.9f;
  Tensor filled = picture.clone();
  for (int64_t i = 0; i < picture.numel(); ++i)
    if (mask.data<float>()[i / 3] != 0.0f) filled.data<float>()[i] *= -10.0f;
  fill_from_rim(filled, find_patches(mask, 7), rim_distances(mask));
  CHECK(filled.to_vector() == picture.to_vector());
}

TEST_CASE("filling from the rim without a known patch is refused") {
  const Tensor mask = rectangle({2, 2, 2, 2}, 6, 6);
  Tensor picture = Tensor::zeros({6, 6, 3});
  CHECK_THROWS_WITH_AS(fill_from_rim(picture, find_patches(mask, 3), rim_distances(mask)),
                       "fill_from_rim: no patch of 3 x 3 pixels is known", Error);
}

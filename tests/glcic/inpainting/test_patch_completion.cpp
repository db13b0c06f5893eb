#include <doctest/doctest.h>
#include <omp.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "glcic/inpainting/method.h"
#include "glcic/inpainting/patch_completion.h"
#include "glcic/inpainting/poisson.h"
#include "glcic/mask.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

Tensor rectangles(const std::vector<Hole>& holes, int64_t height, int64_t width) {
  return mask_from_holes(holes, height, width);
}

/// A picture [height, width, 3] with f(y, x) in red and green, 1 − f in blue.
template <class F>
Tensor drawn(int64_t height, int64_t width, F&& f) {
  const Tensor picture = Tensor::empty({height, width, 3});
  for (int64_t i = 0; i < height * width; ++i) {
    const auto value = static_cast<float>(f(i / width, i % width));
    float* pixel = picture.data<float>() + i * 3;
    pixel[0] = pixel[1] = value;
    pixel[2] = 1.0f - value;
  }
  return picture;
}

Tensor stripes(int64_t height, int64_t width) {
  return drawn(height, width, [](int64_t y, int64_t x) { return (x + y) / 5 % 2 ? 0.2 : 0.9; });
}

Tensor checkerboard(int64_t height, int64_t width) {
  return drawn(height, width, [](int64_t y, int64_t x) { return (x / 6 + y / 6) % 2 ? 0.1 : 0.8; });
}

/// In decibels, over the pixels of the hole, for values in [0, 1].
double psnr_in_hole(const Tensor& result, const Tensor& picture, const Tensor& mask) {
  double sum = 0.0, count = 0.0;
  for (int64_t i = 0; i < picture.numel(); ++i) {
    if (mask.data<float>()[i / 3] == 0.0f) continue;
    const double difference = result.data<float>()[i] - picture.data<float>()[i];
    sum += difference * difference;
    count += 1.0;
  }
  return -10.0 * std::log10(sum / count + 1e-12);
}

Tensor with_hole_set_to(float value, const Tensor& picture, const Tensor& mask) {
  const Tensor result = picture.clone();
  for (int64_t i = 0; i < result.numel(); ++i)
    if (mask.data<float>()[i / 3] != 0.0f) result.data<float>()[i] = value;
  return result;
}

/// Whether `result` is the picture outside of the hole, and in it within the range of the rest.
bool respects(const Tensor& picture, const Tensor& mask, const Tensor& result) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  for (int64_t i = 0; i < picture.numel(); ++i) {
    if (mask.data<float>()[i / 3] != 0.0f) continue;
    if (result.data<float>()[i] != picture.data<float>()[i]) return false;
    low = std::min(low, picture.data<float>()[i]);
    high = std::max(high, picture.data<float>()[i]);
  }
  const float* values = result.data<float>();
  return std::all_of(values, values + result.numel(),
                     [&](float value) { return value >= low - 1e-6f && value <= high + 1e-6f; });
}

}  // namespace

TEST_CASE("stripes and checkerboards continue through a hole, where diffusion fails") {
  const Tensor mask = rectangles({{28, 25, 34, 30}}, 96, 90);
  for (const Tensor& picture : {stripes(96, 90), checkerboard(96, 90)}) {
    CHECK(psnr_in_hole(patch_completion(picture, mask), picture, mask) > 40.0);
    CHECK(psnr_in_hole(diffusion_fill(picture, mask), picture, mask) < 15.0);
  }
}

TEST_CASE("several holes and holes at the border are filled alike") {
  const Tensor mask = rectangles(
      {{0, 0, 14, 9}, {70, 30, 20, 13}, {40, 84, 11, 12}, {30, 30, 12, 12}, {36, 36, 13, 15}}, 96,
      90);
  const Tensor picture = stripes(96, 90);
  const Tensor result = patch_completion(picture, mask);
  CHECK(psnr_in_hole(result, picture, mask) > 30.0);
  CHECK(respects(picture, mask, result));
}

TEST_CASE("a fine texture is not filled with the flat area of its mean colour beside it") {
  Generator generator{.seed = 4};
  const Tensor texture = uniform({96, 96}, 0, 1, generator);
  const Tensor picture = drawn(96, 96, [&](int64_t y, int64_t x) {
    return x < 24 ? 0.5 : 0.2 + 0.6 * std::round(texture.data<float>()[y * 96 + x]);
  });
  const Tensor mask = rectangles({{50, 30, 24, 24}}, 96, 96);
  const Tensor result = patch_completion(picture, mask);
  double contrast = 0.0;
  for (int64_t y = 30; y < 54; ++y)
    for (int64_t x = 50; x < 74; ++x)
      contrast += std::abs(result.data<float>()[(y * 96 + x) * 3] - 0.5) / (24 * 24);
  CHECK(contrast > 0.2);  // 0.3 in the texture, 0 in the flat area
}

TEST_CASE("what lies under the hole changes nothing, nor does the number of threads") {
  Generator generator{.seed = 9};
  const Tensor picture = uniform({40, 44, 3}, 0, 1, generator);
  const Tensor mask = free_form_mask(40, 44, generator);
  const std::vector<double> expected = patch_completion(picture, mask).to_vector();
  const int threads = omp_get_max_threads();
  omp_set_num_threads(threads == 1 ? 4 : 1);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(patch_completion(with_hole_set_to(nan, picture, mask), mask).to_vector() == expected);
  CHECK(patch_completion(with_hole_set_to(1e9f, picture, mask), mask).to_vector() == expected);
  omp_set_num_threads(threads);
  CHECK(patch_completion(picture, mask, {.seed = 2}).to_vector() != expected);
}

TEST_CASE("any picture of two pixels or more with any hole is filled from known values") {
  CHECK(rc::check([] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const int64_t height = generator.integer(1, 30), width = generator.integer(2, 30);
    const Tensor picture = uniform({height, width, 3}, 0, 1, generator);
    const Tensor mask = uniform({height, width, 1}, 0, 1, generator);
    const double share = generator.uniform();
    for (int64_t i = 0; i < mask.numel(); ++i)
      mask.data<float>()[i] = mask.data<float>()[i] < share ? 1.0f : 0.0f;
    mask.data<float>()[0] = 1.0f;
    mask.data<float>()[generator.integer(1, mask.numel() - 1)] = 0.0f;
    RC_ASSERT(respects(picture, mask, patch_completion(picture, mask)));
  }));
}

TEST_CASE("a hole that leaves a thin frame, a corner or a line of the picture is filled") {
  const Tensor picture = checkerboard(70, 64);
  for (const Hole& hole : {Hole{3, 3, 58, 64}, Hole{0, 0, 64, 60}, Hole{8, 0, 56, 70},
                           Hole{0, 1, 64, 69}, Hole{1, 0, 63, 70}}) {
    const Tensor mask = rectangles({hole}, 70, 64);
    CHECK(respects(picture, mask, patch_completion(picture, mask)));
  }
}

TEST_CASE("one known pixel fills the whole picture") {
  const Tensor picture = stripes(5, 4);
  const Tensor mask = Tensor::full({5, 4, 1}, 1.0);
  mask.data<float>()[7] = 0.0f;
  const Tensor result = patch_completion(picture, mask);
  for (int64_t i = 0; i < result.numel(); ++i)
    CHECK(result.data<float>()[i] == picture.data<float>()[7 * 3 + i % 3]);
}

TEST_CASE("patches come from the hole's surroundings alone") {
  const Tensor mask = rectangles({{30, 32, 8, 7}}, 60, 80);
  const Tensor picture = stripes(60, 80);
  const Tensor other = picture.clone();
  for (int64_t i = 0; i < other.numel(); ++i)
    if (i / 3 % 80 >= 30 + 8 + 20) other.data<float>()[i] = 0.5f;
  const Tensor a = patch_completion(picture, mask, {.surroundings = 20});
  const Tensor b = patch_completion(other, mask, {.surroundings = 20});
  CHECK(psnr_in_hole(a, b, mask) > 100.0);
  CHECK(psnr_in_hole(a, picture, mask) > 40.0);
}

TEST_CASE("pictures, masks and options that do not make sense are refused") {
  const Tensor picture = stripes(6, 8);
  CHECK_THROWS_WITH_AS(patch_completion(picture, Tensor::full({8, 6, 1}, 1.0)),
                       "patch_completion: mask [8, 6, 1] does not fit picture [6, 8, 3]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(patch_completion(picture, Tensor::zeros({6, 8, 1})),
                       "patch_completion: the hole is empty", Error);
  CHECK_THROWS_WITH_AS(
      patch_completion(picture, Tensor::full({6, 8, 1}, 1.0)),
      "patch_completion: the hole covers the whole picture, so that there is nothing to fill it "
      "from",
      Error);
  CHECK_THROWS_AS(patch_completion(Tensor::zeros({1, 1, 3}), Tensor::full({1, 1, 1}, 1.0)), Error);
  const Tensor mask = rectangles({{1, 1, 2, 2}}, 6, 8);
  CHECK_THROWS_WITH_AS(
      patch_completion(picture, mask, {.patch = 0}),
      "patch_completion: patch 0, falloff 1.2 and surroundings 512 must be at least 1", Error);
  picture.data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(patch_completion(picture, mask), Error);
}

TEST_CASE("patchmatch is one of the methods, with the seed of its options") {
  Generator generator{.seed = 3};
  const Tensor picture = uniform({30, 30, 3}, 0, 1, generator);
  const Tensor mask = rectangles({{9, 9, 11, 11}}, 30, 30);
  const FillMethod& method = fill_method("patchmatch");
  CHECK(method.title == "PatchMatch");
  CHECK(method.fill(picture, mask, {.seed = 5}).to_vector() ==
        patch_completion(picture, mask, {.seed = 5}).to_vector());
}

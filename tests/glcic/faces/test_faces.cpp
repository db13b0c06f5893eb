#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "glcic/faces/faces.h"
#include "glcic/image_ops.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

double mean_difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector(), y = b.to_vector();
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += std::abs(x[i] - y[i]);
  return sum / static_cast<double>(x.size());
}

}  // namespace

TEST_CASE("a seed is a face: the same one every time, another for another seed") {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const Tensor face = draw_face(seed, 48);
    CHECK(face.shape() == Shape{48, 48, 3});
    CHECK(draw_face(seed, 48).to_vector() == face.to_vector());
    CHECK(mean_difference(face, draw_face(seed + 1, 48)) > 0.04);
  }
}

TEST_CASE("faces are pictures: every value finite and in [0, 1], at any size") {
  for (uint64_t seed = 0; seed < 300; ++seed)
    for (const double value : draw_face(seed, 24).to_vector())
      REQUIRE((value >= 0 && value <= 1));  // false for a NaN
  for (const int64_t size : {1, 2, 3, 31, 200})
    CHECK(draw_face(7, size).shape() == Shape{size, size, 3});
  CHECK_THROWS_AS(draw_face(7, 0), Error);
}

TEST_CASE("a small face is the large one made smaller") {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    const Tensor shrunk = resize_image(draw_face(seed, 256), 64, 64);
    CAPTURE(seed);
    CHECK(mean_difference(shrunk, draw_face(seed, 64)) < 0.012);
  }
}

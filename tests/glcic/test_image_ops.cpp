#include <doctest/doctest.h>

#include <cmath>

#include "glcic/image_ops.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

/// picture[y, x, c] = 100·y + x + c/10
Tensor numbered(int64_t height, int64_t width, int64_t channels) {
  const Tensor picture = Tensor::empty({height, width, channels});
  float* to = picture.data<float>();
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int64_t c = 0; c < channels; ++c)
        *to++ = static_cast<float>(100 * y + x) + static_cast<float>(c) / 10.0f;
  return picture;
}

float at(const Tensor& picture, int64_t y, int64_t x, int64_t c) {
  return picture.data<float>()[(y * picture.size(1) + x) * picture.size(2) + c];
}

}  // namespace

TEST_CASE("a crop takes the rows and columns it names") {
  const Tensor crop = crop_image(numbered(6, 8, 3), 2, 1, 4, 3);
  CHECK(crop.shape() == Shape{3, 4, 3});
  CHECK(at(crop, 0, 0, 0) == 102);
  CHECK(at(crop, 2, 3, 2) == doctest::Approx(305.2));
  CHECK_THROWS_AS(crop_image(numbered(6, 8, 3), 5, 1, 4, 3), ShapeError);
  CHECK_THROWS_AS(crop_image(numbered(6, 8, 3), 0, -1, 4, 3), ShapeError);
}

TEST_CASE("the centre square is centred") {
  CHECK(at(centre_square(numbered(9, 4, 1)), 0, 0, 0) == 200);
  CHECK(at(centre_square(numbered(4, 9, 1)), 0, 0, 0) == 2);
  CHECK(centre_square(numbered(5, 5, 3)).shape() == Shape{5, 5, 3});
}

TEST_CASE("a flip mirrors columns, and two flips nothing") {
  const Tensor picture = numbered(3, 5, 3);
  CHECK(at(flip_image(picture), 1, 0, 2) == at(picture, 1, 4, 2));
  CHECK(flip_image(flip_image(picture)).to_vector() == picture.to_vector());
}

TEST_CASE("resizing keeps a constant, and the middle of a ramp") {
  for (const int64_t size : {3, 7, 20, 33}) {
    const Tensor flat = resize_image(Tensor::full({20, 20, 3}, 0.25), size, size + 1);
    CHECK(flat.shape() == Shape{size, size + 1, 3});
    for (const double value : flat.to_vector()) REQUIRE(value == doctest::Approx(0.25));
  }
  const Tensor ramp = resize_image(numbered(1, 64, 1), 1, 16);
  CHECK(at(ramp, 0, 8, 0) == doctest::Approx(8.5 * 4 - 0.5));
}

TEST_CASE("resizing keeps a constant from any length to any other") {
  for (int64_t from = 1; from < 40; ++from)
    for (int64_t to = 1; to < 40; ++to)
      for (const double value : resize_image(Tensor::full({from, 1, 1}, 1), to, 1).to_vector())
        REQUIRE(std::abs(value - 1) < 1e-6);
}

TEST_CASE("enlarging is bilinear between pixel centres") {
  const Tensor pair = Tensor::from({0, 1}, {1, 2, 1});
  CHECK(resize_image(pair, 1, 4).to_vector() == std::vector<double>{0, 0.25, 0.75, 1});
}

TEST_CASE("shrinking averages away what the small picture cannot show") {
  const Tensor stripes = Tensor::empty({64, 64, 1});
  for (int64_t i = 0; i < stripes.numel(); ++i)
    stripes.data<float>()[i] = static_cast<float>(i % 2);
  const Tensor small = resize_image(stripes, 20, 20);
  for (int64_t x = 3; x < 17; ++x) CHECK(at(small, 10, x, 0) == doctest::Approx(0.5).epsilon(0.03));
}

TEST_CASE("the shortest edge gets the length asked for, the other its proportion") {
  CHECK(resize_shortest_edge(numbered(218, 178, 3), 64).shape() == Shape{78, 64, 3});
  CHECK(resize_shortest_edge(numbered(30, 90, 1), 60).shape() == Shape{60, 180, 1});
}

TEST_CASE("a contact sheet lays pictures out row by row") {
  const Tensor sheet = contact_sheet(
      {Tensor::full({2, 3, 1}, 0.1), Tensor::full({2, 3, 1}, 0.2), Tensor::full({2, 3, 1}, 0.3)}, 2,
      1, 0.9);
  REQUIRE(sheet.shape() == Shape{7, 9, 1});
  CHECK(at(sheet, 0, 0, 0) == doctest::Approx(0.9));
  CHECK(at(sheet, 1, 1, 0) == doctest::Approx(0.1));
  CHECK(at(sheet, 2, 4, 0) == doctest::Approx(0.9));
  CHECK(at(sheet, 2, 7, 0) == doctest::Approx(0.2));
  CHECK(at(sheet, 5, 3, 0) == doctest::Approx(0.3));
  CHECK(at(sheet, 5, 5, 0) == doctest::Approx(0.9));
  CHECK_THROWS_AS(contact_sheet({Tensor::zeros({2, 3, 1}), Tensor::zeros({3, 3, 1})}, 2),
                  ShapeError);
}

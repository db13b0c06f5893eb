#include <doctest/doctest.h>

#include <vector>

#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

Tensor corners(std::initializer_list<double> rows_and_columns, DType dtype = DType::float32) {
  const auto count = static_cast<int64_t>(rows_and_columns.size()) / 2;
  return Tensor::from(rows_and_columns, {count, 2}, {dtype, test_device()});
}

/// 0, 1, 2, …
Tensor counting(const Shape& shape, DType dtype = DType::float32) {
  std::vector<double> values(static_cast<size_t>(shape.numel()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  return Tensor::from(values, shape, {dtype, test_device()});
}

template <class F>
std::string shape_error_of(F f) {
  return sentence_of<ShapeError>(f);
}

}  // namespace

TEST_CASE("a patch of each picture is cropped at its corner") {
  for (const DType dtype : kDTypes) {
    const Tensor x = counting({2, 3, 4, 1}, dtype);  // rows of 4: 0…3, 4…7, 8…11; 12 on
    const Tensor y = ops::crop_patches(x, corners({0, 1, 1, 2}, dtype), 2, 2);
    CHECK(y.shape() == Shape{2, 2, 2, 1});
    CHECK(y.dtype() == dtype);
    CHECK(y.to_vector() == std::vector<double>{1, 2, 5, 6, 18, 19, 22, 23});
  }
}

TEST_CASE("channels stay together in a patch") {
  const Tensor y = ops::crop_patches(counting({1, 2, 3, 2}), corners({1, 1}), 1, 2);
  CHECK(y.to_vector() == std::vector<double>{8, 9, 10, 11});
}

TEST_CASE("a patch that would leave its picture is moved inside") {
  const Tensor x = counting({4, 3, 4, 1});
  const Tensor y = ops::crop_patches(x, corners({-1, -7, 2, 3, 99, 0, 0, 99}), 2, 2);
  const Tensor inside = ops::crop_patches(x, corners({0, 0, 1, 2, 1, 0, 0, 2}), 2, 2);
  CHECK(same_bits(y, inside));
  const Tensor dy = random({4, 2, 2, 1}, DType::float32, 1);
  CHECK(same_bits(ops::crop_patches_grad(dy, corners({-1, -7, 2, 3, 99, 0, 0, 99}), 3, 4),
                  ops::crop_patches_grad(dy, corners({0, 0, 1, 2, 1, 0, 0, 2}), 3, 4)));
}

TEST_CASE("the gradient of a patch lies at its corner, with zeros around") {
  const Tensor dy = counting({1, 2, 2, 1});
  const Tensor dx = ops::crop_patches_grad(dy, corners({1, 2}), 3, 4);
  CHECK(dx.shape() == Shape{1, 3, 4, 1});
  CHECK(dx.to_vector() == std::vector<double>{0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 3});
}

TEST_CASE("crop_patches_grad is the adjoint of crop_patches") {
  const Tensor at = corners({0, 3, 2, 1, 1, 0}, DType::float64);
  const Tensor x = random({3, 6, 7, 2}, DType::float64, 1);
  const Tensor dy = random({3, 4, 4, 2}, DType::float64, 2);
  CHECK(dot(ops::crop_patches(x, at, 4, 4), dy) ==
        doctest::Approx(dot(x, ops::crop_patches_grad(dy, at, 6, 7))).epsilon(1e-12));
}

TEST_CASE("patches as large as the picture, and of no size") {
  const Tensor x = counting({2, 3, 4, 1});
  CHECK(same_bits(ops::crop_patches(x, corners({0, 0, 5, 5}), 3, 4), x));
  CHECK(ops::crop_patches(x, corners({0, 0, 1, 1}), 0, 2).shape() == Shape{2, 0, 2, 1});
  CHECK(
      ops::crop_patches_grad(Tensor::zeros({2, 0, 2, 1}, x.options()), corners({0, 0, 1, 1}), 3, 4)
          .to_vector() == std::vector<double>(24, 0.0));
}

TEST_CASE("patch_corners gives rows and columns where the pictures are") {
  const Tensor at =
      ops::patch_corners({{1, 2}, {0, 3}}, {2, 4, 5, 3}, 3, 2, {DType::float64, test_device()});
  CHECK(at.shape() == Shape{2, 2});
  CHECK(at.dtype() == DType::float64);
  CHECK(at.device() == test_device());
  CHECK(at.to_vector() == std::vector<double>{1, 2, 0, 3});
}

TEST_CASE("patch_corners refuses patches that leave their pictures, and a wrong number of them") {
  const Shape pictures{1, 4, 5, 3};
  CHECK(ops::patch_corners({{1, 3}}, pictures, 3, 2).numel() == 2);  // just fits
  for (const ops::Corner corner :
       {ops::Corner{2, 3}, ops::Corner{1, 4}, ops::Corner{-1, 0}, ops::Corner{0, -1}}) {
    const std::string sentence =
        shape_error_of([&] { ops::patch_corners({corner}, pictures, 3, 2); });
    CHECK(sentence == fmt::format("patch_corners: a patch of 3 x 2 at row {}, column {} leaves the "
                                  "pictures [1, 4, 5, 3]",
                                  corner.row, corner.column));
  }
  CHECK(shape_error_of([&] {
          ops::patch_corners({{0, 0}, {0, 0}}, pictures, 3, 2);
        }) == "patch_corners: 2 corners for pictures [1, 4, 5, 3]");
}

TEST_CASE("crop_patches refuses what does not fit together, naming the shapes") {
  const Tensor x = counting({2, 3, 4, 1}), at = corners({0, 0, 0, 0});
  CHECK(shape_error_of([&] { ops::crop_patches(x, at, 4, 2); }) ==
        "crop_patches: patches of 4 x 2 are larger than the pictures [2, 3, 4, 1]");
  CHECK(shape_error_of([&] {
          ops::crop_patches(x, corners({0, 0}), 2, 2);
        }) == "crop_patches: corners has shape [1, 2], but must have [2, 2]");
  CHECK(shape_error_of([&] {
          ops::crop_patches(x.reshape({6, 4}), at, 2, 2);
        }).starts_with("crop_patches: input [6, 4] must have 4 axes"));
  CHECK(shape_error_of([&] { ops::crop_patches_grad(x, at, 2, 9); }) ==
        "crop_patches_grad: patches of 3 x 4 are larger than the pictures [2, 2, 9, 1]");
  CHECK(sentence_of<Error>([&] {
          ops::crop_patches(x, at.to(DType::float64), 2, 2);
        }).starts_with("crop_patches: dtypes float32 and float64 differ"));
}

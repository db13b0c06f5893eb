#include <doctest/doctest.h>

#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

TEST_CASE("a shape tells its rank, its elements and its axes from either end") {
  const Shape shape{2, 3, 4};
  CHECK(shape.rank() == 3);
  CHECK(shape.numel() == 24);
  CHECK(shape[-1] == 4);
  CHECK(shape.normalise_axis(-3) == 0);
  CHECK(shape.with(1, 7) == Shape{2, 7, 4});
  CHECK(shape.str() == "[2, 3, 4]");
  CHECK(Shape{}.numel() == 1);
  CHECK(Shape{3, 0}.numel() == 0);
  CHECK_FALSE(Shape{2, 3} == Shape{2, 3, 1});
}

TEST_CASE("a shape that cannot be is refused with a sentence") {
  CHECK(sentence_of<ShapeError>([] {
          return Shape{2, -1};
        }) == "shape: [2, -1] has a negative extent");
  CHECK(sentence_of<ShapeError>([] { return Shape{1, 1, 1, 1, 1, 1, 1}; }) ==
        "shape: 7 axes, at most 6 are supported");
  CHECK(sentence_of<ShapeError>([] {
          return Shape{int64_t{1} << 32, int64_t{1} << 32};
        }) == "shape: [4294967296, 4294967296] has more elements than fit 63 bits");
  CHECK(sentence_of<ShapeError>([] { return Shape{2, 3}[2]; }) == "shape: [2, 3] has no axis 2");
}

TEST_CASE("shapes broadcast by NumPy's rule") {
  CHECK(broadcast_shapes("add", {2, 1, 4}, {3, 1}) == Shape{2, 3, 4});
  CHECK(broadcast_shapes("add", {}, {5}) == Shape{5});
  CHECK(broadcast_shapes("add", {1}, {0}) == Shape{0});
}

TEST_CASE("operands that do not broadcast are named with op, shapes and axis") {
  const Tensor a = random({2, 3}, DType::float32, 1), b = random({2, 4}, DType::float32, 2);
  CHECK(sentence_of<ShapeError>([&] { ops::add(a, b); }) ==
        "add: shapes [2, 3] and [2, 4] do not broadcast: axis -1 has 3 against 4");
  CHECK(sentence_of<ShapeError>([&] { ops::where(a, a, b); }).starts_with("where: shapes"));
}

TEST_CASE("operands of two dtypes are refused") {
  const Tensor a = random({2}, DType::float32, 1), b = random({2}, DType::float64, 1);
  CHECK(sentence_of<Error>([&] { ops::multiply(a, b); }) ==
        "multiply: dtypes float32 and float64 differ; convert one with to()");
  CHECK_THROWS_AS(a.data<double>(), Error);
}

TEST_CASE("an undefined tensor is refused with a sentence") {
  const Tensor nothing, x = random({2}, DType::float32, 1);
  CHECK_FALSE(nothing.defined());
  CHECK(sentence_of<Error>([&] { ops::exp(nothing); }) == "exp: a tensor is undefined");
  CHECK_THROWS_AS(ops::add(x, nothing), Error);
  CHECK_THROWS_AS(nothing.reshape({1}), Error);
  CHECK_THROWS_AS(nothing.to_vector(), Error);
}

TEST_CASE("a copy and a reshape share the numbers, a clone does not") {
  const Tensor x = Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3});
  CHECK(x.is_unique());
  const Tensor copy = x, reshaped = x.reshape({3, -1}), clone = x.clone();
  CHECK_FALSE(x.is_unique());
  CHECK(reshaped.shape() == Shape{3, 2});
  x.data<float>()[4] = 50;
  CHECK(copy.to_vector()[4] == 50);
  CHECK(reshaped.to_vector()[4] == 50);
  CHECK(clone.to_vector()[4] == 5);
  CHECK(reshaped.shares_storage_with(x));
  CHECK_FALSE(clone.shares_storage_with(x));
}

TEST_CASE("a reshape that does not fit is refused") {
  const Tensor x = random({2, 3}, DType::float32, 1);
  CHECK(sentence_of<ShapeError>([&] { x.reshape({4}); }) ==
        "reshape: [2, 3] has 6 elements, [4] has 4");
  CHECK(sentence_of<ShapeError>([&] {
          x.reshape({-1, 4});
        }) == "reshape: [2, 3] has 6 elements, which cannot be divided by 4 to find the extent -1");
  CHECK_THROWS_AS(x.reshape({-1, -1}), ShapeError);
  CHECK_THROWS_AS(random({0}, DType::float32, 1).reshape({0, -1}), ShapeError);
}

TEST_CASE("tensors are made of constants and of values, and read back") {
  for (DType dtype : kDTypes) {
    const TensorOptions options{.dtype = dtype, .device = test_device()};
    CHECK(Tensor::zeros({2}, options).to_vector() == std::vector<double>{0, 0});
    CHECK(Tensor::full({2}, 1.5, options).to_vector() == std::vector<double>{1.5, 1.5});
    CHECK(Tensor::scalar(-3, options).item() == -3);
    CHECK(Tensor::scalar(-3, options).rank() == 0);
    CHECK(Tensor::from({1, 2}, {2, 1}, options).to_vector() == std::vector<double>{1, 2});
    CHECK(Tensor::zeros({3, 0}, options).to_vector().empty());
  }
  CHECK(sentence_of<ShapeError>([] {
          Tensor::from({1, 2, 3}, {2, 2});
        }) == "tensor: 3 values do not fill the shape [2, 2], which has 4 elements");
  CHECK(sentence_of<ShapeError>([] { Tensor::zeros({2}).item(); }) ==
        "item: [2] has 2 elements, not one");
}

TEST_CASE("a tensor converts to the other dtype and back without loss of float32 values") {
  const Tensor x = random({1000}, DType::float32, 3);
  const Tensor wide = x.to(DType::float64);
  CHECK(wide.dtype() == DType::float64);
  CHECK(wide.to_vector() == x.to_vector());
  CHECK(same_bits(wide.to(DType::float32), x));
  CHECK(x.to(DType::float32).shares_storage_with(x));
}

TEST_CASE("a device is known by its name") {
  CHECK(device_from_string("cpu") == Device::cpu);
  CHECK(device_from_string("cuda") == Device::cuda);
  CHECK(sentence_of<Error>([] { device_from_string("gpu"); }) ==
        "device: 'gpu' is not one; there are cpu and cuda");
}

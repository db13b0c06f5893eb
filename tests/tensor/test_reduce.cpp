#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

/// Σ x (or the maximum) over the marked axes, which stay as extents of 1.
std::vector<double> reduce(const Tensor& x, const Shape& kept, bool maximum) {
  std::vector<double> y(static_cast<size_t>(kept.numel()), maximum ? -INFINITY : 0.0);
  const std::vector<double> values = x.to_vector();
  for (int64_t i = 0; i < x.numel(); ++i) {
    double& result = y[position(kept, index_of(x.shape(), i))];
    const double value = values[static_cast<size_t>(i)];
    result = maximum ? std::max(result, value) : result + value;
  }
  return y;
}

Shape shape_kept(const Shape& shape, const std::vector<int>& axes) {
  Shape kept = shape;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (axes.empty() || std::find(axes.begin(), axes.end(), axis) != axes.end())
      kept = kept.with(axis, 1);
  return kept;
}

/// Largest error of sum over `axes`, relative to Σ |x|.
double sum_error(const Tensor& x, const std::vector<int>& axes) {
  const Shape kept = shape_kept(x.shape(), axes);
  const std::vector<double> got = ops::sum(x, axes).to_vector(), expected = reduce(x, kept, false);
  const std::vector<double> scale = reduce(ops::abs(x), kept, false);
  double largest = 0;
  for (size_t i = 0; i < got.size(); ++i)
    largest = std::max(largest, std::abs(got[i] - expected[i]) / std::max(scale[i], 1e-30));
  return largest;
}

}  // namespace

TEST_CASE("sum, mean and max over any axes are those of plain loops") {
  for (DType dtype : kDTypes)
    CHECK(rc::check([dtype] {
      std::vector<int64_t> extents;
      std::vector<int> axes;
      const int rank = *rc::gen::inRange(0, 5);
      double count = 1;
      for (int axis = 0; axis < rank; ++axis) {
        extents.push_back(*rc::gen::element<int64_t>(1, 2, 3, 5, 16, 33));
        if (*rc::gen::arbitrary<bool>()) axes.push_back(axis);
      }
      for (int axis = 0; axis < rank; ++axis)
        if (axes.empty() || std::find(axes.begin(), axes.end(), axis) != axes.end())
          count *= static_cast<double>(extents[static_cast<size_t>(axis)]);
      const Shape shape(extents), kept = shape_kept(shape, axes);
      const Tensor x = random(shape, dtype, *rc::gen::arbitrary<uint64_t>());

      const Tensor sum = ops::sum(x, axes, true);
      RC_ASSERT(sum.shape() == kept);
      RC_ASSERT(difference(sum, reduce(x, kept, false)) <= 20 * tolerance(dtype));
      RC_ASSERT(difference(ops::max(x, axes, true), reduce(x, kept, true)) == 0);
      std::vector<double> mean = reduce(x, kept, false);
      for (double& value : mean) value /= count;
      RC_ASSERT(difference(ops::mean(x, axes, true), mean) <= tolerance(dtype));
      RC_ASSERT(ops::sum(x, axes).rank() == (axes.empty() ? 0 : rank - std::ssize(axes)));
      RC_ASSERT(same_bits(ops::sum_to(x, kept), sum));
    }));
}

TEST_CASE("long float32 sums keep seven digits, by columns, by rows and over all") {
  const Tensor pictures = random({8, 128, 128, 3}, DType::float32, 1, 0, 1);
  const Tensor maps = random({4, 64, 64, 32}, DType::float32, 2, 0, 1);
  for (const Tensor& x : {pictures, maps})
    for (const std::vector<int>& axes :
         {std::vector<int>{}, {0, 1, 2}, {1, 2}, {0}, {3}, {1, 2, 3}, {0, 3}}) {
      CAPTURE(x.shape().str());
      CAPTURE(axes.size());
      CHECK(sum_error(x, axes) < 5e-7);
    }
}

TEST_CASE("a sum over nothing is zero, a mean of nothing is not a number, a maximum is refused") {
  const Tensor x = Tensor::zeros({3, 0}, {.device = test_device()});
  CHECK(ops::sum(x, {1}).to_vector() == std::vector<double>{0, 0, 0});
  CHECK(ops::sum(x).item() == 0);
  CHECK(ops::sum(x, {0}).numel() == 0);
  CHECK(std::isnan(ops::mean(x).item()));
  CHECK(sentence_of<ShapeError>([&] { ops::max(x, {1}); }) ==
        "max: [3, 0] has no elements to choose from");
}

TEST_CASE("axes that are not there, or listed twice, are refused") {
  const Tensor x = random({2, 3}, DType::float32, 1);
  CHECK(sentence_of<ShapeError>([&] { ops::sum(x, {2}); }) == "sum: [2, 3] has no axis 2");
  CHECK(sentence_of<ShapeError>([&] {
          ops::max(x, {1, -1});
        }) == "max: axis -1 of [2, 3] is listed twice");
  CHECK(sentence_of<ShapeError>([&] {
          ops::sum_to(x, {2, 2});
        }) == "sum_to: [2, 2] does not broadcast to [2, 3]");
}

TEST_CASE("a maximum passes a NaN on, and minus infinity") {
  for (int64_t size : {5, 700, 100000}) {
    std::vector<double> values(static_cast<size_t>(size), -INFINITY);
    CHECK(ops::max(Tensor::from(values, {size}, {.device = test_device()})).item() == -INFINITY);
    values[static_cast<size_t>(size / 2)] = NAN;
    CHECK(std::isnan(ops::max(Tensor::from(values, {size}, {.device = test_device()})).item()));
  }
}

TEST_CASE("sum_to is the transposed map of broadcast_to") {
  for (const auto& [small, large] : {std::pair<Shape, Shape>{{3}, {4, 5, 3}},
                                     {{4, 1, 1}, {4, 5, 3}},
                                     {{}, {4, 5}},
                                     {{1, 5, 1}, {2, 4, 5, 3}}}) {
    const Tensor x = random(small, DType::float64, 1), y = random(large, DType::float64, 2);
    CHECK(dot(ops::broadcast_to(x, large), y) ==
          doctest::Approx(dot(x, ops::sum_to(y, small))).epsilon(1e-12));
  }
}

TEST_CASE("softmax and log_softmax are their formulas") {
  for (DType dtype : kDTypes)
    for (int64_t columns : {1, 3, 16, 70}) {
      const Tensor x = random({9, columns}, dtype, 3, -4, 4);
      const std::vector<double> values = x.to_vector();
      std::vector<double> y, logarithm;
      for (size_t i = 0; i < values.size(); ++i) {
        const size_t width = static_cast<size_t>(columns), row = i / width * width;
        double sum = 0;
        for (size_t j = row; j < row + width; ++j) sum += std::exp(values[j]);
        y.push_back(std::exp(values[i]) / sum);
        logarithm.push_back(values[i] - std::log(sum));
      }
      CHECK(difference(ops::softmax(x), y) <= tolerance(dtype));
      CHECK(difference(ops::log_softmax(x), logarithm) <= tolerance(dtype));
    }
}

TEST_CASE("softmax stays finite for huge inputs and does not feel a shift") {
  for (DType dtype : kDTypes) {
    const TensorOptions options{.dtype = dtype, .device = test_device()};
    const Tensor huge = Tensor::from({1e30, -1e30, 1e30, 0}, {1, 4}, options);
    CHECK(ops::softmax(huge).to_vector() == std::vector<double>{0.5, 0, 0.5, 0});
    const Tensor far = Tensor::from({-5000, -5001}, {2}, options);
    CHECK(difference(ops::log_softmax(far),
                     ops::log_softmax(Tensor::from({1, 0}, {2}, options)).to_vector()) <=
          tolerance(dtype));
    CHECK(ops::log_softmax(Tensor::from({0, -9000}, {2}, options)).to_vector()[1] == -9000);
  }
  CHECK_THROWS_AS(ops::softmax(Tensor::scalar(1)), ShapeError);
  CHECK(ops::softmax(Tensor::zeros({0, 3})).numel() == 0);
  CHECK(ops::softmax(Tensor::zeros({3, 0})).numel() == 0);
}

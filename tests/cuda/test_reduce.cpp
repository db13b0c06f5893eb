#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tensor/ops.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

/// [outer, reduced, inner] that meet every way of laying columns over blocks: long rows and short,
/// few columns and many, rows in one part and in several, rests everywhere, nothing at all.
const Shape kShapes[] = {{1, 1, 1},    {1, 20011, 1}, {3, 5000, 1}, {77, 33, 1},
                         {300, 2, 1},  {2, 300, 1},   {1, 3001, 3}, {1, 1037, 100},
                         {2, 700, 33}, {50, 3, 7},    {9, 17, 64},  {1, 2, 700},
                         {600, 5, 2},  {0, 5, 3},     {3, 5, 0},    {5, 64, 31}};

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

TEST_CASE("cuda: sums, means and maxima over an axis are the CPU's") {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : kShapes) {
      const Tensor x = random_tensor(shape, dtype, 1), y = on_cuda(x);
      check_close(ops::sum(y, {1}), ops::sum(x, {1}));
      check_close(ops::mean(y, {1}), ops::mean(x, {1}));
      check_same(ops::max(y, {1}), ops::max(x, {1}));
    }
}

TEST_CASE("cuda: reductions over several axes and over all are the CPU's") {
  for (DType dtype : {DType::float32, DType::float64}) {
    const Tensor x = random_tensor({7, 13, 5, 19}, dtype, 2), y = on_cuda(x);
    for (const std::vector<int>& axes : std::vector<std::vector<int>>{{}, {0, 2}, {1, 3}, {0, 1}}) {
      check_close(ops::sum(y, axes), ops::sum(x, axes));
      check_same(ops::max(y, axes, true), ops::max(x, axes, true));
    }
    check_close(ops::sum_to(y, {13, 1, 19}), ops::sum_to(x, {13, 1, 19}));
  }
}

TEST_CASE("cuda: the sum of no numbers is 0") {
  check_same(ops::sum(on_cuda(Tensor::empty({3, 0, 2})), {1}), Tensor::zeros({3, 2}));
  check_same(ops::sum(on_cuda(Tensor::empty({0}))), Tensor::zeros({}));
}

TEST_CASE("cuda: a sum of many equal numbers loses no digits, and has the same bits each time") {
  const Tensor x = on_cuda(Tensor::full({100003}, 0.1));
  const Tensor total = ops::sum(x);
  CHECK(total.item() == doctest::Approx(10000.3).epsilon(1e-6));
  check_same(ops::sum(x), total);
}

TEST_CASE("cuda: a NaN anywhere is the maximum, and minus infinity can be one") {
  for (const int64_t place : {0, 1, 255, 256, 4999}) {
    std::vector<double> values(5000, 1);
    values[static_cast<size_t>(place)] = kNaN;
    const Tensor x = on_cuda(Tensor::from(values, {5000}));
    CHECK(std::isnan(ops::max(x).item()));
    CHECK(std::isnan(ops::max(ops::max(x.reshape({50, 100}), {0})).item()));
  }
  const Tensor lowest = Tensor::full({3, 40}, -INFINITY);
  check_same(ops::max(on_cuda(lowest), {1}), ops::max(lowest, {1}));
}

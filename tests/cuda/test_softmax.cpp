#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tensor/ops.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

TEST_CASE("cuda: softmax and its logarithm are the CPU's") {
  const Shape shapes[] = {{1, 1},      {1, 5000}, {3, 1025}, {65, 7}, {300, 2},
                          {2, 3, 100}, {33, 64},  {0, 5},    {5, 0},  {17}};
  for (DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : shapes) {
      const Tensor x = random_tensor(shape, dtype, 1), y = on_cuda(x);
      check_close(ops::softmax(y), ops::softmax(x));
      check_close(ops::log_softmax(y), ops::log_softmax(x));
    }
}

TEST_CASE("cuda: softmax of large numbers neither overflows nor underflows") {
  const Tensor x = Tensor::from({1000, 999, -1000, -999, -1000, -5000}, {2, 3});
  check_close(ops::softmax(on_cuda(x)), ops::softmax(x));
  check_close(ops::log_softmax(on_cuda(x)), ops::log_softmax(x));
}

TEST_CASE("cuda: softmax passes minus infinity as 0, and a NaN on to its row alone") {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = Tensor::from({-INFINITY, 0, 1, 2, kNaN, 3, 4, 5, 6}, {3, 3});
  check_close(ops::softmax(on_cuda(x)), ops::softmax(x));
  CHECK(ops::softmax(on_cuda(x)).to_vector()[0] == 0);
}

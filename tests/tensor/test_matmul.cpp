#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/ops.h"
#include "tensor/random.h"
#include "tests/device.h"

using namespace kintsugi;

namespace {

struct Product {
  int64_t batch, rows, depth, columns;
};

struct Operands {
  Tensor a, b;
  ops::MatmulOptions options;
};

Operands make_operands(const Product& p, bool transpose_a, bool transpose_b, DType dtype) {
  Generator generator{.seed = 11};
  const TensorOptions options{.dtype = dtype, .device = test_device()};
  const Shape a = transpose_a ? Shape{p.batch, p.depth, p.rows} : Shape{p.batch, p.rows, p.depth};
  const Shape b =
      transpose_b ? Shape{p.batch, p.columns, p.depth} : Shape{p.batch, p.depth, p.columns};
  return {uniform(a, -1, 1, generator, options),
          uniform(b, -1, 1, generator, options),
          {transpose_a, transpose_b}};
}

/// The largest distance of matmul from y[r, j] = Σ_k a[r, k]·b[k, j], relative to the largest
/// |y| or 1.
double difference_from_loops(const Product& p, bool transpose_a, bool transpose_b, DType dtype) {
  const Operands operands = make_operands(p, transpose_a, transpose_b, dtype);
  const std::vector<double> a = operands.a.to_vector(), b = operands.b.to_vector();
  const Tensor y = ops::matmul(operands.a, operands.b, operands.options);
  REQUIRE(y.shape() == Shape{p.batch, p.rows, p.columns});
  const std::vector<double> got = y.to_vector();
  double worst = 0, scale = 1;
  for (int64_t n = 0; n < p.batch; ++n)
    for (int64_t r = 0; r < p.rows; ++r)
      for (int64_t j = 0; j < p.columns; ++j) {
        double sum = 0;
        for (int64_t k = 0; k < p.depth; ++k) {
          const int64_t in_a = transpose_a ? k * p.rows + r : r * p.depth + k;
          const int64_t in_b = transpose_b ? j * p.depth + k : k * p.columns + j;
          sum += a[static_cast<size_t>(n * p.rows * p.depth + in_a)] *
                 b[static_cast<size_t>(n * p.depth * p.columns + in_b)];
        }
        const double y_rj = got[static_cast<size_t>((n * p.rows + r) * p.columns + j)];
        worst = std::max(worst, std::isnan(y_rj) ? INFINITY : std::abs(y_rj - sum));
        scale = std::max(scale, std::abs(sum));
      }
  return worst / scale;
}

/// Larger than the blocks that work is cut into, and never a multiple of them.
const std::vector<Product> kBlockedProducts = {
    {1, 300, 270, 70}, {1, 16, 1000, 257}, {2, 65, 600, 33}, {1, 700, 3, 300}, {1, 1, 2000, 1},
};

}  // namespace

TEST_CASE("matmul equals its sum for any sizes and operands, in both dtypes") {
  CHECK(rc::check([] {
    auto size = [] { return *rc::gen::inRange<int64_t>(1, 40); };
    const Product product{*rc::gen::inRange<int64_t>(1, 4), size(), size(), size()};
    const bool transpose_a = *rc::gen::arbitrary<bool>(), transpose_b = *rc::gen::arbitrary<bool>();
    RC_ASSERT(difference_from_loops(product, transpose_a, transpose_b, DType::float64) < 1e-13);
    RC_ASSERT(difference_from_loops(product, transpose_a, transpose_b, DType::float32) < 1e-5);
  }));
}

TEST_CASE("matmul equals its sum where work is cut into blocks, transposed operands or not") {
  for (const Product& product : kBlockedProducts) {
    CAPTURE(product.rows);
    CAPTURE(product.depth);
    CAPTURE(product.columns);
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true}) {
        CHECK(difference_from_loops(product, transpose_a, transpose_b, DType::float64) < 1e-12);
        CHECK(difference_from_loops(product, transpose_a, transpose_b, DType::float32) < 1e-5);
      }
  }
}

TEST_CASE("matmul gives the same bits for 1, 2 and 3 threads") {
  const int threads = num_threads();
  for (const Product& product : kBlockedProducts) {
    const Operands operands = make_operands(product, false, false, DType::float32);
    std::vector<std::vector<double>> results;
    for (const int count : {1, 2, 3}) {
      set_num_threads(count);
      results.push_back(ops::matmul(operands.a, operands.b).to_vector());
    }
    CHECK(results[0] == results[1]);
    CHECK(results[0] == results[2]);
  }
  set_num_threads(threads);
}

TEST_CASE("matmul of nothing: no rows give no rows, and a sum of no terms is zero") {
  const auto zeros = [](const Shape& shape) {
    return Tensor::zeros(shape, {.device = test_device()});
  };
  CHECK(ops::matmul(zeros({0, 3}), zeros({3, 2})).shape() == Shape{0, 2});
  const Tensor y = ops::matmul(zeros({2, 0}), zeros({0, 2}));
  CHECK(y.to_vector() == std::vector<double>(4, 0.0));
}

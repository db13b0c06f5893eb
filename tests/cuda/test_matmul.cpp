// Matrix products by cuBLAS against the CPU.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "tensor/ops.h"
#include "tests/cuda/compare.h"
#include "tests/cuda/precision_guard.h"

using namespace kintsugi;

namespace {

constexpr DType kDTypes[] = {DType::float32, DType::float64};

struct Case {
  int64_t batch, rows, depth, columns;
  bool transpose_a, transpose_b;
};

struct Operands {
  Tensor a, b;
};

Operands operands_of(const Case& c, DType dtype) {
  const Shape a = c.transpose_a ? Shape{c.batch, c.depth, c.rows} : Shape{c.batch, c.rows, c.depth};
  const Shape b =
      c.transpose_b ? Shape{c.batch, c.columns, c.depth} : Shape{c.batch, c.depth, c.columns};
  return {random_tensor(a, dtype, 1), random_tensor(b, dtype, 2)};
}

Tensor product_on_cuda(const Case& c, const Operands& operands) {
  return ops::matmul(on_cuda(operands.a), on_cuda(operands.b), {c.transpose_a, c.transpose_b});
}

void check_product(const Case& c, DType dtype) {
  CAPTURE(c.batch);
  CAPTURE(c.rows);
  CAPTURE(c.depth);
  CAPTURE(c.columns);
  CAPTURE(c.transpose_a);
  CAPTURE(c.transpose_b);
  const Operands operands = operands_of(c, dtype);
  check_close(product_on_cuda(c, operands),
              ops::matmul(operands.a, operands.b, {c.transpose_a, c.transpose_b}));
}

}  // namespace

TEST_CASE("cuda: a product of any shape, its operands transposed or not, is the CPU's") {
  const PrecisionGuard guard(Precision::float32);
  CHECK(rc::check([] {
    const auto extent = [](int64_t low, int64_t high) { return *rc::gen::inRange(low, high); };
    const Case c{extent(1, 4),  extent(1, 40),    extent(1, 40),
                 extent(1, 40), extent(0, 2) > 0, extent(0, 2) > 0};
    for (const DType dtype : kDTypes) check_product(c, dtype);
  }));
}

TEST_CASE("cuda: a large product is the CPU's") {
  const PrecisionGuard guard(Precision::float32);
  for (const DType dtype : kDTypes)
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true})
        check_product({2, 131, 257, 67, transpose_a, transpose_b}, dtype);
}

TEST_CASE("cuda: a product over no depth is zero, and one without rows or columns is empty") {
  for (const DType dtype : kDTypes)
    for (const bool transpose_a : {false, true})
      for (const bool transpose_b : {false, true}) {
        check_product({2, 3, 0, 5, transpose_a, transpose_b}, dtype);
        check_product({2, 0, 4, 5, transpose_a, transpose_b}, dtype);
        check_product({2, 3, 4, 0, transpose_a, transpose_b}, dtype);
        check_product({0, 3, 4, 5, transpose_a, transpose_b}, dtype);
      }
}

TEST_CASE(
    "cuda: TF32 keeps ten bits of the mantissa of float32 operands, and leaves float64 alone") {
  const PrecisionGuard guard(Precision::tf32);
  const Case c{1, 64, 96, 80, false, false};
  const Operands operands = operands_of(c, DType::float32);
  check_close(product_on_cuda(c, operands), ops::matmul(operands.a, operands.b), 1e-3);
  check_product(c, DType::float64);
}

TEST_CASE("cuda: the same product twice gives the same bits") {
  const Case c{3, 70, 90, 33, true, false};
  for (const DType dtype : kDTypes) {
    const Operands operands = operands_of(c, dtype);
    check_same(product_on_cuda(c, operands), product_on_cuda(c, operands));
  }
}

// Lab 4. Part 1 stands in tensor/cpu/matmul.cpp, parts 2 and 3 in autograd/ops/matmul.cpp.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include "autograd/ops.h"
#include "examples/labs/support/check.h"
#include "examples/labs/support/gradient.h"

using namespace kintsugi;

namespace {

/// y[b, i, j] = Σ_k A[b, i, k]·B[b, k, j], from operands a and b that may be given transposed.
Tensor from_the_definition(const Tensor& a, const Tensor& b, ops::MatmulOptions transposed) {
  const Tensor left = transposed.transpose_a ? ops::transpose(a) : a;
  const Tensor right = transposed.transpose_b ? ops::transpose(b) : b;
  const int64_t batch = a.size(0), rows = left.size(1), depth = left.size(2),
                columns = right.size(2);
  Tensor y = Tensor::zeros({batch, rows, columns}, a.options());
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        for (int64_t k = 0; k < depth; ++k)
          y.data<double>()[(n * rows + i) * columns + j] +=
              left.data<double>()[(n * rows + i) * depth + k] *
              right.data<double>()[(n * depth + k) * columns + j];
  return y;
}

struct Case {
  int64_t batch, rows, depth, columns;
};

void expect_product(const Case& c, ops::MatmulOptions transposed) {
  const Shape shape_a =
      transposed.transpose_a ? Shape{c.batch, c.depth, c.rows} : Shape{c.batch, c.rows, c.depth};
  const Shape shape_b = transposed.transpose_b ? Shape{c.batch, c.columns, c.depth}
                                               : Shape{c.batch, c.depth, c.columns};
  const Tensor a = lab::random_tensor(shape_a, 1), b = lab::random_tensor(shape_b, 2);
  lab::expect_equal(
      fmt::format("a {}{} times b {}{}", shape_a, transposed.transpose_a ? " transposed" : "",
                  shape_b, transposed.transpose_b ? " transposed" : ""),
      ops::matmul(a, b, transposed), from_the_definition(a, b, transposed), 1e-9);
}

std::function<Variable(const Variables&)> product(MatmulTranspose transposed) {
  return [=](const Variables& in) { return matmul(in[0], in[1], transposed); };
}

}  // namespace

TEST_CASE("the product of two small matrices") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Tensor a = Tensor::from({1, 2, 3, 4}, {2, 2}, {.dtype = dtype});
    const Tensor b = Tensor::from({5, 6, 7, 8}, {2, 2}, {.dtype = dtype});
    lab::expect_equal("[[1, 2], [3, 4]] times [[5, 6], [7, 8]]", ops::matmul(a, b),
                      Tensor::from({19, 22, 43, 50}, {2, 2}, {.dtype = dtype}));
  }
}

TEST_CASE("the product of matrices that are not square") {
  for (const Case& c : {Case{1, 2, 3, 4}, Case{1, 5, 1, 3}, Case{1, 1, 7, 1}, Case{1, 33, 17, 40}})
    expect_product(c, {});
}

TEST_CASE("a batch of products") {
  for (const Case& c : {Case{3, 2, 4, 3}, Case{2, 1, 3, 2}}) expect_product(c, {});
}

TEST_CASE("transposed operands") {
  for (const Case& c : {Case{1, 2, 3, 4}, Case{2, 3, 5, 2}, Case{1, 8, 6, 40}}) {
    expect_product(c, {.transpose_a = true});
    expect_product(c, {.transpose_b = true});
    expect_product(c, {.transpose_a = true, .transpose_b = true});
  }
}

TEST_CASE("the gradient of a") {
  const std::vector<SampleInput> inputs = {{.shape = {2, 3}}, {.shape = {3, 4}}};
  lab::expect_gradient("matmul", product({}), inputs, 0, "a");
  const std::vector<SampleInput> square = {{.shape = {3, 3}}, {.shape = {3, 3}}};
  lab::expect_gradient("matmul of square matrices", product({}), square, 0, "a");
}

TEST_CASE("the gradient of b") {
  const std::vector<SampleInput> inputs = {{.shape = {2, 3}}, {.shape = {3, 4}}};
  lab::expect_gradient("matmul", product({}), inputs, 1, "b");
  const std::vector<SampleInput> square = {{.shape = {3, 3}}, {.shape = {3, 3}}};
  lab::expect_gradient("matmul of square matrices", product({}), square, 1, "b");
}

TEST_CASE("the gradients where operands are transposed") {
  lab::expect_gradients("aᵀ·b", product({.a = true}), {{.shape = {3, 2}}, {.shape = {3, 4}}},
                        {"a", "b"});
  lab::expect_gradients("a·bᵀ", product({.b = true}), {{.shape = {2, 3}}, {.shape = {4, 3}}},
                        {"a", "b"});
  lab::expect_gradients("aᵀ·bᵀ", product({.a = true, .b = true}),
                        {{.shape = {3, 2}}, {.shape = {4, 3}}}, {"a", "b"});
  lab::expect_gradients("aᵀ·bᵀ in a batch", product({.a = true, .b = true}),
                        {{.shape = {2, 3, 2}}, {.shape = {2, 4, 3}}}, {"a", "b"});
}

TEST_CASE("the gradient of the gradient") {
  const GradcheckReport report =
      gradcheck("matmul", product({}), {{.shape = {2, 3}}, {.shape = {3, 2}}}, {.order = 2});
  if (!report.passed) FAIL_CHECK("second order: " << report.failure);
}

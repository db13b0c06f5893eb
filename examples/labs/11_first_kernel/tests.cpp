// Lab 11. All parts stand in cuda/softmax.cu. Device::cuda is the emulator here: what a kernel
// does wrong on the way is an Error, whatever comes out.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "examples/labs/support/check.h"
#include "tensor/ops.h"

using namespace kintsugi;

namespace {

/// softmax of each row of x [rows, count], or its logarithm, from the definition.
Tensor from_the_definition(const Tensor& x, bool logarithm) {
  const auto count = static_cast<size_t>(x.size(1));
  const std::vector<double> values = x.to_vector();
  std::vector<double> results;
  for (size_t first = 0; first < values.size(); first += count) {
    const auto begin = values.begin() + static_cast<int64_t>(first);
    const double highest = *std::max_element(begin, begin + x.size(1));
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += std::exp(values[first + i] - highest);
    for (size_t i = 0; i < count; ++i) {
      const double distance = values[first + i] - highest;
      results.push_back(logarithm ? distance - std::log(sum) : std::exp(distance) / sum);
    }
  }
  return Tensor::from(results, x.shape(), x.options());
}

/// By your kernel, back on the CPU.
Tensor by_the_kernel(const Tensor& x, bool logarithm) {
  const Tensor there = x.to(Device::cuda);
  return (logarithm ? ops::log_softmax(there) : ops::softmax(there)).to(Device::cpu);
}

void expect_softmax(const std::string& what, const Tensor& x, bool logarithm = false) {
  const double tolerance = x.dtype() == DType::float64 ? 1e-12 : 1e-5;
  const Tensor got = by_the_kernel(x, logarithm), expected = from_the_definition(x, logarithm);
  lab::expect_equal(what, got, expected, tolerance);
}

Tensor random_rows(const Shape& shape) {
  return ops::affine(lab::random_tensor(shape, 1), 3, 0).to(DType::float32);
}

void expect_gradients(const std::string& name, Variable (*op)(const Variable&)) {
  const GradcheckReport report = gradcheck(name, [op](const Variables& in) { return op(in[0]); },
                                           {{.shape = {3, 11}}}, {.device = Device::cuda});
  if (!report.passed) FAIL_CHECK(report.failure);
}

}  // namespace

TEST_CASE("rows of one number") {
  for (const int64_t rows : {1, 256, 700})
    expect_softmax(fmt::format("{} rows of 1", rows), random_rows({rows, 1}));
}

TEST_CASE("short rows, many of them in a block") {
  for (const Shape& shape : {Shape{2, 2}, Shape{65, 7}, Shape{33, 64}, Shape{3, 100}})
    expect_softmax(fmt::format("{} rows of {}", shape[0], shape[1]), random_rows(shape));
}

TEST_CASE("rows longer than a block") {
  for (const Shape& shape : {Shape{1, 1024}, Shape{3, 1025}, Shape{2, 5000}})
    expect_softmax(fmt::format("{} rows of {}", shape[0], shape[1]), random_rows(shape));
}

TEST_CASE("the logarithm") {
  for (const Shape& shape : {Shape{5, 3}, Shape{65, 7}, Shape{2, 1500}}) {
    const std::string what = fmt::format("the logarithm, {} rows of {}", shape[0], shape[1]);
    expect_softmax(what, random_rows(shape), true);
    expect_softmax(what + ", float64", lab::random_tensor(shape, 2), true);
  }
}

TEST_CASE("large numbers") {
  const Tensor x = Tensor::from({1000, 999, 998, -1000, -999, -1001}, {2, 3});
  expect_softmax("1000, 999, 998 and -1000, -999, -1001", x);
  const Tensor infinite = Tensor::from({-INFINITY, 0, 1}, {1, 3});
  expect_softmax("minus infinity, 0, 1", infinite);
}

TEST_CASE("the logarithm of what is too small for a float") {
  expect_softmax("the logarithm of 0, 200, -300", Tensor::from({0, 200, -300}, {1, 3}), true);
}

TEST_CASE("the gradient through your kernel") {
  expect_gradients("softmax", softmax);
  expect_gradients("log_softmax", log_softmax);
}

// Rung 3 of the convolution ladder against the CPU.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <string>

#include "cuda/conv_rungs.h"
#include "tensor/ops.h"
#include "tensor/precision.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

struct PrecisionGuard {
  explicit PrecisionGuard(Precision wanted) { set_precision(wanted); }
  ~PrecisionGuard() { set_precision(before); }
  const Precision before = precision();
};

struct Case {
  Shape x, w;
  Window window;  ///< but the kernel's size, which is w's
  bool epilogue = true;
};

/// kernel, stride, padding, dilation of a square window.
Case square(Shape x, int64_t out, int64_t kernel, int64_t stride, int64_t padding, int64_t dilation,
            bool epilogue = true) {
  const Shape w{kernel, kernel, x[3], out};
  return {x, w, {kernel, kernel, stride, padding, dilation}, epilogue};
}

const Case kCases[] = {
    square({2, 7, 5, 3}, 4, 3, 1, 1, 1),
    square({1, 9, 9, 4}, 5, 5, 2, 2, 1),            // a discriminator's layer
    square({1, 10, 11, 5}, 33, 3, 1, 2, 2),         // rows and columns that nothing divides
    square({3, 6, 6, 16}, 3, 1, 2, 0, 1),           // input pixels that no tap reads
    square({1, 6, 6, 8}, 16, 4, 2, 1, 1),           // backwards: a deconvolution of 3 × 3 maps
    square({1, 12, 9, 4}, 20, 3, 1, 8, 8),          // most taps outside the map
    square({2, 4, 4, 33}, 64, 2, 1, 0, 1),          //
    square({1, 3, 4, 72}, 68, 3, 1, 1, 1),          // blocks of 128 × 128
    square({1, 11, 10, 4}, 4, 3, 2, 2, 2, false),   // a stride and a dilation with a common divisor
    square({1, 11, 10, 4}, 4, 4, 3, 0, 2, false),   // … and without
    {{2, 5, 8, 4}, {1, 4, 4, 8}, {1, 4, 1, 2, 1}},  // a kernel that is not square
    square({1, 1, 1, 1}, 1, 1, 1, 0, 1, false),
};

struct Operands {
  Tensor x, w, dy, bias_y, bias_x;
};

Operands operands_of(const Case& c, DType dtype) {
  Operands made{random_tensor(c.x, dtype, 1), random_tensor(c.w, dtype, 2), {}, {}, {}};
  made.dy = random_tensor(ops::conv2d(made.x, made.w, c.window).shape(), dtype, 3);
  if (!c.epilogue) return made;
  made.bias_y = random_tensor({c.w[3]}, dtype, 4);
  made.bias_x = random_tensor({c.w[2]}, dtype, 5);
  return made;
}

Operands on_cuda(const Operands& operands) {
  const auto move = [](const Tensor& t) { return t.defined() ? on_cuda(t) : t; };
  return {move(operands.x), move(operands.w), move(operands.dy), move(operands.bias_y),
          move(operands.bias_x)};
}

struct Results {
  Tensor y, dx, dw;
};

Results on_cpu(const Case& c, const Operands& operands) {
  return {ops::conv2d(operands.x, operands.w, c.window, {operands.bias_y, c.epilogue}),
          ops::conv2d_input_grad(operands.dy, operands.w, c.window, c.x[1], c.x[2],
                                 {operands.bias_x, c.epilogue}),
          ops::conv2d_weight_grad(operands.x, operands.dy, c.window)};
}

Results implicit(const Case& c, const Operands& on_host) {
  const Operands operands = on_cuda(on_host);
  Results results{Tensor::empty(operands.dy.shape(), operands.dy.options()),
                  Tensor::empty(c.x, operands.x.options()),
                  Tensor::empty(c.w, operands.w.options())};
  cuda::implicit::forward(operands.x, operands.w, c.window, {operands.bias_y, c.epilogue},
                          results.y);
  cuda::implicit::input_grad(operands.dy, operands.w, c.window, {operands.bias_x, c.epilogue},
                             results.dx);
  cuda::implicit::weight_grad(operands.x, operands.dy, c.window, results.dw);
  return results;
}

void check_close(const Results& got, const Results& expected, double tolerance) {
  kintsugi::check_close(got.y, expected.y, tolerance);
  kintsugi::check_close(got.dx, expected.dx, tolerance);
  kintsugi::check_close(got.dw, expected.dw, tolerance);
}

void check_case(const Case& c, DType dtype, double tolerance) {
  CAPTURE(c.x.str());
  CAPTURE(c.w.str());
  CAPTURE(c.window.stride);
  CAPTURE(c.window.padding);
  CAPTURE(c.window.dilation);
  const Operands operands = operands_of(c, dtype);
  check_close(implicit(c, operands), on_cpu(c, operands), tolerance);
}

bool same(const Tensor& a, const Tensor& b) { return a.to_vector() == b.to_vector(); }

}  // namespace

TEST_CASE("the implicit product in exact float32 is the CPU's convolution, all three passes") {
  const PrecisionGuard guard(Precision::float32);
  for (const Case& c : kCases) check_case(c, DType::float32, 1e-5);
}

TEST_CASE("the implicit product in float64 is the CPU's convolution to the last digits") {
  for (const Case& c : kCases) check_case(c, DType::float64, 1e-12);
}

TEST_CASE("the implicit product in TF32 is the CPU's convolution to three digits") {
  const PrecisionGuard guard(Precision::tf32);
  for (const Case& c : kCases) check_case(c, DType::float32, 2e-3);
}

TEST_CASE("TF32 and bf16 of float32 tensors round, float32 does not") {
  const Case c = square({1, 5, 5, 4}, 8, 3, 1, 1, 1);
  const Operands operands = operands_of(c, DType::float32);
  const auto computed_in = [&](Precision precision) {
    const PrecisionGuard guard(precision);
    return implicit(c, operands);
  };
  const Results exact = computed_in(Precision::float32), tf32 = computed_in(Precision::tf32),
                bf16 = computed_in(Precision::bf16);
  CHECK_FALSE(same(exact.y, tf32.y));
  CHECK_FALSE(same(exact.dx, tf32.dx));
  CHECK_FALSE(same(exact.dw, tf32.dw));
  CHECK(same(bf16.y, tf32.y));
  CHECK(same(bf16.dx, tf32.dx));
  CHECK(same(bf16.dw, tf32.dw));
}

TEST_CASE("a depth that is split over blocks sums up to the same, the same bits each run") {
  // 4 · 10 · 10 pixels are 25 steps of the weight gradient, 2000 numbers of a patch 125 of forward.
  const Case c = square({4, 10, 10, 80}, 4, 5, 1, 2, 1);
  for (Precision precision : {Precision::float32, Precision::tf32}) {
    const PrecisionGuard guard(precision);
    check_case({{4, 10, 10, 4}, {1, 1, 4, 4}, {}}, DType::float32, 2e-3);
    const Operands operands = operands_of(c, DType::float32);
    const Results first = implicit(c, operands), second = implicit(c, operands);
    check_close(first, on_cpu(c, operands), precision == Precision::tf32 ? 2e-3 : 1e-5);
    CHECK(same(first.y, second.y));
    CHECK(same(first.dx, second.dx));
    CHECK(same(first.dw, second.dw));
  }
}

TEST_CASE("the implicit product of an empty batch: empty maps, and a weight gradient of zeros") {
  const Case c = square({0, 5, 5, 4}, 8, 3, 1, 1, 1);
  for (DType dtype : {DType::float32, DType::float64}) {
    const Operands operands = operands_of(c, dtype);
    check_close(implicit(c, operands), on_cpu(c, operands), 1e-30);
  }
}

TEST_CASE("the implicit product of any window is the CPU's convolution") {
  const PrecisionGuard guard(Precision::float32);
  rc::check("any window", [] {
    const auto between = [](int64_t low, int64_t high) { return *rc::gen::inRange(low, high + 1); };
    const int64_t kernel_h = between(1, 5), kernel_w = between(1, 5);
    const int64_t dilation = *rc::gen::element(1, 1, 2, 3, 4, 8), stride = between(1, 3);
    const int64_t reach = dilation * (std::max(kernel_h, kernel_w) - 1) + 1;
    const int64_t padding = between(0, reach / 2 + 1);
    const int64_t least = std::max<int64_t>(1, reach - 2 * padding);
    const int64_t in = *rc::gen::element(1, 3, 4, 5, 16), out = *rc::gen::element(1, 3, 4, 8, 20);
    const Case c{{between(1, 3), least + between(0, 4), least + between(0, 4), in},
                 {kernel_h, kernel_w, in, out},
                 {kernel_h, kernel_w, stride, padding, dilation},
                 between(0, 1) == 1};
    check_case(c, DType::float32, 1e-5);
  });
}

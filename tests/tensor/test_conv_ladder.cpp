// The rungs of tensor/cpu's ladder of convolutions against each other.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tensor/cpu/winograd_tiles.h"
#include "tests/tensor/conv_algorithm_guard.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

struct Rung {
  const char* name;
  ConvAlgorithm algorithm;
  /// Largest error of a float32 result, relative to the largest result: four times what was seen.
  double float32_error;
};

constexpr Rung kRungs[] = {
    {"naive", ConvAlgorithm::naive, 8e-6},       {"patches", ConvAlgorithm::patches, 3.5e-6},
    {"blocked", ConvAlgorithm::blocked, 3.5e-6}, {"narrow", ConvAlgorithm::narrow, 3.5e-6},
    {"winograd", ConvAlgorithm::winograd, 3e-5}, {"automatic", ConvAlgorithm::automatic, 3e-5},
};
constexpr double kFloat64Error = 1e-13;

struct Case {
  Shape x, w;
  Window window;
  bool bias = true, relu = false;
};

std::string describe(const Case& c) {
  return fmt::format("{} {} stride {} padding {} dilation {}{}{}", c.x.str(), c.w.str(),
                     c.window.stride, c.window.padding, c.window.dilation, c.bias ? " bias" : "",
                     c.relu ? " relu" : "");
}

/// A convolution of `size` x `size` maps by a kernel of `kernel` x `kernel` taps.
Case square(int64_t batch, int64_t size, int64_t in, int64_t out, int64_t kernel, int64_t stride,
            int64_t padding, int64_t dilation) {
  return {{batch, size, size, in},
          {kernel, kernel, in, out},
          {kernel, kernel, stride, padding, dilation}};
}

struct Operands {
  Tensor x, w, dy, bias_y, bias_x;
};

Operands operands_of(const Case& c, DType dtype) {
  Generator generator{.seed = 1};
  const auto values = [&](const Shape& shape) {
    return normal(shape, 0, 1, generator, {.dtype = dtype});
  };
  Operands operands{values(c.x), values(c.w), {}, {}, {}};
  operands.dy = values(ops::conv2d(operands.x, operands.w, c.window).shape());
  if (c.bias) operands.bias_y = values({c.w[3]});
  if (c.bias) operands.bias_x = values({c.w[2]});
  return operands;
}

Operands to_float64(const Operands& operands) {
  const auto wide = [](const Tensor& t) { return t.defined() ? t.to(DType::float64) : t; };
  return {wide(operands.x), wide(operands.w), wide(operands.dy), wide(operands.bias_y),
          wide(operands.bias_x)};
}

constexpr const char* kPasses[] = {"forward", "input gradient", "weight gradient"};

/// What each pass computes with this algorithm.
std::vector<Tensor> passes(const Case& c, const Operands& operands, ConvAlgorithm algorithm) {
  const ConvAlgorithmGuard guard(algorithm);
  return {ops::conv2d(operands.x, operands.w, c.window, {operands.bias_y, c.relu}),
          ops::conv2d_input_grad(operands.dy, operands.w, c.window, c.x[1], c.x[2],
                                 {operands.bias_x, c.relu}),
          ops::conv2d_weight_grad(operands.x, operands.dy, c.window)};
}

/// The largest |got − expected|, relative to the largest |expected| or 1.
double relative_error(const Tensor& got, const Tensor& expected) {
  const std::vector<double> a = got.to_vector(), b = expected.to_vector();
  double worst = 0, scale = 1;
  for (size_t i = 0; i < b.size(); ++i) {
    worst = std::max(worst, std::isnan(a[i]) ? INFINITY : std::abs(a[i] - b[i]));
    scale = std::max(scale, std::abs(b[i]));
  }
  return worst / scale;
}

/// Which rungs are further from the definition, in float64, than they may be; empty where none is.
std::string failures_of(const Case& c, DType dtype) {
  const Operands operands = operands_of(c, dtype);
  const std::vector<Tensor> expected = passes(c, to_float64(operands), ConvAlgorithm::naive);
  std::string failures;
  for (const Rung& rung : kRungs) {
    const bool exact = dtype == DType::float64;
    if (exact && rung.algorithm == ConvAlgorithm::naive) continue;
    const std::vector<Tensor> got = passes(c, operands, rung.algorithm);
    for (size_t pass = 0; pass < got.size(); ++pass) {
      const double error = relative_error(got[pass], expected[pass]);
      if (!(error <= (exact ? kFloat64Error : rung.float32_error)))
        failures += fmt::format("{} {}: {}; ", rung.name, kPasses[pass], error);
    }
  }
  return failures;
}

Case arbitrary_case() {
  const auto between = [](int64_t low, int64_t high) { return *rc::gen::inRange(low, high + 1); };
  const bool wide = between(0, 3) == 0;
  const int64_t stride = between(1, 3), dilation = *rc::gen::element(1, 1, 1, 2, 3, 4, 8);
  const int64_t kernel_h = between(1, 5), kernel_w = between(0, 2) ? kernel_h : between(1, 5);
  const int64_t reach_h = dilation * (kernel_h - 1), reach_w = dilation * (kernel_w - 1);
  const int64_t padding = between(0, std::max(reach_h, reach_w));
  const auto size = [&](int64_t reach) {
    return std::max<int64_t>(reach + 1 - 2 * padding, 1) + between(0, 12);
  };
  const int64_t height = size(reach_h), width = size(reach_w);
  const int64_t in = between(1, wide ? 50 : 6), out = between(1, wide ? 50 : 6);
  return {{between(1, 3), height, width, in},
          {kernel_h, kernel_w, in, out},
          {kernel_h, kernel_w, stride, padding, dilation},
          between(0, 1) == 1,
          between(0, 1) == 1};
}

/// A convolution whose forward pass takes this F(m x m, r x r).
struct PlannedCase {
  int64_t outputs, taps;
  Case convolution;
};

const std::vector<PlannedCase>& planned_cases() {
  static const std::vector<PlannedCase> cases{
      {4, 3, square(2, 24, 32, 24, 3, 1, 1, 1)},   // whole tiles
      {4, 3, square(1, 29, 19, 37, 3, 1, 1, 1)},   // odd sizes, channels that fill no vector
      {4, 3, square(3, 15, 5, 3, 3, 1, 0, 1)},     // no padding
      {4, 3, square(2, 14, 8, 8, 3, 1, 2, 1)},     // more padding than keeps the size
      {4, 3, square(1, 40, 40, 33, 3, 1, 1, 1)},   // many blocks of tiles
      {4, 3, square(2, 24, 20, 16, 3, 1, 2, 2)},   // dilated: 4 interleaved maps of 12 x 12
      {4, 3, square(1, 31, 16, 20, 3, 1, 4, 4)},   // 16 maps of 8 x 8 and less
      {4, 3, square(1, 32, 18, 16, 3, 1, 8, 8)},   // 64 maps of 4 x 4
      {4, 3, square(1, 64, 4, 6, 3, 1, 16, 16)},   // 256 maps of 4 x 4
      {4, 3, square(2, 40, 16, 16, 5, 2, 2, 1)},   // stride 2: phases of 3 and 2 taps
      {4, 3, square(1, 46, 1100, 2, 3, 1, 1, 1)},  // so deep that few tiles fit the cache
      {4, 3, square(2, 20, 12, 150, 3, 1, 1, 1)},  // many output channels
      {2, 3, square(2, 2, 16, 24, 3, 1, 1, 1)},    // a small tile each
      {2, 3, square(1, 6, 40, 20, 3, 1, 1, 1)},    // 9 small tiles
      {2, 3, square(2, 16, 16, 16, 3, 1, 8, 8)},   // 64 maps of 2 x 2
      {2, 3, square(16, 4, 24, 20, 5, 2, 2, 1)},   // the last layer of a discriminator
      {2, 3, square(1, 9, 132, 128, 5, 2, 2, 1)},  // whose weight gradient takes two phases at once
      {2, 3, square(1, 8, 186, 180, 5, 2, 2, 1)},  // or one
      {3, 2, square(3, 21, 17, 18, 2, 1, 0, 1)},   // 2x2
      {3, 2, square(3, 29, 16, 24, 2, 1, 1, 2)},   // 2x2, dilated
      {3, 2, square(3, 40, 16, 10, 3, 2, 1, 1)},   // stride 2: phases of 2 and 1 taps
      {3, 2, square(3, 40, 8, 19, 4, 2, 1, 1)},    // stride 2: phases of 2 taps
      {3, 2, square(2, 40, 90, 10, 4, 2, 1, 1)},   // the same, many input channels
      {3, 2, square(3, 45, 3, 7, 5, 3, 2, 1)},     // stride 3: phases of 2, 2 and 1 taps
      {3, 2, square(2, 5, 32, 16, 3, 2, 1, 1)},    // stride 2, a small tile each
      {3, 2, square(16, 6, 24, 40, 4, 2, 1, 1)},   // many of them
  };
  return cases;
}

/// What Winograd cannot do, what it is not worth for, and taps that only ever see padding.
const std::vector<Case>& other_cases() {
  static const std::vector<Case> cases{
      square(1, 13, 40, 36, 1, 1, 0, 1),                  // 1x1: a matrix product as it is
      square(2, 16, 12, 20, 5, 1, 2, 1),                  // 5x5
      square(2, 12, 20, 12, 3, 2, 4, 4),                  // stride and dilation
      square(2, 19, 24, 3, 3, 1, 1, 1),                   // few output channels
      square(1, 20, 17, 5, 3, 1, 4, 4),                   // few, and dilated
      square(2, 11, 16, 1, 5, 1, 0, 1),                   // few, by 5x5
      square(1, 12, 16, 8, 3, 1, 16, 16),                 // dilation > map: the middle tap is left
      square(1, 8, 6, 10, 3, 1, 8, 8),                    // dilation = map
      {{1, 6, 40, 8}, {3, 3, 8, 12}, {3, 3, 1, 16, 16}},  // the middle row is left
      square(1, 1, 20, 30, 3, 1, 1, 1),                   // a single pixel
      square(2, 1, 20, 30, 4, 2, 2, 1),                   // the same with stride 2
      square(1, 1, 4, 6, 2, 1, 1, 2),                     // no tap sees the map
      square(1, 7, 3, 5, 1, 2, 0, 1),                     // pixels that no tap reaches
      {{2, 14, 9, 10}, {3, 1, 10, 12}, {3, 1, 1, 1, 1}},  // 3x1
      {{1, 15, 12, 8}, {2, 3, 8, 20}, {2, 3, 1, 1, 1}},   // 2x3
      {{1, 16, 12, 7}, {4, 5, 7, 17}, {4, 5, 2, 2, 1}},   // 4x5, stride 2
  };
  return cases;
}

std::vector<Case> chosen_cases() {
  std::vector<Case> cases = other_cases();
  for (const PlannedCase& planned : planned_cases()) cases.push_back(planned.convolution);
  return cases;
}

}  // namespace

TEST_CASE("every rung computes what the definition says for any sizes, in float64") {
  CHECK(rc::check([] {
    const Case c = arbitrary_case();
    const std::string failures = failures_of(c, DType::float64);
    RC_LOG() << describe(c) << ": " << failures;
    RC_ASSERT(failures.empty());
  }));
}

TEST_CASE("every rung computes what the definition says for any sizes, in float32") {
  CHECK(rc::check([] {
    const Case c = arbitrary_case();
    const std::string failures = failures_of(c, DType::float32);
    RC_LOG() << describe(c) << ": " << failures;
    RC_ASSERT(failures.empty());
  }));
}

TEST_CASE("every rung computes what the definition says where the ladder branches") {
  const int threads_before = num_threads();
  set_num_threads(1);  // others give the same bits, as is checked below, and small maps take longer
  std::vector<Case> cases = chosen_cases();
  for (size_t i = 0; i < cases.size(); ++i) {
    cases[i].bias = i % 2 == 0;
    cases[i].relu = i % 3 == 0;
    CAPTURE(describe(cases[i]));
    CHECK(failures_of(cases[i], DType::float64) == "");
    CHECK(failures_of(cases[i], DType::float32) == "");
  }
  set_num_threads(threads_before);
}

TEST_CASE("the chosen convolutions take the Winograd that they are chosen for") {
  for (const PlannedCase& planned : planned_cases()) {
    const Case& c = planned.convolution;
    CAPTURE(describe(c));
    const Shape y = ops::conv2d(Tensor::zeros(c.x), Tensor::zeros(c.w), c.window).shape();
    const cpu::WinogradPlan plan(cpu::forward_grid(c.x, y, c.window), y[3]);
    CHECK(plan.outputs == planned.outputs);
    CHECK(plan.taps == planned.taps);
  }
}

TEST_CASE("every rung gives the same bits for 1, 2, 3 and 5 threads") {
  const int threads_before = num_threads();
  std::vector<Tensor> expected;
  for (const int threads : {1, 2, 3, 5}) {
    set_num_threads(threads);
    size_t next = 0;
    for (const Case& c : chosen_cases()) {
      CAPTURE(describe(c));
      const Operands operands = operands_of(c, DType::float32);
      for (const Rung& rung : kRungs) {
        CAPTURE(rung.name);
        for (const Tensor& got : passes(c, operands, rung.algorithm))
          if (threads == 1)
            expected.push_back(got);
          else
            CHECK(same_bits(got, expected[next++]));
      }
    }
  }
  set_num_threads(threads_before);
}

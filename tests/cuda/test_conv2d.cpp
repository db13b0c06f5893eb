// The rungs of cuda's ladder of convolutions against the definition, on the CPU in float64.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "cuda/conv_scratch.h"
#include "tensor/ops.h"
#include "tests/cuda/compare.h"
#include "tests/cuda/precision_guard.h"
#include "tests/tensor/conv_algorithm_guard.h"

using namespace kintsugi;

namespace {

constexpr DType kDTypes[] = {DType::float32, DType::float64};
constexpr ConvAlgorithm kRungs[] = {ConvAlgorithm::naive, ConvAlgorithm::patches,
                                    ConvAlgorithm::implicit, ConvAlgorithm::winograd};

struct Case {
  Shape x, w;
  Window window;
  bool bias = true, relu = true;
};

std::string describe(const Case& c) {
  return fmt::format("{} {} stride {} padding {} dilation {}{}{}", c.x, c.w, c.window.stride,
                     c.window.padding, c.window.dilation, c.bias ? " bias" : "",
                     c.relu ? " relu" : "");
}

/// A convolution of maps by a kernel of `kernel` x `kernel` taps.
Case square(Shape x, int64_t out, int64_t kernel, int64_t stride, int64_t padding,
            int64_t dilation) {
  return {x, {kernel, kernel, x[3], out}, {kernel, kernel, stride, padding, dilation}};
}

struct Operands {
  Tensor x, w, dy, bias_y, bias_x;
};

template <class Change>
Operands each(const Operands& o, Change&& change) {
  const auto changed = [&](const Tensor& t) { return t.defined() ? change(t) : t; };
  return {changed(o.x), changed(o.w), changed(o.dy), changed(o.bias_y), changed(o.bias_x)};
}

Operands operands_of(const Case& c, DType dtype) {
  const auto outputs = [&](int axis, int64_t kernel) {
    return ops::conv_output_size("test", c.x[axis], kernel, c.window);
  };
  const Shape y{c.x[0], outputs(1, c.w[0]), outputs(2, c.w[1]), c.w[3]};
  Operands o{random_tensor(c.x, dtype, 1), random_tensor(c.w, dtype, 2), random_tensor(y, dtype, 3),
             Tensor(), Tensor()};
  if (c.bias) o.bias_y = random_tensor({c.w[3]}, dtype, 4);
  if (c.bias) o.bias_x = random_tensor({c.w[2]}, dtype, 5);
  return o;
}

/// Forward, input gradient, weight gradient.
std::vector<Tensor> passes(const Case& c, const Operands& o, ConvAlgorithm algorithm,
                           KeptWeights* kept = nullptr) {
  const ConvAlgorithmGuard guard(algorithm);
  return {ops::conv2d(o.x, o.w, c.window, {o.bias_y, c.relu}, kept),
          ops::conv2d_input_grad(o.dy, o.w, c.window, c.x[1], c.x[2], {o.bias_x, c.relu}, kept),
          ops::conv2d_weight_grad(o.x, o.dy, c.window)};
}

/// What sums lose at most, relative to the largest result. Winograd's transforms lose more.
double tolerance(ConvAlgorithm rung, DType dtype) {
  if (dtype == DType::float64) return rung == ConvAlgorithm::winograd ? 1e-12 : 1e-13;
  return rung == ConvAlgorithm::winograd ? 1e-4 : 1e-5;
}

void check_case(const Case& c, DType dtype, std::initializer_list<ConvAlgorithm> rungs) {
  CAPTURE(describe(c));
  const Operands o = operands_of(c, dtype);
  const Operands wide = each(o, [](const Tensor& t) { return t.to(DType::float64); });
  const Operands there = each(o, on_cuda);
  const std::vector<Tensor> expected = passes(c, wide, ConvAlgorithm::naive);
  for (const ConvAlgorithm rung : rungs) {
    CAPTURE(to_string(rung));
    const std::vector<Tensor> got = passes(c, there, rung);
    for (size_t pass = 0; pass < got.size(); ++pass) {
      CAPTURE(pass);
      check_close(got[pass].to(Device::cpu).to(DType::float64), expected[pass],
                  tolerance(rung, dtype));
    }
  }
}

void check_all_rungs(const Case& c, DType dtype) {
  check_case(c, dtype,
             {ConvAlgorithm::naive, ConvAlgorithm::patches, ConvAlgorithm::implicit,
              ConvAlgorithm::winograd, ConvAlgorithm::automatic});
}

Case arbitrary_case() {
  const auto between = [](int64_t low, int64_t high) { return *rc::gen::inRange(low, high + 1); };
  const int64_t kernel_h = between(1, 5), kernel_w = between(0, 2) ? kernel_h : between(1, 5);
  const Window window{kernel_h, kernel_w, between(1, 3), between(0, 4),
                      *rc::gen::element<int64_t>(1, 1, 2, 3, 8)};
  const auto size = [&](int64_t kernel) {
    const int64_t reach = window.dilation * (kernel - 1) + 1;
    return std::max<int64_t>(reach - 2 * window.padding, 1) + between(0, 6);
  };
  const auto channels = [&] {
    return *rc::gen::element<int64_t>(1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 33);
  };
  const Shape x{between(1, 2), size(kernel_h), size(kernel_w), channels()};
  return {
      x, {kernel_h, kernel_w, x[3], channels()}, window, between(0, 1) == 1, between(0, 1) == 1};
}

/// Sets the scratch memory as long as it lives.
class ScratchGuard {
 public:
  explicit ScratchGuard(int64_t bytes) : before_(cuda::conv_scratch_bytes()) {
    cuda::set_conv_scratch_bytes(bytes);
  }
  ~ScratchGuard() { cuda::set_conv_scratch_bytes(before_); }
  ScratchGuard(const ScratchGuard&) = delete;
  ScratchGuard& operator=(const ScratchGuard&) = delete;

 private:
  int64_t before_;
};

}  // namespace

TEST_CASE("cuda: every rung computes the convolutions that GLCIC is made of") {
  const PrecisionGuard guard(Precision::float32);
  for (const DType dtype : kDTypes) {
    check_all_rungs(square({1, 9, 7, 4}, 8, 5, 1, 2, 1), dtype);
    check_all_rungs(square({2, 7, 9, 8}, 5, 3, 1, 1, 1), dtype);
    check_all_rungs(square({1, 10, 11, 4}, 6, 3, 2, 1, 1), dtype);
    check_all_rungs(square({1, 13, 12, 8}, 4, 3, 1, 2, 2), dtype);
    check_all_rungs(square({1, 10, 12, 4}, 4, 3, 1, 8, 8), dtype);
    check_all_rungs(square({1, 8, 8, 5}, 4, 4, 2, 1, 1), dtype);
    check_all_rungs(square({2, 8, 6, 4}, 3, 5, 2, 2, 1), dtype);
  }
}

TEST_CASE("cuda: every rung computes convolutions of any size, stride, dilation and padding") {
  const PrecisionGuard guard(Precision::float32);
  CHECK(rc::check([] {
    check_all_rungs(arbitrary_case(), *rc::gen::element(DType::float32, DType::float64));
  }));
}

TEST_CASE("cuda: a 1x1 convolution is a matrix product, whatever its dilation") {
  const PrecisionGuard guard(Precision::float32);
  for (const DType dtype : kDTypes) {
    check_all_rungs(square({2, 5, 4, 9}, 7, 1, 1, 0, 1), dtype);
    check_all_rungs(square({2, 5, 4, 9}, 7, 1, 1, 0, 3), dtype);
    check_all_rungs(square({2, 5, 4, 8}, 7, 1, 1, 2, 1), dtype);
    check_all_rungs(square({2, 5, 4, 3}, 7, 1, 2, 0, 1), dtype);
  }
}

TEST_CASE("cuda: a padding beyond the kernel's reach leaves a border that sees nothing") {
  const PrecisionGuard guard(Precision::float32);
  for (const DType dtype : kDTypes) {
    check_all_rungs(square({1, 4, 5, 3}, 4, 3, 1, 4, 1), dtype);
    check_all_rungs(square({1, 6, 3, 3}, 4, 3, 2, 4, 1), dtype);
  }
}

TEST_CASE("cuda: convolutions of no pictures, no pixels and no channels") {
  for (const DType dtype : kDTypes) {
    check_all_rungs(square({0, 5, 5, 3}, 4, 3, 1, 1, 1), dtype);
    check_all_rungs(square({2, 0, 5, 3}, 4, 3, 1, 2, 1), dtype);
    check_all_rungs(square({2, 5, 5, 0}, 4, 3, 1, 1, 1), dtype);
    check_all_rungs(square({2, 5, 5, 3}, 0, 3, 1, 1, 1), dtype);
  }
}

TEST_CASE("cuda: matrices that are made in many blocks give the same convolution") {
  const PrecisionGuard guard(Precision::float32);
  const ScratchGuard scratch(6000);
  for (const DType dtype : kDTypes) {
    const auto rungs = {ConvAlgorithm::patches, ConvAlgorithm::winograd};
    check_case(square({3, 7, 9, 4}, 5, 3, 1, 1, 1), dtype, rungs);
    check_case(square({2, 9, 9, 3}, 4, 3, 2, 1, 1), dtype, rungs);
    check_case(square({1, 6, 5, 40}, 3, 5, 1, 2, 1), dtype, rungs);  // less than a row fits
  }
}

TEST_CASE("cuda: Winograd of tiles of either size, on maps that they do not divide") {
  const PrecisionGuard guard(Precision::float32);
  for (const DType dtype : kDTypes)
    for (const int64_t size : {1, 2, 3, 4, 5, 6, 8, 9})
      check_case(square({1, size, 9 - size + 1, 3}, 2, 3, 1, 1, 1), dtype,
                 {ConvAlgorithm::winograd});
}

TEST_CASE("cuda: Winograd with TF32 operands errs by 0.002 of the largest result at most") {
  const PrecisionGuard guard(Precision::tf32);
  const Case c = square({1, 12, 12, 33}, 17, 3, 1, 1, 1);
  const Operands o = operands_of(c, DType::float32);
  const std::vector<Tensor> expected = passes(c, o, ConvAlgorithm::automatic);
  const std::vector<Tensor> got = passes(c, each(o, on_cuda), ConvAlgorithm::winograd);
  for (size_t pass = 0; pass < got.size(); ++pass) check_close(got[pass], expected[pass], 2e-3);
}

TEST_CASE("cuda: a convolution with kept forms of its weights gives the same bits as without") {
  const Case c = square({1, 9, 8, 5}, 6, 3, 1, 1, 1);
  for (const DType dtype : kDTypes) {
    const Operands o = each(operands_of(c, dtype), on_cuda);
    KeptWeights kept;
    const std::vector<Tensor> without = passes(c, o, ConvAlgorithm::winograd);
    for (int call = 0; call < 2; ++call) {
      const std::vector<Tensor> with = passes(c, o, ConvAlgorithm::winograd, &kept);
      for (size_t pass = 0; pass < with.size(); ++pass) check_same(with[pass], without[pass]);
    }
  }
}

TEST_CASE("cuda: the same convolution twice gives the same bits, by every rung") {
  const Case c = square({2, 11, 10, 7}, 9, 3, 1, 2, 2);
  for (const DType dtype : kDTypes) {
    const Operands o = each(operands_of(c, dtype), on_cuda);
    for (const ConvAlgorithm rung : kRungs) {
      CAPTURE(to_string(rung));
      const std::vector<Tensor> once = passes(c, o, rung), twice = passes(c, o, rung);
      for (size_t pass = 0; pass < once.size(); ++pass) check_same(once[pass], twice[pass]);
    }
  }
}

TEST_CASE(
    "cuda: taps that only meet padding are left out, and weights kept for one map serve all") {
  const PrecisionGuard guard(Precision::float32);
  // Maps of 5 with dilation 5: the middle tap alone. Of 5 x 8: one row of taps, but all columns. By
  // 4 x 4 taps the first is alone. The last two lose no tap, and every tap.
  for (const Case& c : {square({2, 5, 5, 3}, 4, 3, 1, 5, 5), square({1, 5, 8, 3}, 4, 3, 1, 5, 5),
                        square({1, 3, 3, 2}, 3, 4, 1, 9, 5), square({1, 12, 12, 3}, 4, 3, 1, 5, 5),
                        square({1, 2, 2, 3}, 4, 2, 3, 4, 4)})
    for (const DType dtype : kDTypes) check_all_rungs(c, dtype);

  const Case small = square({1, 5, 5, 3}, 4, 3, 1, 5, 5),
             large = square({1, 12, 12, 3}, 4, 3, 1, 5, 5);
  const Operands of_small = each(operands_of(small, DType::float32), on_cuda);
  Operands of_large = each(operands_of(large, DType::float32), on_cuda);
  of_large.w = of_small.w;
  KeptWeights kept;
  for (int call = 0; call < 2; ++call) {
    const Tensor y = ops::conv2d(of_small.x, of_small.w, small.window, {}, &kept);
    check_same(y, ops::conv2d(of_small.x, of_small.w, small.window));
    const Tensor z = ops::conv2d(of_large.x, of_large.w, large.window, {}, &kept);
    check_same(z, ops::conv2d(of_large.x, of_large.w, large.window));
  }
}

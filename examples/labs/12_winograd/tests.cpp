// Lab 12. Part 1 stands in tensor/cpu/conv_naive.cpp, parts 2 to 5 in tensor/cpu/winograd.cpp,
// parts 6 and 7 in tensor/cpu/winograd_weight_grad.cpp.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "examples/labs/support/check.h"
#include "examples/labs/support/convolution.h"
#include "examples/labs/support/gradient.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/winograd.h"
#include "tensor/cpu/winograd_matrices.h"
#include "tests/tensor/conv_algorithm_guard.h"

using namespace kintsugi;

namespace {

struct Case {
  Shape x, w;
  Conv2dOptions options;

  Window window() const { return {w[0], w[1], options.stride, options.padding, options.dilation}; }
  Shape output() const {
    return {x[0], ops::conv_output_size("lab 12", x[1], w[0], window()),
            ops::conv_output_size("lab 12", x[2], w[1], window()), w[3]};
  }
  std::string words() const {
    return fmt::format("x {}, w {}, stride {}, padding {}, dilation {}", x, w, options.stride,
                       options.padding, options.dilation);
  }
};

/// U = G g Gᵀ for every pair of channels, [n, n, in, out], from w [r, r, in, out].
template <int kOutputs, int kTaps>
Tensor transformed(const Tensor& w) {
  constexpr auto& kG = cpu::kWinograd<kOutputs, kTaps>.g;
  constexpr int64_t kPoints = kOutputs + kTaps - 1;
  const int64_t pairs = w.size(2) * w.size(3);
  Tensor u = Tensor::zeros({kPoints, kPoints, w.size(2), w.size(3)}, w.options());
  for (int64_t a = 0; a < kPoints; ++a)
    for (int64_t b = 0; b < kPoints; ++b)
      for (int64_t i = 0; i < kTaps; ++i)
        for (int64_t j = 0; j < kTaps; ++j)
          for (int64_t pair = 0; pair < pairs; ++pair)
            u.data<double>()[(a * kPoints + b) * pairs + pair] +=
                kG[a][i] * w.data<double>()[(i * kTaps + j) * pairs + pair] * kG[b][j];
  return u;
}

/// Winograd's computation of one convolution of stride 1, taken apart: the transforms of the
/// weights are kept, so a test can look at them, or put right ones in their place.
class TakenApart {
 public:
  TakenApart(const Case& c, Tensor x, Tensor w)
      : x_(std::move(x)),
        w_(std::move(w)),
        y_(Tensor::zeros(c.output(), x_.options())),
        parts_{{cpu::forward_grid(c.x, c.output(), c.window()),
                {w_.data<double>(), c.w[1] * c.w[2] * c.w[3], c.w[2] * c.w[3], c.w[3], 1},
                {y_.data<double>(), y_.size(1), y_.size(2), y_.size(3)}}},
        job_(parts_) {}

  std::string name() const {
    return fmt::format("F({0}x{0}, {1}x{1})", job_.plan.outputs, job_.plan.taps);
  }
  int64_t outputs() const { return job_.plan.outputs; }

  /// The transforms of the weights by part 2, [n, n, in, out]. No tile is computed.
  Tensor weights() {
    job_.grid.images = 0;
    KeptWeights kept;
    cpu::winograd<double>(job_, x_.data<double>(), w_.data<double>(), {}, &kept);
    const Tensor& packed =
        kept.get(key(), [&]() -> Tensor { return Tensor::zeros(layout().shape()); });
    Tensor u = Tensor::zeros({n(), n(), w_.size(2), w_.size(3)}, w_.options());
    for_packed(
        [&](int64_t number, int64_t at) { u.data<double>()[number] = packed.data<double>()[at]; });
    return u;
  }

  /// y, with these transforms of the weights, [n, n, in, out].
  Tensor output(const Tensor& u, const Epilogue& epilogue = {}) {
    KeptWeights kept;
    kept.get(key(), [&] {
      Tensor packed = Tensor::zeros(layout().shape(), w_.options());
      for_packed([&](int64_t number, int64_t at) {
        packed.data<double>()[at] = u.data<double>()[number];
      });
      return packed;
    });
    cpu::winograd<double>(job_, x_.data<double>(), w_.data<double>(), epilogue, &kept);
    return y_;
  }

 private:
  int64_t n() const { return job_.plan.points(); }
  std::vector<int64_t> key() const {
    const auto& taps = parts_[0].weights;
    return {0,          taps.tap_y_stride, taps.row_stride,   1,
            w_.size(0), w_.size(1),        job_.plan.outputs, job_.plan.taps};
  }
  cpu::WinogradWeights<double> layout() const { return {n() * n(), w_.size(2), w_.size(3)}; }
  /// body(number in [n, n, in, out], where it lies).
  template <class Body>
  void for_packed(Body body) const {
    const cpu::WinogradWeights<double> u = layout();
    int64_t number = 0;
    for (int64_t k = 0; k < u.products; ++k)
      for (int64_t c = 0; c < u.depth; ++c)
        for (int64_t o = 0; o < u.out; ++o) body(number++, u.index(k, c, o));
  }

  Tensor x_, w_, y_;
  std::vector<cpu::ConvPart<double>> parts_;
  cpu::WinogradJob<double> job_;
};

Tensor right_weights(const TakenApart& winograd, const Tensor& w) {
  if (w.size(0) == 2) return transformed<3, 2>(w);
  return winograd.outputs() == 2 ? transformed<2, 3>(w) : transformed<4, 3>(w);
}

void expect_right_weights(const Case& c) {
  const Tensor w = lab::random_tensor(c.w, 2);
  TakenApart winograd(c, lab::random_tensor(c.x, 1), w);
  lab::expect_equal(winograd.name() + ": U [n, n, in, out]", winograd.weights(),
                    right_weights(winograd, w), 1e-12);
}

/// Parts 3 to 5: the weights' transforms are right.
void expect_right_output(const Case& c, const Tensor& x) {
  const Tensor w = lab::random_tensor(c.w, 2);
  TakenApart winograd(c, x, w);
  lab::expect_equal(winograd.name() + ", " + c.words(), winograd.output(right_weights(winograd, w)),
                    lab::convolved(x, w, c.options), 1e-11);
}

// One tile each.
const Case kSmall{{1, 4, 4, 1}, {3, 3, 1, 1}, {}};    // F(2x2, 3x3)
const Case kLarge{{1, 6, 6, 1}, {3, 3, 1, 1}, {}};    // F(4x4, 3x3)
const Case kTwoTaps{{1, 4, 4, 1}, {2, 2, 1, 1}, {}};  // F(3x3, 2x2)

const std::vector<Case> kWhole = {
    {{1, 4, 4, 1}, {3, 3, 1, 1}, {}},
    {{2, 9, 7, 3}, {3, 3, 3, 2}, {.padding = 1}},
    {{1, 8, 9, 2}, {3, 3, 2, 3}, {.padding = 2, .dilation = 2}},
    {{1, 5, 4, 2}, {2, 2, 2, 2}, {.padding = 1}},
    {{1, 9, 8, 2}, {3, 3, 2, 2}, {.stride = 2, .padding = 1}},
    {{1, 8, 6, 2}, {4, 4, 2, 3}, {.stride = 2, .padding = 1}},
};

std::function<Variable(const Variables&)> convolution(const Case& c, ConvAlgorithm forward) {
  return [c, forward](const Variables& in) {
    const ConvAlgorithmGuard guard(forward);
    return conv2d(in[0], in[1], in.size() == 3 ? in[2] : Variable(), c.options);
  };
}

}  // namespace

TEST_CASE("the naive rung") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::naive);
  for (const Case& c : kWhole) {
    const Tensor x = lab::random_tensor(c.x, 1), w = lab::random_tensor(c.w, 2);
    const Tensor dy = lab::random_tensor(c.output(), 3), bias = lab::random_tensor({c.w[3]}, 4);
    lab::expect_equal(c.words(), ops::conv2d(x, w, c.window(), {.bias = bias}),
                      ops::add(lab::convolved(x, w, c.options), bias), 1e-12);
    lab::expect_equal(c.words() + ": the gradient of x",
                      ops::conv2d_input_grad(dy, w, c.window(), c.x[1], c.x[2]),
                      lab::input_gradient(dy, w, c.x, c.options), 1e-12);
  }
}

TEST_CASE("the transform of the weights") {
  for (const Case& c : {kSmall, kLarge, kTwoTaps, Case{{1, 4, 4, 3}, {3, 3, 3, 5}, {}},
                        Case{{1, 6, 6, 2}, {3, 3, 2, 40}, {}}})
    expect_right_weights(c);
}

TEST_CASE("bias, ReLU and the border") {
  for (const Case& c :
       {Case{{1, 4, 4, 2}, {3, 3, 2, 3}, {}}, Case{{1, 7, 9, 2}, {3, 3, 2, 3}, {.padding = 1}},
        Case{{2, 5, 6, 1}, {2, 2, 1, 20}, {}}})
    for (const bool relu : {false, true}) {
      const Tensor w = lab::random_tensor(c.w, 2), bias = lab::random_tensor({c.w[3]}, 3);
      TakenApart winograd(c, Tensor::zeros(c.x, w.options()), w);
      const Tensor shift = relu ? ops::clamp(bias, 0, 1) : bias;
      lab::expect_equal(fmt::format("x = 0 {}, {}", relu ? "with ReLU" : "without ReLU", c.words()),
                        winograd.output(right_weights(winograd, w), {.bias = bias, .relu = relu}),
                        ops::add(Tensor::zeros(c.output(), w.options()), shift), 1e-12);
      lab::expect_equal("x = 0 without a bias", winograd.output(right_weights(winograd, w)),
                        Tensor::zeros(c.output(), w.options()), 1e-12);
    }
}

TEST_CASE("one tile of one channel") {
  for (const Case& c : {kSmall, kLarge, kTwoTaps})
    expect_right_output(c, lab::random_tensor(c.x, 1));
}

TEST_CASE("many tiles, many channels") {
  for (const Case& c : {Case{{1, 4, 4, 5}, {3, 3, 5, 3}, {}}, Case{{1, 6, 6, 9}, {3, 3, 9, 21}, {}},
                        Case{{2, 11, 15, 2}, {3, 3, 2, 2}, {.padding = 1}},
                        Case{{1, 30, 30, 3}, {3, 3, 3, 70}, {.padding = 1}}})
    expect_right_output(c, lab::random_tensor(c.x, 1));
}

TEST_CASE("whole convolutions") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::winograd);
  for (const Case& c : kWhole) {
    const Tensor x = lab::random_tensor(c.x, 1), w = lab::random_tensor(c.w, 2);
    const Tensor dy = lab::random_tensor(c.output(), 3);
    lab::expect_equal(c.words(), ops::conv2d(x, w, c.window()), lab::convolved(x, w, c.options),
                      1e-11);
    lab::expect_equal(c.words() + ": the gradient of x",
                      ops::conv2d_input_grad(dy, w, c.window(), c.x[1], c.x[2]),
                      lab::input_gradient(dy, w, c.x, c.options), 1e-11);
  }
}

TEST_CASE("both rungs agree") {
  const Case c{{1, 16, 18, 8}, {3, 3, 8, 12}, {.padding = 1}};
  for (const DType dtype : {DType::float64, DType::float32}) {
    const Tensor x = lab::random_tensor(c.x, 1).to(dtype), w = lab::random_tensor(c.w, 2).to(dtype);
    const Tensor bias = lab::random_tensor({c.w[3]}, 3).to(dtype);
    const auto by = [&](ConvAlgorithm algorithm) {
      const ConvAlgorithmGuard guard(algorithm);
      return ops::conv2d(x, w, c.window(), {.bias = bias, .relu = true});
    };
    lab::expect_equal(dtype == DType::float64 ? "float64" : "float32", by(ConvAlgorithm::winograd),
                      by(ConvAlgorithm::naive), dtype == DType::float64 ? 1e-11 : 1e-5);
  }
}

TEST_CASE("the gradient of the weight") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::winograd);
  std::vector<Case> cases{kSmall, kLarge, kTwoTaps};
  cases.insert(cases.end(), kWhole.begin(), kWhole.end());
  for (const Case& c : cases) {
    const Tensor x = lab::random_tensor(c.x, 1), dy = lab::random_tensor(c.output(), 2);
    lab::expect_equal(c.words(), ops::conv2d_weight_grad(x, dy, c.window()),
                      lab::weight_gradient(x, dy, c.w, c.options), 1e-11);
  }
  lab::expect_gradient("conv2d", convolution(kWhole[1], ConvAlgorithm::patches),
                       {{.shape = kWhole[1].x}, {.shape = kWhole[1].w}}, 1, "weight");
}

TEST_CASE("the gradients, all by Winograd") {
  const ConvAlgorithmGuard guard(ConvAlgorithm::winograd);
  const Case c{{2, 5, 6, 2}, {3, 3, 2, 3}, {.padding = 1}};
  lab::expect_gradients("conv2d", convolution(c, ConvAlgorithm::winograd),
                        {{.shape = c.x}, {.shape = c.w}, {.shape = {c.w[3]}}},
                        {"input", "weight", "bias"});
  const GradcheckReport report =
      gradcheck("conv2d", convolution(kSmall, ConvAlgorithm::winograd),
                {{.shape = kSmall.x}, {.shape = kSmall.w}}, {.order = 2});
  if (!report.passed) FAIL_CHECK("second order: " << report.failure);
}

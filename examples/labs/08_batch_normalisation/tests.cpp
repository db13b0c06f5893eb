// Lab 8. Parts 1 to 3 stand in tensor/cpu/norm.cpp, part 4 in layers/norm.cpp.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <cmath>
#include <vector>

#include "autograd/checkpoint.h"
#include "autograd/ops.h"
#include "examples/labs/support/check.h"
#include "examples/labs/support/gradient.h"
#include "layers/norm.h"
#include "tensor/ops.h"

using namespace kintsugi;

namespace {

constexpr double kEps = 1e-5;
const std::vector<Shape> kShapes = {{1, 5, 3}, {1, 6, 1}, {1, 400, 2}, {1, 2, 7}};

/// Calls f(first, step) for each group and channel of x [G, M, C]: element i of it is number
/// first + i·step of x.
template <class F>
void for_each_channel(const Shape& shape, const F& f) {
  for (int64_t group = 0; group < shape[0]; ++group)
    for (int64_t channel = 0; channel < shape[2]; ++channel)
      f(group * shape[1] * shape[2] + channel, shape[2]);
}

/// The definition, step by step.
ops::NormStatistics statistics_of(const Tensor& x, double eps) {
  const int64_t rows = x.size(1);
  const std::vector<double> values = x.to_vector();
  std::vector<double> means, variances, rstds;
  for_each_channel(x.shape(), [&](int64_t first, int64_t step) {
    double mean = 0, variance = 0;
    const auto value = [&](int64_t i) { return values[static_cast<size_t>(first + i * step)]; };
    for (int64_t i = 0; i < rows; ++i) mean += value(i) / static_cast<double>(rows);
    for (int64_t i = 0; i < rows; ++i)
      variance += (value(i) - mean) * (value(i) - mean) / static_cast<double>(rows);
    means.push_back(mean);
    variances.push_back(variance);
    rstds.push_back(1 / std::sqrt(variance + eps));
  });
  const Shape shape{x.size(0), x.size(2)};
  return {Tensor::from(means, shape, x.options()), Tensor::from(variances, shape, x.options()),
          Tensor::from(rstds, shape, x.options())};
}

void expect_statistics(const std::string& what, const Tensor& x, double tolerance) {
  const ops::NormStatistics got = ops::norm_statistics(x, kEps), expected = statistics_of(x, kEps);
  lab::expect_equal(what + ": the mean", got.mean, expected.mean, tolerance);
  lab::expect_equal(what + ": the variance", got.variance, expected.variance, tolerance);
  lab::expect_equal(what + ": rstd", got.rstd, expected.rstd, tolerance);
}

/// x̂ of x [G, M, C], float64.
Tensor normalised(const Tensor& x) {
  const ops::NormStatistics statistics = statistics_of(x, kEps);
  Tensor y = Tensor::empty(x.shape(), x.options());
  int64_t column = 0;
  for_each_channel(x.shape(), [&](int64_t first, int64_t step) {
    for (int64_t i = 0; i < x.size(1); ++i)
      y.data<double>()[first + i * step] =
          (x.data<double>()[first + i * step] - statistics.mean.data<double>()[column]) *
          statistics.rstd.data<double>()[column];
    ++column;
  });
  return y;
}

/// What a fused ReLU lets through: dy where its output y is above 0; all of it without one.
Tensor let_through(const Tensor& dy, const Tensor& y) {
  if (!y.defined()) return dy;
  Tensor result = dy.clone();
  for (int64_t i = 0; i < dy.numel(); ++i)
    if (y.data<double>()[i] <= 0) result.data<double>()[i] = 0;
  return result;
}

/// [2, G, C]: Σ dy and Σ dy·x̂.
Tensor sums_of(const Tensor& dy, const Tensor& x) {
  const Tensor x_hat = normalised(x);
  std::vector<double> plain, weighted;
  for_each_channel(x.shape(), [&](int64_t first, int64_t step) {
    plain.push_back(0);
    weighted.push_back(0);
    for (int64_t i = 0; i < x.size(1); ++i) {
      const double g = dy.data<double>()[first + i * step];
      plain.back() += g;
      weighted.back() += g * x_hat.data<double>()[first + i * step];
    }
  });
  plain.insert(plain.end(), weighted.begin(), weighted.end());
  return Tensor::from(plain, {2, x.size(0), x.size(2)}, x.options());
}

/// The gradient of Σ dy·γ·x̂ by x: each element is moved a little.
Tensor slopes(const Tensor& dy, const Tensor& gamma, Tensor x) {
  constexpr double kStep = 1e-4;
  const auto loss = [&] {
    return ops::sum(ops::multiply(ops::multiply(dy, gamma), normalised(x))).item();
  };
  Tensor result = Tensor::empty(x.shape(), x.options());
  for (int64_t i = 0; i < x.numel(); ++i) {
    double& element = x.data<double>()[i];
    const double before = element;
    element = before + kStep;
    const double above = loss();
    element = before - kStep;
    const double below = loss();
    element = before;
    result.data<double>()[i] = (above - below) / (2 * kStep);
  }
  return result;
}

struct BackwardCase {
  std::string name;
  Tensor dy, x, y;
};
/// Without a ReLU, and with one whose output is 0 in some places.
std::vector<BackwardCase> backward_cases() {
  std::vector<BackwardCase> cases;
  for (const Shape& shape : {Shape{1, 5, 1}, Shape{1, 7, 3}, Shape{2, 4, 3}}) {
    const Tensor dy = lab::random_tensor(shape, 1), x = lab::random_tensor(shape, 2);
    cases.push_back({fmt::format("x {}", shape), dy, x, {}});
    cases.push_back(
        {fmt::format("x {} with ReLU", shape), dy, x, ops::relu(lab::random_tensor(shape, 3))});
  }
  return cases;
}

Tensor float32_batch(uint64_t seed) {
  const Tensor x = lab::random_tensor({3, 2, 2, 4}, seed);
  return ops::affine(x, 2, 0.5).to(DType::float32);
}

/// Statistics of a batch [N, H, W, C] by the op itself: whether part 1 is right is not asked here.
Normalised by_the_batch(const Tensor& x) {
  const Shape channels{x.size(-1)};
  return batch_norm(Variable(x), Variable(Tensor::full(channels, 1)),
                    Variable(Tensor::zeros(channels)), kEps);
}

void expect_running(const std::string& what, const BatchNorm2d& layer, const Tensor& mean,
                    const Tensor& variance) {
  const StateDict state = layer.save();
  lab::expect_equal(what + ": running_mean", state.at("running_mean"), mean);
  lab::expect_equal(what + ": running_var", state.at("running_var"), variance);
}

}  // namespace

TEST_CASE("mean, variance and 1 over the deviation of each channel") {
  for (const Shape& shape : kShapes) {
    const Tensor x = lab::random_tensor(shape, 1);
    expect_statistics(fmt::format("float64, x {}", shape), x, 1e-10);
    expect_statistics(fmt::format("float32, x {}", shape), x.to(DType::float32), 1e-5);
  }
}

TEST_CASE("each group for itself") {
  for (const Shape& shape : {Shape{2, 4, 1}, Shape{3, 5, 2}, Shape{4, 3, 6}}) {
    const std::string what = fmt::format("{} groups, x {}", shape[0], shape);
    expect_statistics(what, lab::random_tensor(shape, 2), 1e-10);
  }
}

TEST_CASE("numbers that lie far from 0") {
  const Tensor x = lab::random_tensor({1, 4096, 2}, 3);
  expect_statistics("float32, around 1000", ops::affine(x, 1, 1000).to(DType::float32), 1e-3);
  expect_statistics("float64, around 100 million", ops::affine(x, 1, 1e8), 1e-3);
}

TEST_CASE("the two sums over the rows") {
  for (const BackwardCase& c : backward_cases())
    lab::expect_equal(c.name + ": the sums",
                      ops::norm_grad_sums(c.dy, c.x, statistics_of(c.x, kEps), c.y),
                      sums_of(let_through(c.dy, c.y), c.x), 1e-9);
}

TEST_CASE("dx where the sums are given") {
  for (const BackwardCase& c : backward_cases()) {
    const Tensor dy = let_through(c.dy, c.y);
    const Tensor gamma = lab::random_tensor({c.x.size(2)}, 4);
    lab::expect_equal(
        c.name + ": dx",
        ops::norm_grad_input(c.dy, c.x, statistics_of(c.x, kEps), gamma, sums_of(dy, c.x), c.y),
        slopes(dy, gamma, c.x), 1e-6);
  }
}

TEST_CASE("the gradients of batch_norm") {
  const auto function = [](const Variables& in) { return batch_norm(in[0], in[1], in[2], kEps).y; };
  lab::expect_gradients("batch_norm", function,
                        {{.shape = {2, 3, 2, 3}}, {.shape = {3}}, {.shape = {3}}},
                        {"x", "gamma", "beta"});
}

TEST_CASE("the running mean and variance") {
  BatchNorm2d layer({.channels = 4});
  const Tensor first = float32_batch(5), second = float32_batch(6);
  const Normalised one = by_the_batch(first), two = by_the_batch(second);
  const double unbiased = 12.0 / 11;  // 3·2·2 values of each channel

  layer(Variable(first));
  expect_running("after one batch", layer, ops::affine(one.mean, 0.1, 0),
                 ops::affine(one.variance, 0.1 * unbiased, 0.9));
  layer(Variable(second));
  expect_running("after two batches", layer,
                 ops::add(ops::affine(one.mean, 0.09, 0), ops::affine(two.mean, 0.1, 0)),
                 ops::add(ops::affine(one.variance, 0.09 * unbiased, 0.81),
                          ops::affine(two.variance, 0.1 * unbiased, 0)));

  BatchNorm2d newest({.channels = 4, .momentum = 1});
  newest(Variable(first));
  expect_running("momentum 1", newest, one.mean, ops::affine(one.variance, unbiased, 0));
}

TEST_CASE("running statistics that must stay as they are") {
  const Tensor x = float32_batch(7);
  const Tensor zeros = Tensor::zeros({4}), ones = Tensor::full({4}, 1);
  BatchNorm2d frozen({.channels = 4});
  frozen.set_frozen(true);
  frozen(Variable(x));
  expect_running("frozen", frozen, zeros, ones);

  BatchNorm2d inference({.channels = 4});
  inference.eval();
  inference(Variable(x));
  expect_running("at inference", inference, zeros, ones);

  BatchNorm2d plain({.channels = 4}), twice({.channels = 4});
  plain(Variable(x));
  const Variable input(x, true);
  const Variable y = checkpoint([&](const Variables& in) { return twice(in[0]); }, {input});
  sum(square(y)).backward();
  const StateDict once = plain.save();
  expect_running("computed twice, for a checkpoint", twice, once.at("running_mean"),
                 once.at("running_var"));
}

#include <doctest/doctest.h>

#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

using Parameters = std::span<const ParameterStep>;

constexpr int64_t kSize = 40001;
constexpr int kSteps = 3;

Tensor zeros(DType dtype) { return Tensor::zeros({kSize}, {dtype, test_device()}); }

/// Runs a kernel and its formula side by side for a few steps; the largest difference of the
/// weights.
template <class Kernel, class Formula>
double difference_after_steps(DType dtype, Kernel kernel, Formula formula) {
  Tensor weight = random({kSize}, dtype, 1);
  std::vector<double> expected = weight.to_vector(), state1(kSize, 0.0), state2(kSize, 0.0);
  Tensor first = zeros(dtype), second = zeros(dtype);
  for (int step = 1; step <= kSteps; ++step) {
    const Tensor grad = random({kSize}, dtype, 10 + static_cast<uint64_t>(step));
    const std::vector<double> g = grad.to_vector();
    const ParameterStep parameter{.weight = weight, .grad = grad, .slots = {first, second}};
    kernel({&parameter, 1}, step);
    for (size_t i = 0; i < g.size(); ++i) formula(expected[i], g[i], state1[i], state2[i], step);
  }
  return std::max(
      {difference(weight, expected), difference(first, state1), difference(second, state2)});
}

Backend& device() { return backend(test_device()); }

std::vector<ParameterStep> parameters_of(const std::vector<int64_t>& sizes) {
  std::vector<ParameterStep> parameters;
  for (int64_t size : sizes) {
    const auto make = [&](uint64_t seed) {
      return random({size}, DType::float32, seed + static_cast<uint64_t>(size), 0, 1);
    };
    parameters.push_back({.weight = make(1), .grad = make(2), .slots = {make(3), make(4)}});
  }
  return parameters;
}

}  // namespace

TEST_CASE("a step of gradient descent with momentum and weight decay is PyTorch's") {
  for (DType dtype : kDTypes)
    CHECK(difference_after_steps(
              dtype,
              [](Parameters parameters, int) { device().sgd_step(parameters, 0.1, 0.9, 0.01); },
              [](double& w, double g, double& v, double&, int) {
                v = 0.9 * v + (g + 0.01 * w);
                w -= 0.1 * v;
              }) <= 3 * tolerance(dtype));
}

TEST_CASE("a step of Adam corrects the bias of both moments") {
  for (DType dtype : kDTypes)
    CHECK(difference_after_steps(
              dtype,
              [](Parameters parameters, int step) {
                device().adam_step(parameters, 0.01, 0.9, 0.999, 1e-8, 0.1, step);
              },
              [](double& w, double g, double& m, double& s, int step) {
                g += 0.1 * w;
                m = 0.9 * m + 0.1 * g;
                s = 0.999 * s + 0.001 * g * g;
                const double mean = m / (1 - std::pow(0.9, step));
                const double root = std::sqrt(s / (1 - std::pow(0.999, step)));
                w -= 0.01 * mean / (root + 1e-8);
              }) <= 10 * tolerance(dtype));
}

TEST_CASE("a step of ADADELTA is Zeiler's, with PyTorch's rate") {
  for (DType dtype : kDTypes)
    CHECK(difference_after_steps(
              dtype,
              [](Parameters parameters, int) {
                device().adadelta_step(parameters, 0.5, 0.9, 1e-6, 0.01);
              },
              [](double& w, double g, double& s, double& d, int) {
                g += 0.01 * w;
                s = 0.9 * s + 0.1 * g * g;
                const double delta = std::sqrt(d + 1e-6) / std::sqrt(s + 1e-6) * g;
                d = 0.9 * d + 0.1 * delta * delta;
                w -= 0.5 * delta;
              }) <= 5 * tolerance(dtype));
}

TEST_CASE("the first step of ADADELTA by hand") {
  // s = 0.1·2² = 0.4; Δ = √1e-6 / √(0.4 + 1e-6) · 2 = 0.00316227…; w = 1 − Δ
  Tensor w = Tensor::scalar(1, {DType::float64, test_device()});
  Tensor s = Tensor::scalar(0, w.options()), d = Tensor::scalar(0, w.options());
  const ParameterStep parameter{
      .weight = w, .grad = Tensor::scalar(2, w.options()), .slots = {s, d}};
  device().adadelta_step({&parameter, 1}, 1, 0.9, 1e-6, 0);
  CHECK(s.item() == doctest::Approx(0.4).epsilon(1e-12));
  CHECK(1 - w.item() == doctest::Approx(0.0031622737).epsilon(1e-7));
  CHECK(d.item() == doctest::Approx(0.1 * 0.0031622737 * 0.0031622737).epsilon(1e-6));
}

TEST_CASE("a step of averages moves them towards their newest values") {
  for (DType dtype : kDTypes)
    CHECK(difference_after_steps(
              dtype,
              [](Parameters parameters, int step) {
                const ParameterStep average{
                    .weight = parameters[0].weight, .grad = parameters[0].grad, .slots = {}};
                device().average_step({&average, 1}, 1.0 / step);
              },
              [](double& w, double g, double&, double&, int step) { w += (g - w) / step; }) <=
          tolerance(dtype));
}

TEST_CASE("an average of rate 1 is its newest value, and of rate 0 what it was") {
  const Tensor newest = random({5}, DType::float32, 2), former = random({5}, DType::float32, 1);
  for (const double rate : {0.0, 1.0}) {
    const ParameterStep average{.weight = former.clone(), .grad = newest, .slots = {}};
    device().average_step({&average, 1}, rate);
    CHECK(difference(average.weight, (rate == 0 ? former : newest).to_vector()) <= 1e-6);
  }
}

TEST_CASE("a step over a list of parameters leaves the bits of a step over each") {
  const std::vector<int64_t> sizes{3, 0, 40001, 1, 256};
  const std::vector<ParameterStep> together = parameters_of(sizes), alone = parameters_of(sizes);
  const auto take_steps = [](Parameters parameters) {
    device().sgd_step(parameters, 0.1, 0.9, 0.01);
    device().adam_step(parameters, 0.01, 0.9, 0.999, 1e-8, 0.1, 1);
    device().adadelta_step(parameters, 1, 0.9, 1e-6, 0.01);
    device().average_step(parameters, 0.3);
  };
  take_steps(together);
  for (const ParameterStep& parameter : alone) take_steps({&parameter, 1});
  for (size_t i = 0; i < sizes.size(); ++i) {
    CAPTURE(sizes[i]);
    CHECK(same_bits(together[i].weight, alone[i].weight));
    for (size_t slot : {0, 1}) CHECK(same_bits(together[i].slots[slot], alone[i].slots[slot]));
  }
}

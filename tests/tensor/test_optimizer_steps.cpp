#include <doctest/doctest.h>

#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

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
    kernel(weight, grad, first, second, step);
    for (size_t i = 0; i < g.size(); ++i) formula(expected[i], g[i], state1[i], state2[i], step);
  }
  return std::max(
      {difference(weight, expected), difference(first, state1), difference(second, state2)});
}

Backend& device() { return backend(test_device()); }

}  // namespace

TEST_CASE("a step of gradient descent with momentum and weight decay is PyTorch's") {
  for (DType dtype : kDTypes)
    CHECK(difference_after_steps(
              dtype,
              [](Tensor& w, const Tensor& g, Tensor& v, Tensor&, int) {
                device().sgd_step(w, g, v, 0.1, 0.9, 0.01);
              },
              [](double& w, double g, double& v, double&, int) {
                v = 0.9 * v + (g + 0.01 * w);
                w -= 0.1 * v;
              }) <= 3 * tolerance(dtype));
}

TEST_CASE("a step of Adam corrects the bias of both moments") {
  for (DType dtype : kDTypes)
    CHECK(difference_after_steps(
              dtype,
              [](Tensor& w, const Tensor& g, Tensor& m, Tensor& s, int step) {
                device().adam_step(w, g, m, s, 0.01, 0.9, 0.999, 1e-8, 0.1, step);
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
              [](Tensor& w, const Tensor& g, Tensor& s, Tensor& d, int) {
                device().adadelta_step(w, g, s, d, 0.5, 0.9, 1e-6, 0.01);
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
  device().adadelta_step(w, Tensor::scalar(2, w.options()), s, d, 1, 0.9, 1e-6, 0);
  CHECK(s.item() == doctest::Approx(0.4).epsilon(1e-12));
  CHECK(1 - w.item() == doctest::Approx(0.0031622737).epsilon(1e-7));
  CHECK(d.item() == doctest::Approx(0.1 * 0.0031622737 * 0.0031622737).epsilon(1e-6));
}

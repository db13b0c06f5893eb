// Lab 2. All parts stand in examples/by_hand/two_layers.cpp.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <functional>
#include <string>

#include "examples/by_hand/two_layers.h"
#include "examples/labs/support/check.h"
#include "tensor/ops.h"

using namespace kintsugi;
using by_hand::Network;

namespace {

constexpr double kStep = 1e-5;
constexpr double kTolerance = 1e-7;

Tensor zeros(const Shape& shape) { return Tensor::zeros(shape, {.dtype = DType::float64}); }

/// ∂value/∂p: each element of p is moved up and down a little, in place, and set back.
Tensor by_differences(const Tensor& p, const std::function<double()>& value) {
  Tensor gradient = zeros(p.shape());
  for (int64_t i = 0; i < p.numel(); ++i) {
    double& element = p.data<double>()[i];
    const double before = element;
    element = before + kStep;
    const double above = value();
    element = before - kStep;
    const double below = value();
    element = before;
    gradient.data<double>()[i] = (above - below) / (2 * kStep);
  }
  return gradient;
}

/// Σ u·v: its gradient by v is u.
double inner_product(const Tensor& u, const Tensor& v) {
  return ops::sum(ops::multiply(u, v)).item();
}

/// y += x·w with y from 0, and its gradients for a random dy.
struct Product {
  Tensor x = lab::random_tensor({4, 3}, 1), w = lab::random_tensor({3, 2}, 2);
  Tensor dy = lab::random_tensor({4, 2}, 3);
  Tensor dx = zeros({4, 3}), dw = zeros({3, 2});

  double value() const {
    Tensor y = zeros({4, 2});
    by_hand::multiply_add(x, w, y);
    return inner_product(dy, y);
  }
  void backward() { by_hand::multiply_add_backward(dy, x, w, dx, dw); }
};

/// A network of 3 inputs and 4 hidden units, five examples.
struct Problem {
  Network network{.w1 = lab::random_tensor({3, 4}, 1),
                  .b1 = lab::random_tensor({4}, 2),
                  .w2 = lab::random_tensor({4, 1}, 3),
                  .direct = lab::random_tensor({3, 1}, 4),
                  .b2 = lab::random_tensor({1}, 5)};
  Tensor x = lab::random_tensor({5, 3}, 6);
  Tensor t = Tensor::from({1, 0, 0, 1, 1}, {5, 1}, {.dtype = DType::float64});

  double loss() const { return by_hand::loss(forward(network, x).z, t); }
  by_hand::Gradients gradients() const { return backward(network, x, t, forward(network, x)); }
  void expect(const std::string& name, const Tensor& gradient, const Tensor& p) const {
    lab::expect_equal("the gradient of " + name, gradient,
                      by_differences(p, [this] { return loss(); }), kTolerance);
  }
};

}  // namespace

TEST_CASE("the gradient of the loss") {
  for (const int64_t examples : {1, 5}) {
    const Tensor z = ops::affine(lab::random_tensor({examples, 1}, 1), 3, 0);
    Tensor t = zeros({examples, 1});
    for (int64_t n = 0; n < examples; n += 2) t.data<double>()[n] = 1;
    lab::expect_equal(fmt::format("dz of {} example(s)", examples), by_hand::loss_backward(z, t),
                      by_differences(z, [&] { return by_hand::loss(z, t); }), kTolerance);
  }
}

TEST_CASE("the gradient of a product by its first factor") {
  Product product;
  product.backward();
  lab::expect_equal("dx", product.dx, by_differences(product.x, [&] { return product.value(); }),
                    kTolerance);
}

TEST_CASE("the gradient of a product by its second factor") {
  Product product;
  product.backward();
  lab::expect_equal("dw", product.dw, by_differences(product.w, [&] { return product.value(); }),
                    kTolerance);
}

TEST_CASE("gradients are added to what is there") {
  Product once, twice;
  once.backward();
  twice.backward();
  twice.backward();
  lab::expect_equal("dx after two calls", twice.dx, ops::affine(once.dx, 2, 0), kTolerance);
  lab::expect_equal("dw after two calls", twice.dw, ops::affine(once.dw, 2, 0), kTolerance);
}

TEST_CASE("the gradient of tanh") {
  const Tensor a = ops::affine(lab::random_tensor({3, 4}, 1), 2, 0);
  const Tensor dh = lab::random_tensor({3, 4}, 2);
  lab::expect_equal("da", by_hand::tanh_backward(dh, ops::tanh(a)),
                    by_differences(a, [&] { return inner_product(dh, ops::tanh(a)); }), kTolerance);
}

TEST_CASE("the gradients of all parameters") {
  const Problem problem;
  const Network gradients = problem.gradients().network;
  problem.expect("b2", gradients.b2, problem.network.b2);
  problem.expect("direct", gradients.direct, problem.network.direct);
  problem.expect("w2", gradients.w2, problem.network.w2);
  problem.expect("b1", gradients.b1, problem.network.b1);
  problem.expect("w1", gradients.w1, problem.network.w1);
}

TEST_CASE("the gradient of x, which is used twice") {
  const Problem problem;
  problem.expect("x", problem.gradients().x, problem.x);
}

TEST_CASE("the network learns exclusive or") {
  const TensorOptions options{.dtype = DType::float64};
  const Tensor x = Tensor::from({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, options);
  const Tensor t = Tensor::from({0, 1, 1, 0}, {4, 1}, options);
  Generator generator{.seed = 1};
  Network network = by_hand::make_network(2, 1, generator);
  for (int step = 0; step < 2000; ++step)
    descend(network, backward(network, x, t, forward(network, x)).network, 1);
  const double loss = by_hand::loss(forward(network, x).z, t);
  if (!(loss < 0.05))
    FAIL_CHECK(fmt::format("the loss is {:.3f} after 2,000 steps; it must be below 0.05", loss));
}

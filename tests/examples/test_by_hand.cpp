#include <doctest/doctest.h>

#include <vector>

#include "autograd/ops.h"
#include "examples/by_hand/two_layers.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

using by_hand::Network;

Tensor random_numbers(const Shape& shape, uint64_t seed) {
  Generator generator{.seed = seed};
  return uniform(shape, -2, 2, generator, {.dtype = DType::float64});
}

double largest_gap(const Tensor& a, const Tensor& b) {
  return ops::max(ops::abs(ops::subtract(a, b))).item();
}

}  // namespace

TEST_CASE("gradients worked out by hand are autograd's") {
  const Network network{.w1 = random_numbers({3, 4}, 1),
                        .b1 = random_numbers({4}, 2),
                        .w2 = random_numbers({4, 1}, 3),
                        .direct = random_numbers({3, 1}, 4),
                        .b2 = random_numbers({1}, 5)};
  const Tensor x = random_numbers({5, 3}, 6);
  const Tensor t = Tensor::from({1, 0, 0, 1, 1}, {5, 1}, {.dtype = DType::float64});

  Variables v;
  for (const Tensor& leaf : {network.w1, network.b1, network.w2, network.direct, network.b2, x})
    v.emplace_back(leaf, true);
  const Variable h = tanh(matmul(v[5], v[0]) + v[1]);
  const Variable z = matmul(h, v[2]) + matmul(v[5], v[3]) + v[4];
  const Variable loss = bce_with_logits(z, Variable(t));
  const Variables expected = grad({loss}, v);

  const by_hand::Pass pass = forward(network, x);
  CHECK(by_hand::loss(pass.z, t) == doctest::Approx(loss.item()).epsilon(1e-12));
  const by_hand::Gradients by_hand = backward(network, x, t, pass);
  const auto& [w1, b1, w2, direct, b2] = by_hand.network;
  const std::vector<Tensor> got = {w1, b1, w2, direct, b2, by_hand.x};
  for (size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CHECK(largest_gap(got[i], expected[i].value()) < 1e-14);
  }
}

TEST_CASE("one hidden unit and a way past it learn exclusive or") {
  const TensorOptions options{.dtype = DType::float64};
  const Tensor x = Tensor::from({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, options);
  const Tensor t = Tensor::from({0, 1, 1, 0}, {4, 1}, options);
  Generator generator{.seed = 1};
  Network network = by_hand::make_network(2, 1, generator);
  for (int step = 0; step < 2000; ++step)
    descend(network, backward(network, x, t, forward(network, x)).network, 1);
  CHECK(largest_gap(ops::sigmoid(forward(network, x).z), t) < 0.05);
}

TEST_CASE("a network by hand names the shapes that do not fit") {
  Generator generator{.seed = 1};
  const Network network = by_hand::make_network(2, 1, generator);
  const Tensor wide = random_numbers({4, 3}, 1), z = random_numbers({4, 1}, 1);
  CHECK_THROWS_WITH_AS(forward(network, wide), "forward: x [4, 3] for weights w1 [2, 1]",
                       ShapeError);
  CHECK_THROWS_WITH_AS(by_hand::loss(z, wide), "loss: z [4, 1] and t [4, 3] differ", ShapeError);
}

}  // namespace kintsugi

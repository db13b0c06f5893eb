#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "autograd/ops.h"
#include "examples/by_hand/two_layers.h"

/// Exclusive or, learnt by a network with one hidden unit, with gradients that are worked out by
/// hand (examples/by_hand/two_layers.cpp); at the end each of them is compared with autograd's.
namespace {

using namespace kintsugi;
using by_hand::Network;

constexpr int kSteps = 2000;
constexpr double kRate = 1;

struct Named {
  std::string name;
  Tensor value;
};

std::vector<Named> listed(const Network& network, const Tensor& x) {
  return {{"w1", network.w1},         {"b1", network.b1}, {"w2", network.w2},
          {"direct", network.direct}, {"b2", network.b2}, {"x", x}};
}

/// The same gradients by the engine: the network once more, of ops that it can walk back through.
std::vector<Tensor> by_autograd(const Network& network, const Tensor& x, const Tensor& t) {
  Variables v;
  for (const Named& leaf : listed(network, x)) v.emplace_back(leaf.value, true);
  const Variable h = tanh(matmul(v[5], v[0]) + v[1]);
  const Variable z = matmul(h, v[2]) + matmul(v[5], v[3]) + v[4];
  std::vector<Tensor> gradients;
  for (const Variable& gradient : grad({bce_with_logits(z, Variable(t))}, v))
    gradients.push_back(gradient.value());
  return gradients;
}

/// The largest difference between the two, over all gradients.
double compare(const Network& network, const Tensor& x, const Tensor& t) {
  const by_hand::Gradients hand = backward(network, x, t, forward(network, x));
  const std::vector<Named> gradients = listed(hand.network, hand.x);
  const std::vector<Tensor> autograd = by_autograd(network, x, t);
  double largest = 0;
  for (size_t i = 0; i < gradients.size(); ++i) {
    const auto& [name, gradient] = gradients[i];
    const Tensor gap = ops::abs(ops::subtract(gradient, autograd[i]));
    fmt::print("dL/d{:<6} {:7} by hand {:+.6f}, by autograd {:+.6f}, difference {:.0e}\n", name,
               gradient.shape().str(), gradient.to_vector()[0], autograd[i].to_vector()[0],
               ops::max(gap).item());
    largest = std::max(largest, ops::max(gap).item());
  }
  return largest;
}

}  // namespace

int main() {
  const TensorOptions options{.dtype = DType::float64};
  const Tensor x = Tensor::from({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, options);
  const Tensor t = Tensor::from({0, 1, 1, 0}, {4, 1}, options);
  Generator generator{.seed = 1};
  Network network = by_hand::make_network(2, 1, generator);
  const double gap = compare(network, x, t);
  for (int step = 0; step <= kSteps; ++step) {
    const by_hand::Pass pass = forward(network, x);
    if (step % 400 == 0) fmt::print("step {:4}  loss {:.5f}\n", step, by_hand::loss(pass.z, t));
    descend(network, backward(network, x, t, pass).network, kRate);
  }
  const std::vector<double> answers = ops::sigmoid(forward(network, x).z).to_vector();
  fmt::print("0 xor 0: {:.3f}   0 xor 1: {:.3f}   1 xor 0: {:.3f}   1 xor 1: {:.3f}\n", answers[0],
             answers[1], answers[2], answers[3]);
  return gap < 1e-12 ? 0 : 1;
}

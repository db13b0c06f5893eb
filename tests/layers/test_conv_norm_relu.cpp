#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "autograd/ops.h"
#include "layers/conv_norm_relu.h"
#include "tests/device.h"

using namespace kintsugi;

namespace {

constexpr int64_t kChannels = 8;
constexpr int kBlocks = 6;

using Chain = std::vector<std::shared_ptr<ConvNormRelu>>;

/// Blocks whose maps all have one size; every second one is transposed.
Chain make_chain() {
  Generator generator{.seed = 5};
  const ConvolutionOptions options{.in = kChannels, .out = kChannels, .padding = 1};
  Chain chain;
  for (int i = 0; i < kBlocks; ++i) {
    std::shared_ptr<Convolution> conv;
    if (i % 2 == 0)
      conv = std::make_shared<Conv2d>(options, generator);
    else
      conv = std::make_shared<ConvTranspose2d>(options, generator);
    chain.push_back(std::make_shared<ConvNormRelu>(conv));
    chain.back()->to(test_device());
  }
  return chain;
}

Variable maps() {
  Generator generator{.seed = 6};
  return Variable(normal({2, 16, 16, kChannels}, 0, 1, generator, {.device = test_device()}));
}

Variable forward(const Chain& chain, Variable y) {
  for (const auto& block : chain) y = (*block)(y);
  return y;
}

/// The same, layer by layer: nothing is let go.
Variable forward_apart(const Chain& chain, Variable y) {
  for (const auto& block : chain)
    for (const auto& [name, layer] : block->children()) y = (*layer)(y);
  return y;
}

/// Whether the entry is the bias of a convolution that a normalisation follows.
bool is_dead(const StateEntry& entry) { return entry.name == "conv.bias"; }

/// The output, every gradient that is not 0 and the running statistics after one backward pass.
std::vector<std::vector<double>> results(Variable (*run)(const Chain&, Variable)) {
  const Chain chain = make_chain();
  const Variable y = run(chain, maps());
  sum(square(y)).backward();
  std::vector<std::vector<double>> all{y.value().to_vector()};
  for (const auto& block : chain)
    for (const StateEntry& entry : block->state()) {
      if (is_dead(entry)) continue;
      const Variable& value = entry.is_buffer ? entry.variable : entry.variable.grad();
      all.push_back(value.value().to_vector());
    }
  return all;
}

/// Bytes that the graph of one forward pass holds.
size_t graph_bytes(Variable (*run)(const Chain&, Variable)) {
  const Chain chain = make_chain();
  const Variable x = maps();
  const size_t before = memory_statistics(test_device()).current;
  const Variable y = run(chain, x);
  return memory_statistics(test_device()).current - before;
}

}  // namespace

TEST_CASE("a chain of ConvNormRelu keeps its convolutions' outputs, and one block's own") {
  const size_t map = maps().value().bytes();
  CHECK(graph_bytes(forward) >= (kBlocks + 1) * map);
  CHECK(graph_bytes(forward) < (kBlocks + 2) * map);
  CHECK(graph_bytes(forward_apart) >= 2 * kBlocks * map);
}

TEST_CASE("ConvNormRelu gives the bits of its layers one after the other, gradients included") {
  CHECK(results(forward) == results(forward_apart));
}

TEST_CASE("in training a bias before a normalisation gets no gradient; otherwise it does") {
  const auto bias_of = [](const Chain& chain) { return chain[0]->state()[1].variable; };
  const Chain training = make_chain(), apart = make_chain(), inference = make_chain();
  REQUIRE(is_dead(training[0]->state()[1]));
  for (const auto& block : inference) block->eval();
  sum(square(forward(training, maps()))).backward();
  sum(square(forward_apart(apart, maps()))).backward();
  sum(square(forward(inference, maps()))).backward();
  CHECK(!bias_of(training).grad().defined());
  for (const double rounding : bias_of(apart).grad().value().to_vector())
    CHECK(std::abs(rounding) < 1e-4);
  for (const double number : bias_of(inference).grad().value().to_vector())
    CHECK(std::abs(number) > 1e-3);
}

// Lab 2, extension. `make lab-run LAB=2` builds this with your file and runs it.
//
// Learns exclusive or from 40 random starts, with and without the connections past the hidden
// layer, and prints how many of them end with all four answers right.
#include <fmt/core.h>

#include "examples/by_hand/two_layers.h"
#include "tensor/ops.h"

using namespace kintsugi;
using by_hand::Network;

namespace {

constexpr int kStarts = 40, kSteps = 2000;
constexpr double kRate = 1;

const TensorOptions options{.dtype = DType::float64};
const Tensor x = Tensor::from({0, 0, 0, 1, 1, 0, 1, 1}, {4, 2}, options);
const Tensor t = Tensor::from({0, 1, 1, 0}, {4, 1}, options);

bool learns(uint64_t seed, int64_t hidden, bool direct) {
  Generator generator{.seed = seed};
  Network network = by_hand::make_network(2, hidden, generator);
  for (int step = 0; step < kSteps; ++step) {
    if (!direct) network.direct = Tensor::zeros({2, 1}, options);
    descend(network, backward(network, x, t, forward(network, x)).network, kRate);
  }
  if (!direct) network.direct = Tensor::zeros({2, 1}, options);
  const Tensor answers = ops::sigmoid(forward(network, x).z);
  return ops::max(ops::abs(ops::subtract(answers, t))).item() < 0.5;
}

}  // namespace

int main() {
  fmt::print("of {} starts, learnt   with direct connections   without\n", kStarts);
  for (const int64_t hidden : {1, 2, 4, 8}) {
    int with = 0, without = 0;
    for (uint64_t seed = 0; seed < kStarts; ++seed) {
      with += learns(seed, hidden, true) ? 1 : 0;
      without += learns(seed, hidden, false) ? 1 : 0;
    }
    fmt::print("{} hidden units         {:>23}   {:>7}\n", hidden, with, without);
  }
}

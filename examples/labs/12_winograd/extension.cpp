// Lab 12, extension. `make lab-run LAB=12` builds this with your files and runs it.
//
// A 3x3 convolution of a map of 64 x 64 by four rungs of the ladder, on one core: how fast each is,
// how far from the float64 result, and what the library thinks that Winograd costs.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "tensor/cpu/conv_patches.h"
#include "tensor/cpu/winograd_tiles.h"
#include "tensor/ops.h"
#include "tensor/random.h"

namespace {

using namespace kintsugi;

constexpr Window kWindow{.kernel_h = 3, .kernel_w = 3, .padding = 1};

/// The shorter of two runs (the naive rung) or of seven, in seconds.
double seconds(ConvAlgorithm algorithm, const Tensor& x, const Tensor& w) {
  using Clock = std::chrono::steady_clock;
  set_conv_algorithm(algorithm);
  double best = 1e9;
  for (int run = 0; run < (algorithm == ConvAlgorithm::naive ? 2 : 7); ++run) {
    const auto start = Clock::now();
    ops::conv2d(x, w, kWindow);
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

/// ‖y − y₆₄‖ / ‖y₆₄‖
double error(ConvAlgorithm algorithm, const Tensor& x, const Tensor& w) {
  set_conv_algorithm(algorithm);
  const std::vector<double> y = ops::conv2d(x, w, kWindow).to_vector();
  set_conv_algorithm(ConvAlgorithm::blocked);
  const std::vector<double> exact =
      ops::conv2d(x.to(DType::float64), w.to(DType::float64), kWindow).to_vector();
  double difference = 0, norm = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    difference += (y[i] - exact[i]) * (y[i] - exact[i]);
    norm += exact[i] * exact[i];
  }
  return std::sqrt(difference / norm);
}

}  // namespace

int main() {
  set_num_threads(1);
  for (const int64_t channels : {1, 2, 4, 8, 16, 32, 64, 128}) {
    Generator generator{.seed = 1};
    const Tensor x = normal({1, 64, 64, channels}, 0, 1, generator);
    const Tensor w = normal({3, 3, channels, channels}, 0, 1, generator);
    const cpu::WinogradPlan plan(cpu::forward_grid(x.shape(), x.shape(), kWindow), channels);
    const auto plain = static_cast<double>(64 * 64 * 9 * channels * channels);
    fmt::print("{0:3} → {0:3}, GFLOP/s:", channels);
    for (const ConvAlgorithm algorithm : {ConvAlgorithm::naive, ConvAlgorithm::patches,
                                          ConvAlgorithm::blocked, ConvAlgorithm::winograd})
      fmt::print("  {} {:6.1f}", to_string(algorithm), 2 * plain / seconds(algorithm, x, w) / 1e9);
    fmt::print("; cost {:.2f} of plain; error {:.1e}, blocked {:.1e}\n", plan.cost / plain,
               error(ConvAlgorithm::winograd, x, w), error(ConvAlgorithm::blocked, x, w));
  }
}

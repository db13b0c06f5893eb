// Lab 5, extension. `make lab-run LAB=5` builds this with your files and runs it.
//
// How long it takes to write all patches of a map out, and how long the whole convolution takes
// that is made of them, on one core.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "tensor/cpu/conv_patches.h"
#include "tensor/ops.h"
#include "tensor/random.h"

namespace {

/// The shortest of seven runs, in milliseconds.
template <class Body>
double milliseconds(Body body) {
  using Clock = std::chrono::steady_clock;
  double best = 1e9;
  for (int run = 0; run < 7; ++run) {
    const auto start = Clock::now();
    body();
    best = std::min(best, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace

int main() {
  using namespace kintsugi;
  set_num_threads(1);
  set_conv_algorithm(ConvAlgorithm::patches);
  const Window window{.kernel_h = 3, .kernel_w = 3, .padding = 1};
  for (const int64_t channels : {1, 4, 16, 64, 128}) {
    Generator generator{.seed = 1};
    const Tensor x = normal({1, 64, 64, channels}, 0, 1, generator);
    const Tensor w = normal({3, 3, channels, channels}, 0, 1, generator);
    const cpu::PatchGrid grid = cpu::forward_grid(x.shape(), x.shape(), window);
    std::vector<float> patches(static_cast<size_t>(grid.pixels() * grid.patch_size()));
    const double gather = milliseconds([&] {
      cpu::gather_patches(grid, x.data<float>(), 0, grid.pixels(), 0, grid.patch_size(),
                          patches.data(), grid.patch_size());
    });
    const double whole = milliseconds([&] { ops::conv2d(x, w, window); });
    fmt::print("64 x 64, {0:3} → {0:3} channels: patches {1:7.3f} ms ({2:5.2f} ns a number), ",
               channels, gather, gather * 1e6 / static_cast<double>(patches.size()));
    fmt::print("convolution {:7.3f} ms\n", whole);
  }
}

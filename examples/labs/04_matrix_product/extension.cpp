// Lab 4, extension. `make lab-run LAB=4` builds this with your files and runs it.
//
// Times your matrix product on one core and prints how many billion multiplications and additions
// it does in a second.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "tensor/ops.h"
#include "tensor/random.h"

int main() {
  using namespace kintsugi;
  using Clock = std::chrono::steady_clock;
  set_num_threads(1);
  for (const int64_t n : {64, 256, 512}) {
    Generator generator{.seed = 1};
    const Tensor a = uniform({n, n}, -1, 1, generator), b = uniform({n, n}, -1, 1, generator);
    double best = 1e9;
    for (int run = 0; run < 5; ++run) {
      const auto start = Clock::now();
      ops::matmul(a, b);
      best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
    }
    const double operations = 2.0 * static_cast<double>(n * n * n);
    fmt::print("{0} x {0}: {1:7.2f} ms, {2:6.2f} GFLOP/s\n", n, best * 1e3,
               operations / best / 1e9);
  }
}

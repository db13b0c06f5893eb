// Lab 11, extension. `make lab-run LAB=11` builds this with your kernel and runs it in the
// emulator.
//
// Softmax of long rows in float32, and how far it is from the same in float64: largest error of a
// number, as a part of the number.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/ops.h"
#include "tensor/random.h"

int main() {
  using namespace kintsugi;
  for (const int64_t count : {100, 1000, 10000, 100000, 1000000}) {
    Generator generator{.seed = 1};
    const Tensor x = uniform({1, count}, 0, 1, generator);
    const std::vector<double> y = ops::softmax(x.to(Device::cuda)).to_vector();
    const std::vector<double> exact = ops::softmax(x.to(DType::float64)).to_vector();
    double worst = 0;
    for (size_t i = 0; i < y.size(); ++i) worst = std::max(worst, std::abs(y[i] / exact[i] - 1));
    fmt::print("a row of {:7}: {:.1e}\n", count, worst);
  }
}

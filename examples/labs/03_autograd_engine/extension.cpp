// Lab 3, extension. `make lab-run LAB=3` builds this with your file and runs it.
//
// How many maps of a network of 64 layers are in memory at once, at the worst moment of forward and
// backward, where every `length` layers are checkpointed: of them only the input is kept, and the
// rest computed once more on the way back.
#include <fmt/core.h>

#include "autograd/checkpoint.h"
#include "autograd/ops.h"
#include "tensor/storage.h"

using namespace kintsugi;

namespace {

constexpr int kLayers = 64;
constexpr int64_t kNumbers = 100'000;

Variable layers(Variable x, int count) {
  for (int i = 0; i < count; ++i) x = tanh(x);
  return x;
}

/// In maps, above what was there before.
double peak(const Tensor& picture, int length) {
  const Variable x(picture, true);
  const size_t before = memory_statistics(Device::cpu).current;
  reset_peak_memory(Device::cpu);
  Variable y = x;
  for (int i = 0; i < kLayers; i += length)
    y = length == 1
            ? tanh(y)
            : checkpoint([length](const Variables& in) { return layers(in[0], length); }, {y});
  y.backward(Variable(picture));
  const size_t bytes = memory_statistics(Device::cpu).peak - before;
  return static_cast<double>(bytes) / static_cast<double>(picture.bytes());
}

}  // namespace

int main() {
  const Tensor picture = Tensor::full({kNumbers}, 0.5);
  for (const int length : {1, 2, 4, 8, 16, 32, 64})
    fmt::print("{:2} layers in one piece: {:5.1f} maps{}\n", length, peak(picture, length),
               length == 1 ? " (nothing is computed twice)" : "");
}

// Lab 8, extension. `make lab-run LAB=8` builds this with your files and runs it.
//
// Puts one and the same value into many batches of random numbers, of mean 0 and variance 1, and
// prints what batch normalisation makes of it: the mean of the results, and how far they scatter.
// Each channel is a batch of its own.
#include <fmt/core.h>

#include <cmath>

#include "autograd/ops.h"
#include "tensor/random.h"

int main() {
  using namespace kintsugi;
  constexpr double kValue = 1;
  constexpr int64_t kBatches = 4000;
  const NoGrad no_grad;
  const Variable gamma(Tensor::full({kBatches}, 1)), beta(Tensor::zeros({kBatches}));
  Generator generator{.seed = 1};
  for (int64_t size = 4; size <= 1024; size *= 4) {
    const Tensor x = normal({size, kBatches}, 0, 1, generator);
    for (int64_t batch = 0; batch < kBatches; ++batch)
      x.data<float>()[batch] = static_cast<float>(kValue);
    const Tensor y = batch_norm(Variable(x), gamma, beta).y.value();
    const Tensor results = ops::slice(y, 0, 0, 1);
    const double mean = ops::mean(results).item();
    const double scatter = std::sqrt(ops::mean(ops::square(ops::affine(results, 1, -mean))).item());
    fmt::print("batches of {:4}: {:g} becomes {:5.3f}, give or take {:5.3f}\n", size, kValue, mean,
               scatter);
  }
}

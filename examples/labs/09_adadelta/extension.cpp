// Lab 9, extension. `make lab-run LAB=9` builds this with your files and runs it.
//
// One weight whose gradient never changes: how long ADADELTA's steps are, the first, the tenth, and
// so on, for gradients of several sizes.
#include <fmt/core.h>

#include "layers/optimizer.h"

using namespace kintsugi;

namespace {

constexpr double kEps = 1e-6, kRho = 0.9;
constexpr int kSteps = 10'000;

void print_steps(double gradient) {
  const TensorOptions options{.dtype = DType::float64};
  Variable w(Tensor::zeros({1}, options), true);
  Adadelta optimizer({{.name = "w", .variable = w}}, {.rho = kRho, .eps = kEps});
  fmt::print("gradient {:7g}:", gradient);
  int next = 1;
  for (int step = 1; step <= kSteps; ++step) {
    const double before = w.item();
    w.set_grad(Variable(Tensor::full({1}, gradient, options)));
    optimizer.step();
    if (step != next) continue;
    fmt::print("  {:.3e}", before - w.item());
    next *= 10;
  }
  fmt::print("   way {:.4g}\n", -w.item());
}

}  // namespace

int main() {
  fmt::print("length of step:            1         10        100       1000      10000\n");
  for (const double gradient : {1e4, 1.0, 1e-2, 1e-3, 1e-4, 1e-6}) print_steps(gradient);
}

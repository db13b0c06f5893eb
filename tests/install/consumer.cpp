// A program of another project's, as `make test-install` builds it: the whole library from one
// pkg-config line. The gradient of Σ x² is 2x.
#include "autograd/ops.h"
#include "layers/conv2d.h"

int main() {
  using namespace kintsugi;
  Variable x(Tensor::from({1, 2, 3}, {3}), true);
  sum(square(x)).backward();
  bool right = x.grad().value().to_vector() == std::vector<double>{2, 4, 6};

  Conv2d conv({.in = 3, .out = 8, .kernel = 3, .padding = 1});
  Variable y = conv(Variable(Tensor::zeros({1, 4, 4, 3})));
  return right && y.shape() == Shape{1, 4, 4, 8} ? 0 : 1;
}

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tensor/ops.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

constexpr LossTerm kTerms[] = {LossTerm::squared_error, LossTerm::absolute_error,
                               LossTerm::bce_with_logits};

LossInput on_cuda(const LossInput& in) {
  LossInput moved{.x = on_cuda(in.x), .target = in.target};
  if (in.targets.defined()) moved.targets = on_cuda(in.targets);
  if (in.weights.defined()) moved.weights = on_cuda(in.weights);
  return moved;
}

/// Value and gradient against the CPU's.
void check_loss(const LossInput& in) {
  const Tensor dy = Tensor::full({1}, 0.75, in.x.options());
  for (const LossTerm term : kTerms) {
    const LossInput moved = on_cuda(in);
    check_close(ops::loss("loss", term, moved), ops::loss("loss", term, in));
    check_close(ops::loss_grad("loss", term, moved, on_cuda(dy)),
                ops::loss_grad("loss", term, in, dy));
  }
}

}  // namespace

TEST_CASE("cuda: losses and their gradients are the CPU's, with and without targets and weights") {
  for (const DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : {Shape{1}, Shape{3, 5}, Shape{2, 7, 9, 3}, Shape{1, 70000, 3}}) {
      const Tensor x = random_tensor(shape, dtype, 1), t = random_tensor(shape, dtype, 2);
      check_loss({.x = x, .target = 0.25});
      check_loss({.x = x, .targets = t});
      check_loss({.x = x, .targets = t, .weights = random_tensor(shape, dtype, 3)});
      check_loss({.x = x, .targets = t, .weights = random_tensor(shape.with(-1, 1), dtype, 4)});
    }
}

TEST_CASE("cuda: binary cross entropy of large logits neither overflows nor cancels, a NaN stays") {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  const Tensor x = Tensor::from({1000, -1000, 40, -40}, {4});
  check_loss({.x = x, .target = 1});
  check_loss({.x = x, .target = 0});
  const Tensor broken = Tensor::from({1, kNaN}, {2});
  for (const LossTerm term : kTerms) {
    const LossInput in{.x = on_cuda(broken), .target = 1};
    CHECK(std::isnan(ops::loss("loss", term, in).item()));
    const Tensor dy = Tensor::full({1}, 1, in.x.options());
    CHECK(std::isnan(ops::loss_grad("loss", term, in, dy).to_vector()[1]));
  }
}

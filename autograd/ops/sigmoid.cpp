// Logistic function: y = 1 / (1 + e⁻ˣ), a number between 0 and 1: a probability.
//
// The derivative is e⁻ˣ / (1 + e⁻ˣ)². One factor is y, and the other, e⁻ˣ / (1 + e⁻ˣ), is what y
// lacks of 1:
//
//   dx = dy·y·(1 − y)
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable sigmoid(const Variable& x) {
  return record("sigmoid", ops::sigmoid(x.value()), {x}, [](const Variable& dy, const Variable& y) {
    return Grads{dy * (y * affine(y, -1, 1))};
  });
}

namespace {

const RegisterOp registered{{.name = "sigmoid",
                             .formula = "1 / (1 + e⁻ˣ)",
                             .derivative = "dx = dy·y·(1 − y)",
                             .samples = elementwise_samples(sigmoid, {.low = -3, .high = 3})}};

}  // namespace

}  // namespace kintsugi

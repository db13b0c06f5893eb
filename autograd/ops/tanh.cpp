// Hyperbolic tangent: y = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ).
//
// The quotient rule, with numerator s and denominator c, s′ = c and c′ = s, gives
// (c² − s²)/c² = 1 − y²:
//
//   dx = dy·(1 − y²)
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable tanh(const Variable& x) {
  return record("tanh", ops::tanh(x.value()), {x}, [](const Variable& dy, const Variable& y) {
    return Grads{dy * affine(square(y), -1, 1)};
  });
}

namespace {

const RegisterOp registered{{.name = "tanh",
                             .formula = "tanh x",
                             .derivative = "dx = dy·(1 − y²)",
                             .samples = elementwise_samples(tanh, {.low = -2, .high = 2})}};

}  // namespace

}  // namespace kintsugi

// Reciprocal: y = 1/x, for x ≠ 0.
//
// The derivative of x⁻¹ is −x⁻² = −y², so the output is all that backward needs:
//
//   dx = −dy·y²
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable reciprocal(const Variable& x) {
  return record(
      "reciprocal", ops::reciprocal(x.value()), {x},
      [](const Variable& dy, const Variable& y) { return Grads{negate(dy * square(y))}; });
}

namespace {

const RegisterOp registered{{.name = "reciprocal",
                             .formula = "1 / x",
                             .derivative = "dx = −dy·y²",
                             .samples = elementwise_samples(reciprocal, {.low = 0.5, .high = 2})}};

}  // namespace

}  // namespace kintsugi

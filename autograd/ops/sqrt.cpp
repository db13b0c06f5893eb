// Square root: y = √x, for x > 0.
//
// From y² = x follows 2y·dy/dx = 1, so the derivative is 1/(2y), infinite at x = 0:
//
//   dx = dy / (2·y)
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable sqrt(const Variable& x) {
  return record("sqrt", ops::sqrt(x.value()), {x},
                [](const Variable& dy, const Variable& y) { return Grads{0.5 * (dy / y)}; });
}

namespace {

const RegisterOp registered{{.name = "sqrt",
                             .formula = "√x",
                             .derivative = "dx = dy / (2·y)",
                             .samples = elementwise_samples(sqrt, {.low = 0.3, .high = 2})}};

}  // namespace

}  // namespace kintsugi

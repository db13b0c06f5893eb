// Softplus: y = log(1 + eˣ), a smooth max(x, 0).
//
// The chain rule gives eˣ / (1 + eˣ), which is the logistic function of x:
//
//   dx = dy·sigmoid(x)
//
// It is the cross entropy of a logit: −log(sigmoid(x)) = softplus(−x), without the overflow that
// computing the logistic function first would risk.
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable softplus(const Variable& x) {
  return record("softplus", ops::softplus(x.value()), {x},
                [x](const Variable& dy, const Variable&) { return Grads{dy * sigmoid(x)}; });
}

namespace {

const RegisterOp registered{{.name = "softplus",
                             .formula = "log(1 + eˣ)",
                             .derivative = "dx = dy·sigmoid(x)",
                             .samples = elementwise_samples(softplus, {.low = -3, .high = 3})}};

}  // namespace

}  // namespace kintsugi

// Exponential: y = eˣ.
//
// The function that is its own derivative, so the output is all that backward needs:
//
//   dx = dy·y
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable exp(const Variable& x) {
  return record("exp", ops::exp(x.value()), {x},
                [](const Variable& dy, const Variable& y) { return Grads{dy * y}; });
}

namespace {

const RegisterOp registered{{.name = "exp",
                             .formula = "eˣ",
                             .derivative = "dx = dy·y",
                             .samples = elementwise_samples(exp)}};

}  // namespace

}  // namespace kintsugi

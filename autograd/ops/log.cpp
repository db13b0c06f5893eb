// Natural logarithm: y = ln x, for x > 0.
//
// It undoes the exponential: x = e^y, so dx/dy = e^y = x, and the derivative the other way is 1/x:
//
//   dx = dy / x
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable log(const Variable& x) {
  return record("log", ops::log(x.value()), {x},
                [x](const Variable& dy, const Variable&) { return Grads{dy / x}; });
}

namespace {

const RegisterOp registered{{.name = "log",
                             .formula = "ln x",
                             .derivative = "dx = dy / x",
                             .samples = elementwise_samples(log, {.low = 0.3, .high = 2})}};

}  // namespace

}  // namespace kintsugi

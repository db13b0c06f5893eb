// Square: y = x².
//
//   dx = 2·x·dy
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable square(const Variable& x) {
  return record("square", ops::square(x.value()), {x},
                [x](const Variable& dy, const Variable&) { return Grads{2.0 * (dy * x)}; });
}

namespace {

const RegisterOp registered{{.name = "square",
                             .formula = "x²",
                             .derivative = "dx = 2·x·dy",
                             .samples = elementwise_samples(square)}};

}  // namespace

}  // namespace kintsugi

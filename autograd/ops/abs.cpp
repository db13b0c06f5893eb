// Absolute value: y = |x|.
//
// A line of slope −1 that turns into one of slope 1 at 0, where there is no derivative and 0 is
// taken. The slope does not change with x anywhere else, so it enters as a constant:
//
//   dx = dy·sign(x)
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable abs(const Variable& x) {
  return record("abs", ops::abs(x.value()), {x}, [x](const Variable& dy, const Variable&) {
    return Grads{dy * Variable(ops::sign(x.value()))};
  });
}

namespace {

const RegisterOp registered{{.name = "abs",
                             .formula = "|x|",
                             .derivative = "dx = dy·sign(x)",
                             .kinks = {0},
                             .samples = elementwise_samples(abs)}};

}  // namespace

}  // namespace kintsugi

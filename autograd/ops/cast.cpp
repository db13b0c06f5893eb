// Cast: y is x in another dtype, each number rounded to the nearest that the dtype has. Rounding is
// a staircase, whose derivative is 0 almost everywhere and says nothing; what a gradient should see
// is the line that the staircase follows, y = x:
//
//   dx = dy, in the dtype of x
//
// This is how weights are kept in float32 and multiplied in bfloat16 (layers/precision.h): their
// gradient arrives in float32, too, and an update that is smaller than a bfloat16's last digit
// still counts.
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable cast(const Variable& x, DType dtype) {
  return record("cast", ops::cast(x.value(), dtype), {x},
                [from = x.value().dtype()](const Variable& dy, const Variable&) {
                  return Grads{cast(dy, from)};
                });
}

namespace {

const RegisterOp registered{
    {.name = "cast",
     .formula = "x in another dtype",
     .derivative = "dx = dy in the dtype of x",
     .samples = {{.inputs = {{.shape = {2, 3}}},
                  .apply = [](const Variables& in) { return cast(in[0], DType::float64); },
                  .label = "to float64, in which gradients are checked"}}}};

}  // namespace

}  // namespace kintsugi

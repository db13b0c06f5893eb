// Quotient: y = a / b, elementwise with broadcasting.
//
// By a it is linear with slope 1/b. By b the quotient rule gives −a/b², which is −y/b: the output
// saves a division. Summed over the places to which an operand was broadcast (see add.cpp):
//
//   da = sum_to(dy / b, shape of a)
//   db = sum_to(−(dy / b)·y, shape of b)
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable divide(const Variable& a, const Variable& b) {
  return record("divide", ops::divide(a.value(), b.value()), {a, b},
                [a, b](const Variable& dy, const Variable& y) {
                  const Variable share = dy / b;
                  return Grads{
                      a.requires_grad() ? sum_to(share, a.shape()) : Variable(),
                      b.requires_grad() ? negate(sum_to(share * y, b.shape())) : Variable()};
                });
}

namespace {

const RegisterOp registered{
    {.name = "divide",
     .formula = "a / b",
     .derivative = "da = dy / b, db = −dy·y / b",
     .samples = broadcasting_samples(divide, {-1, 1}, {.low = 0.5, .high = 2})}};

}  // namespace

}  // namespace kintsugi

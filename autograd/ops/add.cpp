// Sum and difference: y = a + b and y = a − b, elementwise with broadcasting.
//
// Both are linear, with derivatives 1 by a and ±1 by b. Where an operand was broadcast, one of its
// elements takes part in many sums y_j = a_i + b_j; by the chain rule its gradient is the sum over
// all of them, which is what sum_to does:
//
//   da = sum_to(dy, shape of a)
//   db = ±sum_to(dy, shape of b)
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable add(const Variable& a, const Variable& b) {
  return record("add", ops::add(a.value(), b.value()), {a, b},
                [a, b](const Variable& dy, const Variable&) {
                  return Grads{a.requires_grad() ? sum_to(dy, a.shape()) : Variable(),
                               b.requires_grad() ? sum_to(dy, b.shape()) : Variable()};
                });
}

Variable subtract(const Variable& a, const Variable& b) {
  return record("subtract", ops::subtract(a.value(), b.value()), {a, b},
                [a, b](const Variable& dy, const Variable&) {
                  return Grads{a.requires_grad() ? sum_to(dy, a.shape()) : Variable(),
                               b.requires_grad() ? negate(sum_to(dy, b.shape())) : Variable()};
                });
}

namespace {

const RegisterOp add_info{{.name = "add",
                           .formula = "a + b",
                           .derivative = "da = dy, db = dy",
                           .samples = broadcasting_samples(add)}};
const RegisterOp subtract_info{{.name = "subtract",
                                .formula = "a − b",
                                .derivative = "da = dy, db = −dy",
                                .samples = broadcasting_samples(subtract)}};

}  // namespace

}  // namespace kintsugi

// Product: y = a·b, elementwise with broadcasting.
//
// The product rule: d(a·b) = b·da + a·db. Each operand's gradient is dy times the other operand,
// summed over the places to which it was broadcast (see add.cpp):
//
//   da = sum_to(dy·b, shape of a)
//   db = sum_to(dy·a, shape of b)
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable multiply(const Variable& a, const Variable& b) {
  return record("multiply", ops::multiply(a.value(), b.value()), {a, b},
                [a, b](const Variable& dy, const Variable&) {
                  return Grads{a.requires_grad() ? sum_to(dy * b, a.shape()) : Variable(),
                               b.requires_grad() ? sum_to(dy * a, b.shape()) : Variable()};
                });
}

namespace {

const RegisterOp registered{{.name = "multiply",
                             .formula = "a·b",
                             .derivative = "da = dy·b, db = dy·a",
                             .samples = broadcasting_samples(multiply)}};

}  // namespace

}  // namespace kintsugi

// The larger and the smaller of two: y = max(a, b) and y = min(a, b), elementwise with
// broadcasting.
//
// Where a and b differ, y follows one of them with slope 1 and does not feel the other: the
// gradient goes to the one chosen. Where they are equal there is no derivative, but a choice to be
// made; here a is taken. As "b is strictly larger" (for max; "b is strictly smaller" for min) has a
// mask c of zeros and ones, constant near every point that has a derivative:
//
//   da = sum_to(c ? 0 : dy, shape of a)
//   db = sum_to(c ? dy : 0, shape of b)
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

Grads shared_out(const Variable& dy, const Tensor& b_chosen, const Variable& a, const Variable& b) {
  const Variable zero(Tensor::scalar(0, dy.options()));
  return {a.requires_grad() ? sum_to(where(b_chosen, zero, dy), a.shape()) : Variable(),
          b.requires_grad() ? sum_to(where(b_chosen, dy, zero), b.shape()) : Variable()};
}

}  // namespace

Variable maximum(const Variable& a, const Variable& b) {
  return record("maximum", ops::maximum(a.value(), b.value()), {a, b},
                [a, b](const Variable& dy, const Variable&) {
                  return shared_out(dy, ops::greater(b.value(), a.value()), a, b);
                });
}

Variable minimum(const Variable& a, const Variable& b) {
  return record("minimum", ops::minimum(a.value(), b.value()), {a, b},
                [a, b](const Variable& dy, const Variable&) {
                  return shared_out(dy, ops::greater(a.value(), b.value()), a, b);
                });
}

namespace {

// Without the two scalars: one of them would get no gradient at all.
std::vector<Sample> samples(Variable (*op)(const Variable&, const Variable&)) {
  std::vector<Sample> result = broadcasting_samples(op);
  result.pop_back();
  return result;
}

const RegisterOp maximum_info{{.name = "maximum",
                               .formula = "max(a, b)",
                               .derivative = "dy to the larger, to a on ties",
                               .differences_kink = true,
                               .samples = samples(maximum)}};
const RegisterOp minimum_info{{.name = "minimum",
                               .formula = "min(a, b)",
                               .derivative = "dy to the smaller, to a on ties",
                               .differences_kink = true,
                               .samples = samples(minimum)}};

}  // namespace

}  // namespace kintsugi

// Choice: y = a where condition ≠ 0, b elsewhere; all three broadcast.
//
// A constant mask lets through one operand or the other, so y is linear in both, and each gets the
// gradient of the places where it was chosen:
//
//   da = sum_to(condition ? dy : 0, shape of a)
//   db = sum_to(condition ? 0 : dy, shape of b)
//
// Unlike a product with zeros and ones, a choice keeps an infinity or a NaN on the side that is not
// chosen from spoiling the gradient.
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable where(const Tensor& condition, const Variable& a, const Variable& b) {
  return record(
      "where", ops::where(condition, a.value(), b.value()), {a, b},
      [condition, a, b](const Variable& dy, const Variable&) {
        const Variable zero(Tensor::scalar(0, dy.options()));
        return Grads{
            a.requires_grad() ? sum_to(where(condition, dy, zero), a.shape()) : Variable(),
            b.requires_grad() ? sum_to(where(condition, zero, dy), b.shape()) : Variable()};
      });
}

namespace {

/// The condition is "above the mean", so that both sides are chosen somewhere.
Sample sample(const Shape& condition, const Shape& a, const Shape& b, const char* label) {
  return {.inputs = {{.shape = condition, .differentiable = false}, {.shape = a}, {.shape = b}},
          .apply =
              [](const Variables& in) {
                const Tensor& x = in[0].value();
                return where(ops::greater(x, ops::mean(x)), in[1], in[2]);
              },
          .label = label};
}

const RegisterOp registered{
    {.name = "where",
     .formula = "condition ≠ 0 ? a : b",
     .derivative = "dy to the one chosen",
     .samples = {sample({2, 3, 4}, {2, 3, 4}, {2, 3, 4}, ""),
                 sample({2, 6, 1}, {6, 4}, {}, "broadcast to the condition"),
                 sample({8}, {2, 3, 1}, {3, 8}, "condition broadcast")}}};

}  // namespace

}  // namespace kintsugi

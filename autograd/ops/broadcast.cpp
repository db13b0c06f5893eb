// Repeating along axes, and summing back.
//
// broadcast_to repeats x along axes of extent 1 (and new ones in front) until it has the shape;
// sum_to sums over those axes. Both are linear, and each is the other's transpose: one element of x
// is copied to many places, so its gradient is the sum of theirs; many elements are summed into
// one, so each gets that one's gradient.
//
//   broadcast_to: dx = sum_to(dy, shape of x)
//   sum_to:       dx = broadcast_to(dy, shape of x)
//
// The gradient of every op that broadcasts its operands ends in sum_to.
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable broadcast_to(const Variable& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  return record(
      "broadcast_to", ops::broadcast_to(x.value(), shape), {x},
      [from = x.shape()](const Variable& dy, const Variable&) { return Grads{sum_to(dy, from)}; });
}

Variable sum_to(const Variable& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  return record("sum_to", ops::sum_to(x.value(), shape), {x},
                [from = x.shape()](const Variable& dy, const Variable&) {
                  return Grads{broadcast_to(dy, from)};
                });
}

namespace {

using Op = Variable (*)(const Variable&, const Shape&);

Sample sample(Op op, const Shape& from, const Shape& to, const char* label) {
  return {.inputs = {{.shape = from}},
          .apply = [=](const Variables& in) { return op(in[0], to); },
          .label = label};
}

const RegisterOp broadcast_to_info{
    {.name = "broadcast_to",
     .formula = "x repeated to a shape",
     .derivative = "dx = sum_to(dy)",
     .samples = {sample(broadcast_to, {4}, {2, 3, 4}, "new axes in front"),
                 sample(broadcast_to, {2, 1, 4}, {2, 3, 4}, "an axis of extent 1"),
                 sample(broadcast_to, {3, 1}, {2, 3, 2}, "both"),
                 sample(broadcast_to, {}, {2, 3}, "a scalar")}}};

const RegisterOp sum_to_info{{.name = "sum_to",
                              .formula = "x summed to a shape",
                              .derivative = "dx = broadcast_to(dy)",
                              .samples = {sample(sum_to, {2, 3, 4}, {4}, "axes in front"),
                                          sample(sum_to, {2, 3, 4}, {2, 1, 4}, "an axis kept as 1"),
                                          sample(sum_to, {2, 3, 2}, {3, 1}, "both"),
                                          sample(sum_to, {2, 3}, {}, "to a scalar")}}};

}  // namespace

}  // namespace kintsugi

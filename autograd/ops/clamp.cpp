// Clamp: y = min(max(x, low), high).
//
// Between the bounds y follows x with slope 1; outside it stands still. At the bounds themselves
// there is no derivative and 0 is taken. The mask "low < x < high" is constant wherever there is a
// derivative:
//
//   dx = dy where low < x < high, else 0
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable clamp(const Variable& x, double low, double high) {
  return record("clamp", ops::clamp(x.value(), low, high), {x},
                [x, low, high](const Variable& dy, const Variable&) {
                  const Variable zero(Tensor::scalar(0, dy.options()));
                  return Grads{where(ops::in_range(x.value(), low, high), dy, zero)};
                });
}

namespace {

const RegisterOp registered{
    {.name = "clamp",
     .formula = "min(max(x, low), high)",
     .derivative = "dx = dy where low < x < high, else 0",
     .kinks = {-0.5, 0.9},
     .samples = {{.inputs = {{.shape = {2, 3, 2, 4}}},
                  .apply = [](const Variables& in) { return clamp(in[0], -0.5, 0.9); }},
                 {.inputs = {{.shape = {1}, .low = 0, .high = 0.5}},
                  .apply = [](const Variables& in) { return clamp(in[0], -0.5, 0.9); },
                  .label = "one element"}}}};

}  // namespace

}  // namespace kintsugi

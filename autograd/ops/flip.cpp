// One axis read backwards: y_i = x_(n−1−i).
//
// The numbers change places in pairs, and their gradients change back:
//
//   dx = flip(dy)
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable flip(const Variable& x, int axis) {
  return record("flip", ops::flip(x.value(), axis), {x},
                [axis](const Variable& dy, const Variable&) { return Grads{flip(dy, axis)}; });
}

namespace {

const RegisterOp registered{
    {.name = "flip",
     .formula = "x read backwards along an axis",
     .derivative = "dx = dy read backwards",
     .samples = {{.inputs = {{.shape = {2, 3, 4}}},
                  .apply = [](const Variables& in) { return flip(in[0], 1); }},
                 {.inputs = {{.shape = {2, 3, 2, 2}}},
                  .apply = [](const Variables& in) { return flip(in[0], -2); },
                  .label = "negative axis"}}}};

}  // namespace

}  // namespace kintsugi

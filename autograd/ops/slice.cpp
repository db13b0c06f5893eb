// A range of one axis, and its transpose.
//
// slice takes the entries start … start + length − 1 of an axis; slice_grad puts x there and zeros
// elsewhere. What a slice leaves out cannot change it, so its gradient is 0 there; what slice_grad
// adds does not depend on x. Each is the other's gradient:
//
//   slice:      dx = slice_grad(dy, axis, start, extent of x)
//   slice_grad: dx = slice(dy, axis, start, length of x)
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable slice(const Variable& x, int axis, int64_t start, int64_t length) {
  return record("slice", ops::slice(x.value(), axis, start, length), {x},
                [axis, start, extent = x.size(axis)](const Variable& dy, const Variable&) {
                  return Grads{slice_grad(dy, axis, start, extent)};
                });
}

Variable slice_grad(const Variable& x, int axis, int64_t start, int64_t extent) {
  return record("slice_grad", ops::slice_grad(x.value(), axis, start, extent), {x},
                [axis, start, length = x.size(axis)](const Variable& dy, const Variable&) {
                  return Grads{slice(dy, axis, start, length)};
                });
}

namespace {

const RegisterOp slice_info{
    {.name = "slice",
     .formula = "entries start … start + length − 1 of an axis",
     .derivative = "dx = dy there, 0 elsewhere",
     .samples = {{.inputs = {{.shape = {2, 5, 3}}},
                  .apply = [](const Variables& in) { return slice(in[0], 1, 1, 3); }},
                 {.inputs = {{.shape = {3, 4}}},
                  .apply = [](const Variables& in) { return slice(in[0], -1, 3, 1); },
                  .label = "the last entry of the last axis"},
                 {.inputs = {{.shape = {3, 2}}},
                  .apply = [](const Variables& in) { return slice(in[0], 0, 0, 3); },
                  .label = "everything"}}}};

const RegisterOp slice_grad_info{
    {.name = "slice_grad",
     .formula = "zeros, with x at start of an axis",
     .derivative = "dx = dy there",
     .samples = {{.inputs = {{.shape = {2, 3, 3}}},
                  .apply = [](const Variables& in) { return slice_grad(in[0], 1, 1, 5); }},
                 {.inputs = {{.shape = {3, 1}}},
                  .apply = [](const Variables& in) { return slice_grad(in[0], -1, 3, 4); },
                  .label = "the last entry of the last axis"}}}};

}  // namespace

}  // namespace kintsugi

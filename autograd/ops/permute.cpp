// Permutation of axes: axis i of y is axis axes[i] of x; transpose exchanges the last two.
//
// The numbers move and stay what they are, so their gradients move back: by the inverse
// permutation, which for transpose is transpose itself.
//
//   permute:   dx = permute(dy, inverse of axes)
//   transpose: dx = transpose(dy)
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

std::vector<int> inverse(const std::vector<int>& axes, const Shape& shape) {
  std::vector<int> result(axes.size());
  for (size_t i = 0; i < axes.size(); ++i)
    result[static_cast<size_t>(shape.normalise_axis(axes[i]))] = static_cast<int>(i);
  return result;
}

}  // namespace

Variable permute(const Variable& x, const std::vector<int>& axes) {
  return record("permute", ops::permute(x.value(), axes), {x},
                [back = inverse(axes, x.shape())](const Variable& dy, const Variable&) {
                  return Grads{permute(dy, back)};
                });
}

Variable transpose(const Variable& x) {
  return record("transpose", ops::transpose(x.value()), {x},
                [](const Variable& dy, const Variable&) { return Grads{transpose(dy)}; });
}

namespace {

const RegisterOp permute_info{{.name = "permute",
                               .formula = "x with its axes in another order",
                               .derivative = "dx = dy with the axes put back",
                               .samples = {{.inputs = {{.shape = {2, 3, 4, 2}}},
                                            .apply =
                                                [](const Variables& in) {
                                                  return permute(in[0], {0, 3, 1, 2});
                                                },
                                            .label = "channels first"},
                                           {.inputs = {{.shape = {2, 3, 4}}},
                                            .apply =
                                                [](const Variables& in) {
                                                  return permute(in[0], {-1, 0, -2});
                                                },
                                            .label = "negative axes"}}}};

const RegisterOp transpose_info{
    {.name = "transpose",
     .formula = "xᵀ, the last two axes exchanged",
     .derivative = "dx = dyᵀ",
     .samples = {{.inputs = {{.shape = {3, 4}}},
                  .apply = [](const Variables& in) { return transpose(in[0]); }},
                 {.inputs = {{.shape = {2, 3, 4}}},
                  .apply = [](const Variables& in) { return transpose(in[0]); },
                  .label = "a batch of matrices"}}}};

}  // namespace

}  // namespace kintsugi

// Rectified linear unit: y = max(x, 0).
//
// Its derivative is 1 where x > 0 and 0 where x < 0; at 0, where it has none, 0 is taken. Since
// x > 0 exactly where y > 0, the output serves as the mask, and x need not be kept:
//
//   dx = relu_grad(dy, y) = dy where y > 0, else 0
//
// relu_grad is linear in dy with the same mask, so its gradient is relu_grad again; by y it is 0
// wherever it has a derivative.
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable relu(const Variable& x) {
  return record("relu", ops::relu(x.value()), {x},
                [](const Variable& dy, const Variable& y) { return Grads{relu_grad(dy, y)}; });
}

Variable relu_grad(const Variable& dy, const Variable& y) {
  return record("relu_grad", ops::relu_grad(dy.value(), y.value()), {dy, y},
                [dy, mask = y.detach()](const Variable& ddy, const Variable&) {
                  return Grads{
                      dy.requires_grad() ? sum_to(relu_grad(ddy, mask), dy.shape()) : Variable(),
                      Variable()};
                });
}

namespace {

const RegisterOp relu_info{{.name = "relu",
                            .formula = "max(x, 0)",
                            .derivative = "dx = dy where x > 0, else 0",
                            .kinks = {0},
                            .samples = elementwise_samples(relu)}};

const RegisterOp relu_grad_info{
    {.name = "relu_grad",
     .formula = "dy where y > 0, else 0",
     .derivative = "d(dy) = ddy where y > 0, else 0; nothing by y",
     .kinks = {0},
     .samples = {{.inputs = {{.shape = {2, 3, 4}}, {.shape = {2, 3, 4}, .differentiable = false}},
                  .apply = [](const Variables& in) { return relu_grad(in[0], in[1]); }},
                 {.inputs = {{.shape = {4}}, {.shape = {2, 3, 4}, .differentiable = false}},
                  .apply = [](const Variables& in) { return relu_grad(in[0], in[1]); },
                  .label = "dy broadcast"}}}};

}  // namespace

}  // namespace kintsugi

// Leaky rectified linear unit (Maas et al. 2013): y = x where x > 0, slope·x elsewhere.
//
// Two straight lines that meet at 0, where the lower one's slope is taken for the derivative. With
// slope ≥ 0, x > 0 exactly where y > 0, so the output serves as the mask (see relu.cpp); a negative
// slope would fold the lower half over the upper one, and is refused:
//
//   dx = leaky_relu_grad(dy, y) = dy where y > 0, else slope·dy
//
// leaky_relu_grad is linear in dy with the same mask, so its gradient is leaky_relu_grad again; by
// y it is 0 wherever it has a derivative.
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable leaky_relu(const Variable& x, double slope) {
  check(slope >= 0, "leaky_relu: slope {} must not be negative", slope);
  return record("leaky_relu", ops::leaky_relu(x.value(), slope), {x},
                [slope](const Variable& dy, const Variable& y) {
                  return Grads{leaky_relu_grad(dy, y, slope)};
                });
}

Variable leaky_relu_grad(const Variable& dy, const Variable& y, double slope) {
  return record("leaky_relu_grad", ops::leaky_relu_grad(dy.value(), y.value(), slope), {dy, y},
                [dy, slope, mask = y.detach()](const Variable& ddy, const Variable&) {
                  return Grads{dy.requires_grad()
                                   ? sum_to(leaky_relu_grad(ddy, mask, slope), dy.shape())
                                   : Variable(),
                               Variable()};
                });
}

namespace {

const RegisterOp leaky_relu_info{
    {.name = "leaky_relu",
     .formula = "x where x > 0, else slope·x",
     .derivative = "dx = dy where x > 0, else slope·dy",
     .kinks = {0},
     .samples = elementwise_samples([](const Variable& x) { return leaky_relu(x, 0.2); })}};

const RegisterOp leaky_relu_grad_info{
    {.name = "leaky_relu_grad",
     .formula = "dy where y > 0, else slope·dy",
     .derivative = "d(dy) = ddy where y > 0, else slope·ddy; nothing by y",
     .kinks = {0},
     .samples = {{.inputs = {{.shape = {2, 3, 4}}, {.shape = {2, 3, 4}, .differentiable = false}},
                  .apply = [](const Variables& in) { return leaky_relu_grad(in[0], in[1], 0.2); }},
                 {.inputs = {{.shape = {4}}, {.shape = {2, 3, 4}, .differentiable = false}},
                  .apply = [](const Variables& in) { return leaky_relu_grad(in[0], in[1], 0.2); },
                  .label = "dy broadcast"}}}};

}  // namespace

}  // namespace kintsugi

// Sum over some axes: y_i = Σ_j x_ij.
//
// Every element of x enters one sum with factor 1, so it gets that sum's gradient: dy repeated
// along the axes that were summed.
//
//   dx_ij = dy_i
#include "autograd/ops/reduced.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable sum(const Variable& x, const std::vector<int>& axes, bool keep_axes) {
  return record("sum", ops::sum(x.value(), axes, keep_axes), {x},
                [shape = x.shape(), axes](const Variable& dy, const Variable&) {
                  return Grads{spread_over(dy, shape, axes)};
                });
}

namespace {

const RegisterOp registered{{.name = "sum",
                             .formula = "Σ x over some axes",
                             .derivative = "dx = dy repeated along these axes",
                             .samples = reduction_samples(sum)}};

}  // namespace

}  // namespace kintsugi

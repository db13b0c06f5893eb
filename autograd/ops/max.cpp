// Largest element over some axes: y_i = max_j x_ij.
//
// y follows its largest element with slope 1 and does not feel the others. Where k elements share
// the maximum there is no derivative; each then gets the k-th part, so that the parts add up to dy
// and no element is preferred. The mask of these parts is constant near every point that has a
// derivative:
//
//   dx_ij = dy_i / k_i where x_ij = y_i, else 0
#include "autograd/ops/reduced.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable max(const Variable& x, const std::vector<int>& axes, bool keep_axes) {
  return record("max", ops::max(x.value(), axes, keep_axes), {x},
                [x, axes](const Variable& dy, const Variable& y) {
                  const Tensor largest = y.value().reshape(with_axes_kept(x.shape(), axes));
                  const Tensor chosen = ops::equal(x.value(), largest);
                  const Variable share(ops::divide(chosen, ops::sum(chosen, axes, true)));
                  return Grads{spread_over(dy, x.shape(), axes) * share};
                });
}

namespace {

const RegisterOp registered{{.name = "max",
                             .formula = "max x over some axes",
                             .derivative = "dy in equal parts to the largest elements",
                             .differences_kink = true,
                             .samples = reduction_samples(max)}};

}  // namespace

}  // namespace kintsugi

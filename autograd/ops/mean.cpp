// Mean over some axes: y_i = (1/n)·Σ_j x_ij, n elements a mean.
//
// A sum with factor 1/n instead of 1 (see sum.cpp), so each element gets its share of the gradient:
//
//   dx_ij = dy_i / n
#include "autograd/ops/reduced.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable mean(const Variable& x, const std::vector<int>& axes, bool keep_axes) {
  return record("mean", ops::mean(x.value(), axes, keep_axes), {x},
                [shape = x.shape(), axes](const Variable& dy, const Variable&) {
                  const double means = static_cast<double>(with_axes_kept(shape, axes).numel());
                  const double share = means / static_cast<double>(shape.numel());  // 1/n
                  return Grads{spread_over(affine(dy, share, 0), shape, axes)};
                });
}

namespace {

const RegisterOp registered{{.name = "mean",
                             .formula = "Σ x / n over some axes",
                             .derivative = "dx = dy / n repeated along these axes",
                             .samples = reduction_samples(mean)}};

}  // namespace

}  // namespace kintsugi

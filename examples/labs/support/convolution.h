#pragma once
#include "autograd/ops.h"
#include "tensor/tensor.h"

namespace kintsugi::lab {

/// The convolution and its gradients from their definition (autograd/ops.h), in plain loops over
/// float64 and with nothing that a lab has students write: what theirs are compared with. Taps
/// outside of the map are left out.

/// y of x [N, H, W, in] and w [kh, kw, in, out].
Tensor convolved(const Tensor& x, const Tensor& w, const Conv2dOptions& options);
/// The gradient of x, of shape `x`, by scattering: each dy goes to all numbers that it came from.
Tensor input_gradient(const Tensor& dy, const Tensor& w, const Shape& x,
                      const Conv2dOptions& options);
/// The gradient of w, of shape `w`.
Tensor weight_gradient(const Tensor& x, const Tensor& dy, const Shape& w,
                       const Conv2dOptions& options);

}  // namespace kintsugi::lab

#pragma once
#include <vector>

#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/backend.h"

namespace kintsugi {

/// The general form of conv_transpose2d, with rows and columns of the output given: dy
/// [N, OH, OW, out], weight [kh, kw, in, out], bias [in] or undefined → [N, height, width, in],
/// where a convolution with these options makes OH × OW of height × width.
Variable conv2d_input_grad(const Variable& dy, const Variable& weight, const Variable& bias,
                           const Conv2dOptions& options, int64_t height, int64_t width);

/// The kernel is read off the weight where there is one.
inline Window window_of(const Conv2dOptions& options, std::array<int64_t, 2> kernel = {1, 1}) {
  return {kernel[0], kernel[1], options.stride, options.padding, options.dilation};
}

/// Σ dy over all axes but the last: the gradient of a bias, one number a channel, in its dtype.
inline Variable bias_grad(const Variable& dy, const Variable& bias) {
  return cast(sum_to(dy, {dy.size(-1)}), bias.value().dtype());
}

}  // namespace kintsugi

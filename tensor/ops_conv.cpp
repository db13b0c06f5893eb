#include "tensor/ops.h"
#include "tensor/ops_check.h"
#include "tensor/profiler.h"

namespace kintsugi::ops {
namespace {

constexpr const char* kMapLayout = "[N, H, W, C]";
constexpr const char* kWeightLayout = "[kh, kw, in, out]";

/// The window with the kernel of a weight.
Window with_kernel(Window window, const Tensor& w) {
  window.kernel_h = w.size(0);
  window.kernel_w = w.size(1);
  return window;
}

void check_epilogue(const char* op, const Tensor& x, const Epilogue& epilogue, int64_t channels) {
  if (!epilogue.bias.defined()) return;
  check_channel_numbers(op, x, epilogue.bias);
  check_has_shape(op, "bias", epilogue.bias, {channels});
}

/// Of the plain convolution, or of either of its gradients: y [N, OH, OW, out], of `in` channels.
OpCost conv_cost(const Tensor& y, const Window& window, int64_t in, int64_t bytes) {
  return {.operations = 2 * y.numel() * window.kernel_h * window.kernel_w * in, .bytes = bytes};
}

/// Throws unless dy [N, OH, OW, ...] is what a convolution makes of a map of height × width.
void check_output(const char* op, const Tensor& dy, const Window& window, int64_t height,
                  int64_t width) {
  const int64_t rows = conv_output_size(op, height, window.kernel_h, window);
  const int64_t columns = conv_output_size(op, width, window.kernel_w, window);
  check_shape(dy.size(1) == rows && dy.size(2) == columns,
              "{}: dy {} must have {} x {} pixels, what a map of {} x {} gives", op, dy.shape(),
              rows, columns, height, width);
}

}  // namespace

int64_t conv_output_size(const char* op, int64_t input, int64_t kernel, const Window& window) {
  const auto [kernel_h, kernel_w, stride, padding, dilation] = window;
  check_shape(kernel >= 1 && stride >= 1 && dilation >= 1 && padding >= 0,
              "{}: kernel {}, stride {} and dilation {} must be at least 1, padding {} at least 0",
              op, kernel, stride, dilation, padding);
  // lab 6: begin rows (or columns) of the output, or a ShapeError where the kernel does not fit
  const int64_t reach = dilation * (kernel - 1) + 1;
  check_shape(input + 2 * padding >= reach,
              "{}: a map of {} with padding {} is smaller than the kernel, {} with dilation {}", op,
              input, padding, kernel, dilation);
  return (input + 2 * padding - reach) / stride + 1;
  // lab 6: end
}

Tensor conv2d(const Tensor& x, const Tensor& w, Window window, const Epilogue& epilogue,
              KeptWeights* kept) {
  check_rank("conv2d", "input", x, 4, kMapLayout);
  check_rank("conv2d", "weight", w, 4, kWeightLayout);
  check_alike("conv2d", x, w);
  check_shape(x.size(3) == w.size(2), "conv2d: input {} has {} channels, but weight {} takes {}",
              x.shape(), x.size(3), w.shape(), w.size(2));
  check_epilogue("conv2d", x, epilogue, w.size(3));
  window = with_kernel(window, w);
  const int64_t rows = conv_output_size("conv2d", x.size(1), window.kernel_h, window);
  const int64_t columns = conv_output_size("conv2d", x.size(2), window.kernel_w, window);
  Tensor y = Tensor::empty({x.size(0), rows, columns, w.size(3)}, x.options());
  const OpSpan span(
      "conv2d", [&] { return conv_cost(y, window, x.size(3), bytes_of(x, w, epilogue.bias, y)); });
  backend(x.device()).conv2d(x, w, window, epilogue, kept, y);
  return y;
}

Tensor conv2d_input_grad(const Tensor& dy, const Tensor& w, Window window, int64_t height,
                         int64_t width, const Epilogue& epilogue, KeptWeights* kept) {
  constexpr const char* kOp = "conv2d_input_grad";
  check_rank(kOp, "dy", dy, 4, kMapLayout);
  check_rank(kOp, "weight", w, 4, kWeightLayout);
  check_alike(kOp, dy, w);
  check_shape(dy.size(3) == w.size(3), "{}: dy {} has {} channels, but weight {} makes {}", kOp,
              dy.shape(), dy.size(3), w.shape(), w.size(3));
  check_epilogue(kOp, dy, epilogue, w.size(2));
  window = with_kernel(window, w);
  check_output(kOp, dy, window, height, width);
  Tensor dx = Tensor::empty({dy.size(0), height, width, w.size(2)}, dy.options());
  const OpSpan span(
      kOp, [&] { return conv_cost(dy, window, w.size(2), bytes_of(dy, w, epilogue.bias, dx)); });
  backend(dy.device()).conv2d_input_grad(dy, w, window, epilogue, kept, dx);
  return dx;
}

Tensor conv2d_weight_grad(const Tensor& x, const Tensor& dy, Window window) {
  constexpr const char* kOp = "conv2d_weight_grad";
  check_rank(kOp, "input", x, 4, kMapLayout);
  check_rank(kOp, "dy", dy, 4, kMapLayout);
  check_alike(kOp, x, dy);
  check_shape(x.size(0) == dy.size(0), "{}: input {} and dy {} are batches of different size", kOp,
              x.shape(), dy.shape());
  check_output(kOp, dy, window, x.size(1), x.size(2));
  Tensor dw = Tensor::empty({window.kernel_h, window.kernel_w, x.size(3), dy.size(3)}, x.options());
  const OpSpan span(kOp, [&] { return conv_cost(dy, window, x.size(3), bytes_of(x, dy, dw)); });
  backend(x.device()).conv2d_weight_grad(x, dy, window, dw);
  return dw;
}

}  // namespace kintsugi::ops

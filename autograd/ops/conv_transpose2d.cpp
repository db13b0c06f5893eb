// Transposed convolution (Dumoulin & Visin 2016, §4): conv2d run backwards. With stride s, padding
// p, dilation d, it puts a copy of the kernel, times x[i, j], at row s·i − p and column s·j − p of
// the output, and adds up what overlaps:
//
//   y[n, r, t, o] = b[o] + Σ x[n, i, j, c]·w[u, v, o, c]   over all s·i − p + d·u = r, and j, v
//                                                          likewise for t
//
// This is the matrix of conv2d transposed: the gradient of conv2d by its input (conv2d.cpp).
// lab 7: hide
// So its own gradients are known: the transpose of the transpose is conv2d itself, and in
// ⟨dy, conv_transpose2d(x, w)⟩ = ⟨conv2d(dy, w), x⟩ dy and x have changed places:
//
//   dx = conv2d(dy, w)        dw = conv2d_weight_grad(dy, x)        db = Σ dy
// lab 7: end
//
// A convolution of stride s makes the same output of up to s sizes of map, so the size of y is not
// known from x's: output_padding says which. (With dilation above the stride output_padding may
// reach the stride too; x then gets rows and columns of zeros, each worth one stride.)
#include <algorithm>

#include "autograd/ops/conv_family.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable conv2d_input_grad(const Variable& dy, const Variable& weight, const Variable& bias,
                           const Conv2dOptions& options, int64_t height, int64_t width) {
  Variables inputs{dy, weight};
  Epilogue epilogue;
  if (bias.defined()) {
    inputs.push_back(bias);
    epilogue.bias = bias.value();
  }
  return record(
      "conv_transpose2d",
      ops::conv2d_input_grad(dy.value(), weight.value(), window_of(options), height, width,
                             epilogue),
      inputs, [inputs, options](const Variable& ddx, const Variable&) {
        const Variable &dy = inputs[0], &weight = inputs[1];
        Grads grads(inputs.size());
        // lab 7: begin the gradients of dy, weight and bias, of those that require one
        if (dy.requires_grad()) grads[0] = conv2d(ddx, weight, {}, options);
        if (weight.requires_grad())
          grads[1] = conv2d_weight_grad(ddx, dy, {weight.size(0), weight.size(1)}, options);
        if (inputs.size() == 3 && inputs[2].requires_grad()) grads[2] = bias_grad(ddx, inputs[2]);
        // lab 7: end
        return grads;
      });
}

namespace {

constexpr const char* kOp = "conv_transpose2d";

void check_arguments(const Variable& input, const Variable& weight, const Variable& bias,
                     const ConvTranspose2dOptions& options) {
  const auto [stride, padding, dilation, output_padding] = options;
  check_shape(input.shape().rank() == 4, "{}: input {} must be [N, H, W, C]", kOp, input.shape());
  check_shape(weight.shape().rank() == 4, "{}: weight {} must be [kh, kw, out, in]", kOp,
              weight.shape());
  check_shape(input.size(3) == weight.size(3),
              "{}: input {} has {} channels, but weight {} takes {}", kOp, input.shape(),
              input.size(3), weight.shape(), weight.size(3));
  check_shape(!bias.defined() || bias.shape() == Shape{weight.size(2)},
              "{}: bias {} must be [{}], the output channels of weight {}", kOp,
              bias.defined() ? bias.shape() : Shape{}, weight.size(2), weight.shape());
  check_shape(stride >= 1 && dilation >= 1 && padding >= 0,
              "{}: stride {} and dilation {} must be at least 1, padding {} at least 0", kOp,
              stride, dilation, padding);
  check_shape(output_padding >= 0 && output_padding < std::max(stride, dilation),
              "{}: output_padding {} must be less than stride {} or dilation {}", kOp,
              output_padding, stride, dilation);
}

/// Rows (or columns) of the output.
int64_t output_size(int64_t input, int64_t kernel, const ConvTranspose2dOptions& options) {
  const auto [stride, padding, dilation, output_padding] = options;
  // lab 7: begin rows (or columns) of the output, in `size`
  // lab 7: instead const int64_t size = 0;
  // lab 7: instead throw std::logic_error("lab 7, part 2: not written yet");
  const int64_t size =
      (input - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1;
  // lab 7: end
  check_shape(size >= 1, "{}: kernel {} and padding {} leave nothing of a map of {}", kOp, kernel,
              padding, input);
  return size;
}

}  // namespace

Variable conv_transpose2d(const Variable& input, const Variable& weight, const Variable& bias,
                          const ConvTranspose2dOptions& options) {
  check_arguments(input, weight, bias, options);
  const int64_t height = output_size(input.size(1), weight.size(0), options);
  const int64_t width = output_size(input.size(2), weight.size(1), options);
  // lab 7: begin y of this height and width, by conv2d_input_grad
  const int64_t zeros = options.output_padding / options.stride;
  return conv2d_input_grad(
      pad(pad(input, 1, 0, zeros), 2, 0, zeros), weight, bias,
      {.stride = options.stride, .padding = options.padding, .dilation = options.dilation}, height,
      width);
  // lab 7: end
}

namespace {

Sample sample(const Shape& input, const Shape& weight, const ConvTranspose2dOptions& options,
              bool bias, const char* label) {
  Sample result{.inputs = {{.shape = input}, {.shape = weight}}, .apply = {}, .label = label};
  if (bias) result.inputs.push_back({.shape = {weight[2]}});
  result.apply = [=](const Variables& in) {
    return conv_transpose2d(in[0], in[1], bias ? in[2] : Variable(), options);
  };
  return result;
}

const RegisterOp registered{
    {.name = kOp,
     .formula = "copies of the kernel times x, added up, + b",
     // lab 7: hide
     // lab 7: instead .derivative = "yours to find",
     .derivative = "dx = conv2d(dy, w), dw = conv2d_weight_grad(dy, x), db = Σ dy",
     // lab 7: end
     .samples = {
         sample({2, 3, 2, 2}, {4, 4, 3, 2}, {.stride = 2, .padding = 1}, true, "twice the size"),
         sample({1, 3, 2, 2}, {3, 3, 1, 2}, {.padding = 1}, false, "stride 1"),
         sample({1, 2, 3, 1}, {3, 3, 2, 1}, {.stride = 2, .padding = 1, .output_padding = 1}, true,
                "output padding"),
         sample({1, 3, 2, 1}, {2, 3, 2, 1}, {.stride = 3}, false, "gaps between the copies"),
         sample({1, 3, 2, 1}, {3, 3, 2, 1}, {.padding = 2, .dilation = 2}, true, "dilation 2"),
         sample({1, 2, 2, 1}, {3, 2, 2, 1},
                {.stride = 2, .padding = 1, .dilation = 3, .output_padding = 2}, true,
                "output padding up to the dilation"),
         sample({1, 1, 1, 1}, {1, 1, 1, 1}, {}, true, "one element"),
         {.inputs = {{.shape = {1, 3, 2, 1}}, {.shape = {3, 2, 2, 1}}},
          .apply =
              [](const Variables& in) {
                return conv2d_input_grad(in[0], in[1], {}, {.stride = 2}, 8, 4);
              },
          .label = "one more row, not column, than the windows reach"}}}};

}  // namespace

}  // namespace kintsugi

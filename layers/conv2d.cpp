#include "layers/conv2d.h"

#include <utility>

#include "autograd/ops.h"
#include "layers/layer_sample.h"
#include "layers/precision.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tensor/profiler.h"

namespace kintsugi {

namespace {

Shape weight_shape(const ConvolutionOptions& options, bool transposed) {
  int64_t rows = options.kernel;
  return transposed ? Shape{rows, rows, options.out, options.in}
                    : Shape{rows, rows, options.in, options.out};
}

void check_options(const char* op, const ConvolutionOptions& options) {
  check(options.in > 0 && options.out > 0, "{}: {} channels in and {} out; both must be 1 or more",
        op, options.in, options.out);
  check(options.kernel > 0 && options.stride > 0 && options.dilation > 0,
        "{}: kernel {}, stride {}, dilation {} must all be 1 or more", op, options.kernel,
        options.stride, options.dilation);
  check(options.padding >= 0 && options.output_padding >= 0,
        "{}: padding {}, output padding {} must not be negative", op, options.padding,
        options.output_padding);
}

void check_maps(const char* op, const Shape& input, int64_t channels) {
  check_shape(input.rank() == 4 && input[3] == channels, "{}: input {} is not [N, H, W, {}]", op,
              input, channels);
}

std::string describe_convolution(const char* kind, const ConvolutionOptions& options) {
  std::string text = fmt::format("{} {}x{}", kind, options.kernel, options.kernel);
  if (options.stride != 1) text += fmt::format(", stride {}", options.stride);
  if (options.dilation != 1) text += fmt::format(", dilation {}", options.dilation);
  return text + fmt::format(", {} → {}", options.in, options.out);
}

}  // namespace

Window window_of(const ConvolutionOptions& options) {
  return {.kernel_h = options.kernel,
          .kernel_w = options.kernel,
          .stride = options.stride,
          .padding = options.padding,
          .dilation = options.dilation};
}

Convolution::Convolution(const ConvolutionOptions& options, bool transposed, Generator& generator)
    : options_(options), transposed_(transposed) {
  check_options(transposed ? "ConvTranspose2d" : "Conv2d", options);
  // PyTorch takes the second axis of the file's weight, [in, out, kernel, kernel] where transposed.
  int64_t fan_in = options.kernel * options.kernel * (transposed ? options.out : options.in);
  add_parameter("weight", weight_,
                init::pytorch_default(weight_shape(options, transposed), fan_in, generator),
                {.order = DiskLayout::Order::reversed});
  if (options.bias)
    add_parameter("bias", bias_, init::pytorch_default({options.out}, fan_in, generator));
}

Variable Convolution::forward_before_norm(const Variable& x) {
  const Scope scope(name());
  return convolve(x, bias_.defined() ? bias_.detach() : bias_);
}

FoldedConvolution Convolution::fold(const Tensor& scale, const Tensor& shift) const {
  const Tensor columns =  // of [..., out, in], [..., in, out]
      transposed_ ? scale.reshape({scale.numel(), 1}) : scale;
  const Tensor weight = ops::multiply(weight_.value(), columns);
  return {ops::cast(weight, operand_dtype(weight)),
          bias_.defined() ? ops::add(ops::multiply(bias_.value(), scale), shift) : shift,
          {}};
}

std::vector<Footprint> Convolution::footprints() const {
  return {{options_.kernel, options_.stride, options_.padding, options_.dilation, transposed_}};
}

Conv2d::Conv2d(const ConvolutionOptions& options, Generator& generator)
    : Convolution(options, false, generator) {
  check(options.output_padding == 0, "Conv2d: output padding {} is for transposed convolutions",
        options.output_padding);
}

Variable Conv2d::convolve(const Variable& x, const Variable& bias) const {
  return conv2d(
      as_operand(x), as_operand(weight_), bias,
      {.stride = options_.stride, .padding = options_.padding, .dilation = options_.dilation});
}

Variable Conv2d::forward_folded(const Variable& x, FoldedConvolution& folded, bool relu) const {
  return Variable(ops::conv2d(ops::cast(x.value(), folded.weight.dtype()), folded.weight,
                              window_of(options_), {folded.bias, relu}, &folded.kept));
}

std::string Conv2d::describe() const { return describe_convolution("conv", options_); }

Shape Conv2d::output_shape(const Shape& input) const {
  check_maps("Conv2d", input, options_.in);
  Window window = window_of(options_);
  return {input[0], ops::conv_output_size("Conv2d", input[1], options_.kernel, window),
          ops::conv_output_size("Conv2d", input[2], options_.kernel, window), options_.out};
}

int64_t Conv2d::multiply_adds(const Shape& input) const {
  return output_shape(input).numel() * options_.kernel * options_.kernel * options_.in;
}

ConvTranspose2d::ConvTranspose2d(const ConvolutionOptions& options, Generator& generator)
    : Convolution(options, true, generator) {}

Variable ConvTranspose2d::convolve(const Variable& x, const Variable& bias) const {
  return conv_transpose2d(as_operand(x), as_operand(weight_), bias,
                          {.stride = options_.stride,
                           .padding = options_.padding,
                           .dilation = options_.dilation,
                           .output_padding = options_.output_padding});
}

Variable ConvTranspose2d::forward_folded(const Variable& x, FoldedConvolution& folded,
                                         bool relu) const {
  Shape output = output_shape(x.shape());
  return Variable(ops::conv2d_input_grad(ops::cast(x.value(), folded.weight.dtype()), folded.weight,
                                         window_of(options_), output[1], output[2],
                                         {folded.bias, relu}, &folded.kept));
}

std::string ConvTranspose2d::describe() const { return describe_convolution("deconv", options_); }

Shape ConvTranspose2d::output_shape(const Shape& input) const {
  check_maps("ConvTranspose2d", input, options_.in);
  auto size = [&](int64_t extent) {
    return (extent - 1) * options_.stride - 2 * options_.padding +
           options_.dilation * (options_.kernel - 1) + options_.output_padding + 1;
  };
  return {input[0], size(input[1]), size(input[2]), options_.out};
}

int64_t ConvTranspose2d::multiply_adds(const Shape& input) const {
  check_maps("ConvTranspose2d", input, options_.in);
  return input.numel() * options_.kernel * options_.kernel * options_.out;
}

namespace {

template <class Layer>
Sample convolution_sample(const ConvolutionOptions& options, std::vector<SampleInput> inputs,
                          const char* label) {
  return layer_sample(
      [options](Generator& generator) { return std::make_shared<Layer>(options, generator); },
      std::move(inputs), label);
}

const RegisterLayer conv2d_layer{
    {.name = "Conv2d",
     .formula = "conv2d(x, weight) + bias",
     .derivative = "that of conv2d",
     .samples = {
         convolution_sample<Conv2d>(
             {.in = 2, .out = 3, .padding = 1},
             {{.shape = {2, 4, 3, 2}}, {.shape = {3, 3, 2, 3}}, {.shape = {3}}}, "3x3"),
         convolution_sample<Conv2d>(
             {.in = 2, .out = 2, .kernel = 4, .stride = 2, .padding = 2, .bias = false},
             {{.shape = {1, 5, 4, 2}}, {.shape = {4, 4, 2, 2}}}, "even kernel, stride 2, no bias"),
         convolution_sample<Conv2d>(
             {.in = 1, .out = 2, .padding = 2, .dilation = 2},
             {{.shape = {1, 5, 5, 1}}, {.shape = {3, 3, 1, 2}}, {.shape = {2}}}, "dilation 2")}}};

const RegisterLayer conv_transpose2d_layer{
    {.name = "ConvTranspose2d",
     .formula = "conv_transpose2d(x, weight) + bias",
     .derivative = "that of conv_transpose2d",
     .samples = {
         convolution_sample<ConvTranspose2d>(
             {.in = 3, .out = 2, .kernel = 4, .stride = 2, .padding = 1},
             {{.shape = {2, 3, 2, 3}}, {.shape = {4, 4, 2, 3}}, {.shape = {2}}}, "doubling"),
         convolution_sample<ConvTranspose2d>({.in = 2,
                                              .out = 2,
                                              .kernel = 3,
                                              .stride = 2,
                                              .padding = 1,
                                              .output_padding = 1,
                                              .bias = false},
                                             {{.shape = {1, 3, 3, 2}}, {.shape = {3, 3, 2, 2}}},
                                             "output padding, no bias")}}};

}  // namespace

}  // namespace kintsugi

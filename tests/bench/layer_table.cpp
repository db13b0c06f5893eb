#include "tests/bench/layer_table.h"

#include <memory>

#include "glcic/networks.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi::bench {
namespace {

Layer convolution_at(const Convolution& conv, const Shape& input) {
  return {.kind = conv.footprints().at(0).transposed ? Layer::Kind::deconv : Layer::Kind::conv,
          .options = conv.options(),
          .input = input,
          .output = conv.output_shape(input),
          .description = conv.describe(),
          .operations = 2.0 * static_cast<double>(conv.multiply_adds(input))};
}

Layer linear_at(const Linear& linear, const Shape& input) {
  const Shape rows{input[0], linear.options().in};
  return {.kind = Layer::Kind::linear,
          .options = {.in = linear.options().in, .out = linear.options().out},
          .input = rows,
          .output = linear.output_shape(rows),
          .description = linear.describe(),
          .operations = 2.0 * static_cast<double>(linear.multiply_adds(rows))};
}

/// What a child of a network computes with: a linear layer, or the convolution in a block.
Layer layer_at(const std::shared_ptr<Module>& child, const Shape& input) {
  if (const auto linear = std::dynamic_pointer_cast<Linear>(child))
    return linear_at(*linear, input);
  for (const auto& [name, part] : child->children())
    if (const auto conv = std::dynamic_pointer_cast<Convolution>(part))
      return convolution_at(*conv, input);
  throw Error(fmt::format("bench: there is no convolution in {}", child->describe()));
}

void append_layers(const std::string& network, const NamedModules& children, Shape input,
                   std::vector<Layer>& layers) {
  for (const auto& [name, child] : children) {
    Layer layer = layer_at(child, input);
    layer.name = network + "/" + name;
    input = layer.output;
    layers.push_back(std::move(layer));
  }
}

Tensor random(const Shape& shape, Device device) {
  Generator generator{.seed = 1};
  return uniform(shape, -1, 1, generator).to(device);
}

std::function<Tensor()> linear_work(const Layer& layer, Pass pass, bool relu, Device device) {
  const Tensor x = random(layer.input, device), dy = random(layer.output, device);
  const Tensor w = random({layer.options.in, layer.options.out}, device);
  const Tensor bias = random({layer.options.out}, device);
  switch (pass) {
    case Pass::input_grad:
      return [=] { return ops::matmul(dy, w, {.transpose_b = true}); };
    case Pass::weight_grad:
      return [=] { return ops::matmul(x, dy, {.transpose_a = true}); };
    default:
      return [=] {
        const Tensor y = ops::add(ops::matmul(x, w), bias);
        return relu ? ops::relu(y) : y;
      };
  }
}

/// A transposed convolution is one run backwards: its forward pass is an input gradient.
std::function<Tensor()> convolution_work(const Layer& layer, Pass pass, bool relu, Device device) {
  const ConvolutionOptions& options = layer.options;
  const bool transposed = layer.kind == Layer::Kind::deconv;
  const Window window = window_of(options);
  const Tensor input = random(layer.input, device), output = random(layer.output, device);
  const Tensor large = transposed ? output : input, small = transposed ? input : output;
  if (pass == Pass::weight_grad)
    return [=] { return ops::conv2d_weight_grad(large, small, window); };

  const Tensor w = random({options.kernel, options.kernel, large.size(3), small.size(3)}, device);
  Epilogue epilogue;
  if (pass == Pass::forward) epilogue = {random({options.out}, device), relu};
  if (transposed == (pass == Pass::input_grad))
    return [=] { return ops::conv2d(large, w, window, epilogue); };
  return [=] {
    return ops::conv2d_input_grad(small, w, window, large.size(1), large.size(2), epilogue);
  };
}

}  // namespace

std::string to_string(Pass pass) {
  switch (pass) {
    case Pass::forward:
      return "forward";
    case Pass::input_grad:
      return "input_grad";
    default:
      return "weight_grad";
  }
}

Pass pass_from_string(const std::string& name) {
  for (const Pass pass : kPasses)
    if (to_string(pass) == name) return pass;
  throw Error(fmt::format("\"{}\" is not a pass: forward, input_grad or weight_grad", name));
}

Layer convolution_layer(const ConvolutionOptions& options, bool transposed, int64_t batch,
                        int64_t size) {
  const Shape input{batch, size, size, options.in};
  if (transposed) return convolution_at(ConvTranspose2d(options), input);
  return convolution_at(Conv2d(options), input);
}

std::vector<Layer> glcic_layers(int64_t size, int64_t batch, int64_t width) {
  const CompletionNetwork completion(width);
  const Discriminators discriminators(size, width);
  std::vector<Layer> layers;
  append_layers("completion", named_layers(completion), {batch, size, size, 4}, layers);
  append_layers("global", named_layers(discriminators.global()), {batch, size, size, 3}, layers);
  append_layers("local", named_layers(discriminators.local()), {batch, size / 2, size / 2, 3},
                layers);
  return layers;
}

std::function<Tensor()> layer_work(const Layer& layer, Pass pass, bool relu, Device device) {
  return layer.kind == Layer::Kind::linear ? linear_work(layer, pass, relu, device)
                                           : convolution_work(layer, pass, relu, device);
}

}  // namespace kintsugi::bench

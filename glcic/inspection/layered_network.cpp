#include "glcic/inspection/layered_network.h"

#include <algorithm>

#include "autograd/ops.h"
#include "layers/conv_norm_relu.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

bool is_dilated_layer(const Module& layer) {
  const Convolution* conv = convolution_of(layer);
  return conv != nullptr && conv->options().dilation > 1;
}

/// The block with an ordinary convolution of the same weights.
std::shared_ptr<Module> with_dilation_1(const Module& layer) {
  check(dynamic_cast<const ConvNormRelu*>(&layer) != nullptr,
        "inspect: {} is dilated, but no convolution with batch norm and ReLU", layer.describe());
  const Convolution& dilated = *convolution_of(layer);
  ConvolutionOptions options = dilated.options();
  options.dilation = 1;
  options.padding = (options.kernel - 1) / 2;
  Generator unused;  // every number that is drawn is replaced
  auto block = std::make_shared<ConvNormRelu>(std::make_shared<Conv2d>(options, unused));
  block->to(dilated.weight().value().dtype());
  block->to(dilated.weight().value().device());
  block->load(layer.save());
  block->train(layer.is_training());
  block->set_frozen(layer.is_frozen());
  return block;
}

}  // namespace

Variable LayeredNetwork::finish(const Variable& last) const {
  return ends_in_sigmoid ? sigmoid(last) : last;
}

Variables LayeredNetwork::run(const Variable& x) const {
  Variables outputs;
  for (const auto& [name, layer] : layers)
    outputs.push_back((*layer)(outputs.empty() ? x : outputs.back()));
  return outputs;
}

LayeredNetwork layered_completion(const Model& model, const Tensor& input) {
  LayeredNetwork network{.layers = named_layers(*model.completion)};
  if (model.architecture == &glcic_architecture()) return network;
  const NoGrad no_grad;
  const Variable x(input), last = network.run(x).back();
  const auto expected = (*model.completion)(x).value().to_vector();
  for (const bool sigmoid_after : {false, true}) {
    network.ends_in_sigmoid = sigmoid_after;
    if (network.finish(last).value().to_vector() == expected) return network;
  }
  throw Error(fmt::format("inspect: the layers of the {} do not follow one after the other",
                          model.architecture->title));
}

LayeredNetwork with_dilation_1(const LayeredNetwork& network) {
  LayeredNetwork plain = network;
  for (auto& [name, layer] : plain.layers)
    if (is_dilated_layer(*layer)) layer = with_dilation_1(*layer);
  return plain;
}

bool is_dilated(const LayeredNetwork& network) {
  return std::any_of(network.layers.begin(), network.layers.end(),
                     [](const auto& layer) { return is_dilated_layer(*layer.second); });
}

const Convolution* convolution_of(const Module& layer) {
  if (const auto* conv = dynamic_cast<const Convolution*>(&layer)) return conv;
  for (const auto& [name, child] : layer.children())
    if (name == "conv") return dynamic_cast<const Convolution*>(child.get());
  return nullptr;
}

}  // namespace kintsugi

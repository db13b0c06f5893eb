#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "glcic/networks.h"
#include "tests/gradcheck/collect.h"

namespace kintsugi {

namespace {

/// A linear layer: its input is what is left of the maps as one row for each picture.
bool is_linear(const Module& layer) { return layer.parameters()[0].shape().rank() == 2; }

bool is_normalised(const Module& layer) { return layer.children().size() == 2; }

std::string formula_of(const Module& layer) {
  if (is_linear(layer)) return "x·weight + bias";
  if (is_normalised(layer)) return "max(batch_norm(conv(x)), 0)";
  return "sigmoid(conv(x))";
}

/// The layer by itself, its parameters as inputs beside x. It lives on between runs: what a forward
/// pass in training leaves in its running statistics, no other such pass reads.
Sample layer_sample(std::shared_ptr<Module> layer, const Shape& input) {
  Sample sample{.inputs = {{.shape = input}}, .apply = {}, .label = layer->describe()};
  for (const StateEntry& entry : layer->state()) {
    if (entry.is_buffer) continue;
    SampleInput parameter{.shape = entry.variable.shape()};
    if (entry.name == "norm.weight") parameter.low = 0.5, parameter.high = 1.5;
    parameter.zero_gradient = entry.name == "conv.bias" && is_normalised(*layer);
    sample.inputs.push_back(parameter);
  }
  sample.apply = [layer = std::move(layer)](const Variables& in) {
    layer->to(in[0].value().dtype());
    layer->to(in[0].value().device());
    return layer->forward_with(Variables(in.begin() + 1, in.end()), in[0]);
  };
  return sample;
}

/// Just large enough for every element of the kernel to meet some input: larger maps would repeat
/// the same. The channels are the layer's own.
Shape small_input(const Module& layer) {
  const Shape weight = layer.parameters()[0].shape();
  if (is_linear(layer)) return {2, weight[0]};
  const Footprint window = layer.footprints()[0];
  const int64_t side = window.transposed ? 3 : std::max<int64_t>(5, window.dilation + 1);
  return {1, side, side, weight[window.transposed ? 3 : 2]};
}

void append(std::vector<OpInfo>& all, const std::string& prefix, const NamedModules& layers) {
  for (const auto& [name, layer] : layers) {
    OpInfo info{.name = prefix + name,
                .formula = formula_of(*layer),
                .derivative = "the chain rule through these ops",
                .composed = is_linear(*layer),
                .samples = {layer_sample(layer, small_input(*layer))}};
    if (is_normalised(*layer)) info.kinks = {0};
    all.push_back(std::move(info));
  }
}

}  // namespace

std::vector<OpInfo> glcic_layers() {
  Generator generator{.seed = 1};
  std::vector<OpInfo> all;
  append(all, "completion.", CompletionNetwork(2, generator).children());
  const Discriminators judge(32, 1, generator);
  append(all, "discriminator.local.", judge.local().children());
  append(all, "discriminator.global.", judge.global().children());
  append(all, "discriminator.", {judge.children().back()});
  return all;
}

}  // namespace kintsugi

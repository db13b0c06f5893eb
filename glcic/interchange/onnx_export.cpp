#include "glcic/interchange/onnx_export.h"

#include "glcic/interchange/onnx_builder.h"
#include "layers/conv2d.h"
#include "layers/norm.h"
#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {
namespace {

using onnx::GraphBuilder;

constexpr int64_t kIrVersion = 7, kOperatorSet = 13;
constexpr int64_t kMultiple = 4;  // C halves the map twice and doubles it twice

/// Adds the entries of `module` under their names in files; returns these in the order of `keys`.
std::vector<std::string> add_weights(GraphBuilder& graph, const Module& module,
                                     const std::string& prefix,
                                     const std::vector<std::string>& keys) {
  const StateDict saved = module.save(prefix);
  std::vector<std::string> names;
  for (const std::string& key : keys)
    names.push_back(graph.constant(prefix + key, saved.at(prefix + key)));
  return names;
}

std::string add_convolution(GraphBuilder& graph, const Convolution& conv, const std::string& name,
                            const std::string& x) {
  const Footprint step = conv.footprints().front();
  const std::vector<std::string> weights = add_weights(graph, conv, name + ".", {"weight", "bias"});
  return graph.node(step.transposed ? "ConvTranspose" : "Conv", name, {x, weights[0], weights[1]},
                    {{"kernel_shape", std::vector(2, step.kernel)},
                     {"strides", std::vector(2, step.stride)},
                     {"pads", std::vector(4, step.padding)},
                     {"dilations", std::vector(2, step.dilation)}});
}

std::string add_norm(GraphBuilder& graph, const BatchNorm2d& norm, const std::string& name,
                     const std::string& x) {
  std::vector<std::string> inputs{x};
  for (std::string& weight :
       add_weights(graph, norm, name + ".", {"weight", "bias", "running_mean", "running_var"}))
    inputs.push_back(std::move(weight));
  return graph.node("BatchNormalization", name, inputs,
                    {{"epsilon", static_cast<float>(norm.options().eps)}});
}

/// C on the value `x`, layer by layer: a layer with a normalisation ends in ReLU, the one without
/// in a sigmoid.
std::string add_network(GraphBuilder& graph, const Module& network, std::string x) {
  for (const auto& [layer_name, layer] : network.children()) {
    const std::string name = "completion." + layer_name;
    std::string activation = "Sigmoid";
    for (const auto& [child_name, child] : layer->children()) {
      const std::string child_path = fmt::format("{}.{}", name, child_name);
      if (const auto* conv = dynamic_cast<const Convolution*>(child.get())) {
        x = add_convolution(graph, *conv, child_path, x);
      } else if (const auto* norm = dynamic_cast<const BatchNorm2d*>(child.get())) {
        x = add_norm(graph, *norm, child_path, x);
        activation = "Relu";
      }
    }
    x = graph.node(activation, name, {x});
  }
  return x;
}

std::vector<onnx::Extent> pictures(int64_t channels) {
  return {"batch", channels, "height", "width"};
}

void add_bare_network(GraphBuilder& graph, const Model& model) {
  const std::string input = graph.input(
      "input", pictures(4),
      model.mean_subtracted
          ? "RGB in [0, 1] less the mean pixel, 0 in the hole; then the mask, 1 in the hole"
          : "RGB in [0, 1], the hole set to the mean pixel; then the mask, 1 in the hole");
  graph.node("Identity", "output", {add_network(graph, *model.completion, input)});
  graph.output("output", pictures(3), "RGB in (0, 1), what the network makes of every pixel");
}

void add_completion(GraphBuilder& graph, const Model& model) {
  const std::string image = graph.input("image", pictures(3), "RGB in [0, 1]");
  const std::string mask =
      graph.input("mask", pictures(1), "over 0.5 where the image is to be filled, 0 elsewhere");

  // Both repeated at the bottom and at the right up to a multiple of 4: −size modulo 4 more.
  const std::string size = graph.node(
      "Slice", "size",
      {graph.node("Shape", "shape", {image}), graph.constant("second", std::vector<int64_t>{2}),
       graph.constant("fourth", std::vector<int64_t>{4})});  // [H, W]
  const std::string missing = graph.node("Mod", "missing",
                                         {graph.node("Neg", "minus_size", {size}),
                                          graph.constant("multiple", std::vector{kMultiple})});
  const std::string pads =
      graph.node("Concat", "pads", {graph.constant("no_pads", std::vector<int64_t>(6, 0)), missing},
                 {{"axis", int64_t{0}}});  // none before the axes N, C, H, W, nor after N and C
  const onnx::Attributes by_repetition{{"mode", std::string("edge")}};
  const std::string padded_image = graph.node("Pad", "padded_image", {image, pads}, by_repetition);
  const std::string padded_mask = graph.node("Pad", "padded_mask", {mask, pads}, by_repetition);

  const std::string half = graph.constant("half", Tensor::scalar(0.5));
  const std::string mean = graph.constant("mean_pixel", model.mean_pixel.reshape({1, 3, 1, 1}));
  const std::string padded_hole = graph.node("Greater", "padded_hole", {padded_mask, half});
  std::string filled = graph.node("Where", "filled", {padded_hole, mean, padded_image});
  if (model.mean_subtracted) filled = graph.node("Sub", "centred", {filled, mean});
  const std::string ones =
      graph.node("Cast", "hole_as_numbers", {padded_hole}, {{"to", int64_t{onnx::FLOAT}}});
  const std::string input =
      graph.node("Concat", "input", {filled, ones}, {{"axis", int64_t{1}}});  // [N, 4, H', W']

  const std::string padded_output = add_network(graph, *model.completion, input);
  const std::string output =
      graph.node("Slice", "network_output",
                 {padded_output, graph.constant("corner", std::vector<int64_t>{0, 0}), size,
                  graph.constant("rows_and_columns", std::vector<int64_t>{2, 3})});
  graph.node("Where", "completed", {graph.node("Greater", "hole", {mask, half}), output, image});
  graph.output("completed", pictures(3),
               "RGB in [0, 1]: the image outside of the hole, the network's output inside");
}

void add_property(onnx::Model& file, const std::string& key, const std::string& value) {
  onnx::Property* property = file.add_metadata_props();
  property->set_key(key);
  property->set_value(value);
}

}  // namespace

std::string format_onnx(const Model& model, OnnxGraph kind) {
  check(model.architecture->name == glcic_architecture().name,
        "ONNX: {} is not exported, but the completion network of {} alone",
        model.architecture->title, glcic_architecture().title);
  onnx::Model file;
  file.set_ir_version(kIrVersion);
  file.set_producer_name("kintsugi");
  file.set_producer_version(KINTSUGI_VERSION);
  file.set_doc_string(
      "The completion network of GLCIC (Iizuka et al., \"Globally and Locally Consistent Image "
      "Completion\", SIGGRAPH 2017).");
  onnx::OperatorSet* operators = file.add_opset_import();
  operators->set_domain("");
  operators->set_version(kOperatorSet);
  add_property(file, "input", model.mean_subtracted ? "mean-subtracted" : "mean-filled");

  GraphBuilder graph(*file.mutable_graph());
  file.mutable_graph()->set_name("glcic");
  if (kind == OnnxGraph::network)
    add_bare_network(graph, model);
  else
    add_completion(graph, model);
  return file.SerializeAsString();
}

void write_onnx(const std::string& path, const Model& model, OnnxGraph kind) {
  write_file_atomically(path, format_onnx(model, kind));
}

}  // namespace kintsugi

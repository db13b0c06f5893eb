#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "glcic/completer.h"
#include "glcic/interchange/completion_layout.h"
#include "glcic/interchange/onnx_export.h"
#include "glcic/mask.h"
#include "tests/glcic/interchange/interchange_model.h"
#include "tests/glcic/interchange/onnx_interpreter.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

onnx::Model exported(const Model& model, OnnxGraph kind) {
  onnx::Model file;
  REQUIRE(file.ParseFromString(format_onnx(model, kind)));
  return file;
}

const onnx::Node& node_named(const onnx::Graph& graph, const std::string& name) {
  for (const onnx::Node& node : graph.node())
    if (node.name() == name) return node;
  throw std::runtime_error("there is no node " + name);
}

/// "image [batch, 3, height, width]"
std::string described(const onnx::ValueInfo& value) {
  std::string text = value.name();
  REQUIRE(value.type().tensor_type().elem_type() == onnx::FLOAT);
  for (const onnx::Shape::Dimension& extent : value.type().tensor_type().shape().dim())
    text +=
        " " + (extent.has_dim_param() ? extent.dim_param() : std::to_string(extent.dim_value()));
  return text;
}

Tensor channels_first(const Tensor& x) { return ops::permute(x, {0, 3, 1, 2}); }

double largest_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return ops::max(ops::abs(ops::subtract(a, b))).item();
}

/// Pictures [N, H, W, 3] with a hole each.
struct Case {
  Tensor pictures, masks;

  Case(int64_t count, int64_t height, int64_t width) {
    Generator generator{.seed = 8};
    pictures = uniform({count, height, width, 3}, 0, 1, generator);
    std::vector<Hole> holes;
    for (int64_t n = 0; n < count; ++n) holes.push_back({n, 0, (width + 1) / 2, (height + 1) / 2});
    masks = masks_from_holes(holes, height, width);
  }
};

}  // namespace

TEST_CASE("an ONNX file says its versions, and takes and gives pictures of any size") {
  const onnx::Model file = exported(drawn_model(), OnnxGraph::completion);
  CHECK(file.ir_version() == 7);
  REQUIRE(file.opset_import_size() == 1);
  CHECK(file.opset_import(0).has_domain());
  CHECK(file.opset_import(0).domain().empty());
  CHECK(file.opset_import(0).version() == 13);
  CHECK(file.producer_name() == "kintsugi");
  const onnx::Graph& graph = file.graph();
  REQUIRE(graph.input_size() == 2);
  CHECK(described(graph.input(0)) == "image batch 3 height width");
  CHECK(described(graph.input(1)) == "mask batch 1 height width");
  REQUIRE(graph.output_size() == 1);
  CHECK(described(graph.output(0)) == "completed batch 3 height width");

  const onnx::Graph bare = exported(drawn_model(), OnnxGraph::network).graph();
  REQUIRE(bare.input_size() == 1);
  CHECK(described(bare.input(0)) == "input batch 4 height width");
  REQUIRE(bare.output_size() == 1);
  CHECK(described(bare.output(0)) == "output batch 3 height width");
}

TEST_CASE("every value of an ONNX graph is made once, before it is used") {
  for (const OnnxGraph kind : {OnnxGraph::completion, OnnxGraph::network}) {
    const onnx::Graph graph = exported(drawn_model(true), kind).graph();
    std::set<std::string> made;
    for (const onnx::ValueInfo& input : graph.input()) CHECK(made.insert(input.name()).second);
    for (const onnx::TensorData& data : graph.initializer()) CHECK(made.insert(data.name()).second);
    for (const onnx::Node& node : graph.node()) {
      for (const std::string& input : node.input()) CHECK(made.contains(input));
      REQUIRE(node.output_size() == 1);
      CHECK(made.insert(node.output(0)).second);
    }
    for (const onnx::ValueInfo& output : graph.output()) CHECK(made.contains(output.name()));
  }
}

TEST_CASE("an ONNX file holds every weight bit for bit, in PyTorch's layout and by its name") {
  const Model model = drawn_model();
  const onnx::Graph graph = exported(model, OnnxGraph::network).graph();
  const StateDict saved = model.completion->save("completion.");
  CHECK(static_cast<size_t>(graph.initializer_size()) == saved.size());
  for (const onnx::TensorData& data : graph.initializer()) {
    CAPTURE(data.name());
    REQUIRE(saved.contains(data.name()));
    const Tensor held = tensor_of(data);
    CHECK(held.shape() == saved.at(data.name()).shape());
    CHECK(held.to_vector() == saved.at(data.name()).to_vector());
  }
}

TEST_CASE("layers of an ONNX file are convolution, normalisation, ReLU, as GLCIC walks them") {
  const onnx::Graph graph = exported(drawn_model(), OnnxGraph::network).graph();
  for (const CompletionLayer& layer : completion_layers()) {
    CAPTURE(layer.name);
    const onnx::Node& conv = node_named(graph, layer.name + ".conv");
    CHECK(conv.op_type() == (layer.step.transposed ? "ConvTranspose" : "Conv"));
    CHECK(conv.input(1) == layer.name + ".conv.weight");
    CHECK(conv.input(2) == layer.name + ".conv.bias");
    const std::map<std::string, std::vector<int64_t>> expected{
        {"kernel_shape", std::vector(2, layer.step.kernel)},
        {"strides", std::vector(2, layer.step.stride)},
        {"pads", std::vector(4, layer.step.padding)},
        {"dilations", std::vector(2, layer.step.dilation)}};
    REQUIRE(static_cast<size_t>(conv.attribute_size()) == expected.size());
    for (const onnx::Attribute& attribute : conv.attribute()) {
      CHECK(attribute.type() == onnx::Attribute::INTS);
      CHECK(std::vector<int64_t>(attribute.ints().begin(), attribute.ints().end()) ==
            expected.at(attribute.name()));
    }
    const onnx::Node& end = node_named(graph, layer.name);
    CHECK(end.op_type() == (layer.normalised ? "Relu" : "Sigmoid"));
    if (!layer.normalised) continue;
    const onnx::Node& norm = node_named(graph, layer.name + ".norm");
    CHECK(norm.op_type() == "BatchNormalization");
    CHECK(norm.input(0) == conv.name());
    CHECK(norm.input(4) == layer.name + ".norm.running_var");
    REQUIRE(norm.attribute_size() == 1);
    CHECK(norm.attribute(0).f() == 1e-5f);
    CHECK(end.input(0) == norm.name());
  }
}

TEST_CASE("an ONNX file computes what completing computes, for pictures of any size") {
  for (const bool mean_subtracted : {false, true}) {
    const Model model = drawn_model(mean_subtracted);
    const onnx::Graph graph = exported(model, OnnxGraph::completion).graph();
    for (const auto& [height, width] : {std::pair{16, 24}, {13, 18}, {7, 1}}) {
      CAPTURE(height);
      const Case test(1, height, width);
      const OnnxValues values = run_onnx(
          graph, {{"image", channels_first(test.pictures)}, {"mask", channels_first(test.masks)}});
      const Tensor picture = test.pictures.reshape({height, width, 3});
      const Tensor mask = test.masks.reshape({height, width, 1});
      const Tensor expected = complete(model, picture, mask).composite;
      CHECK(largest_difference(values.at("completed"),
                               channels_first(expected.reshape({1, height, width, 3}))) < 1e-5);
    }
  }
}

TEST_CASE("an ONNX file completes a batch, and takes a grey mask by its half") {
  const Model model = drawn_model();
  const onnx::Graph graph = exported(model, OnnxGraph::completion).graph();
  const Case test(3, 12, 20);
  const Tensor grey = ops::affine(test.masks, 0.5, 0.1);  // 0.6 in the hole, 0.1 elsewhere
  const OnnxValues values =
      run_onnx(graph, {{"image", channels_first(test.pictures)}, {"mask", channels_first(grey)}});
  const Tensor expected =
      composite(run_completion(model, test.pictures, test.masks), test.pictures, test.masks);
  CHECK(largest_difference(values.at("completed"), channels_first(expected)) < 1e-5);
}

TEST_CASE("the network of these tests answers to its input") {
  const Case test(1, 16, 16);
  const Tensor output = run_completion(drawn_model(), test.pictures, test.masks);
  CHECK(ops::max(output).item() + ops::max(ops::negate(output)).item() > 0.05);
}

TEST_CASE("the bare network of an ONNX file is C") {
  for (const bool mean_subtracted : {false, true}) {
    const Model model = drawn_model(mean_subtracted);
    const Case test(2, 16, 12);
    const Tensor input =
        completion_input(test.pictures, test.masks, model.mean_pixel, mean_subtracted);
    const OnnxValues values =
        run_onnx(exported(model, OnnxGraph::network).graph(), {{"input", channels_first(input)}});
    CHECK(largest_difference(values.at("output"), channels_first(run_completion(
                                                      model, test.pictures, test.masks))) < 1e-5);
  }
}

TEST_CASE("networks other than GLCIC's are not exported") {
  Architecture other = glcic_architecture();
  other.name = "other";
  other.title = "Another System";
  Model model = drawn_model();
  model.architecture = &other;
  const std::string sentence = sentence_of([&] { format_onnx(model, OnnxGraph::completion); });
  CHECK(sentence.find("Another System") != std::string::npos);
}

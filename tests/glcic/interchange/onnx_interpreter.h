#pragma once
#include <doctest/doctest.h>

#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "glcic/interchange/onnx.pb.h"
#include "tensor/ops.h"

/// What a stranger's program does with an ONNX file, by the text of the operators' definitions and
/// with the ops of tensor/ alone. Whole numbers are float64, booleans 0 and 1.
namespace kintsugi {

using OnnxValues = std::map<std::string, Tensor>;

inline Tensor tensor_of(const onnx::TensorData& data) {
  const std::vector<int64_t> dims(data.dims().begin(), data.dims().end());
  const Shape shape{std::span<const int64_t>(dims)};
  const std::string& raw = data.raw_data();
  if (data.data_type() == onnx::FLOAT) {
    Tensor tensor = Tensor::empty(shape);
    REQUIRE(raw.size() == tensor.bytes());
    std::memcpy(tensor.raw(), raw.data(), raw.size());
    return tensor;
  }
  REQUIRE(data.data_type() == onnx::INT64);
  std::vector<int64_t> numbers(raw.size() / sizeof(int64_t));
  std::memcpy(numbers.data(), raw.data(), raw.size());
  return Tensor::from(std::vector<double>(numbers.begin(), numbers.end()), shape,
                      {.dtype = DType::float64});
}

/// One node: its attributes by name, its inputs by place.
class OnnxNode {
 public:
  OnnxNode(const onnx::Node& node, const OnnxValues& values) : node_(node) {
    for (const std::string& name : node.input()) inputs_.push_back(values.at(name));
  }

  Tensor run() const {
    const std::string& op = node_.op_type();
    if (op == "Conv") return conv();
    if (op == "ConvTranspose") return conv_transpose();
    if (op == "BatchNormalization") return batch_normalization();
    if (op == "Relu") return ops::relu(x(0));
    if (op == "Sigmoid") return ops::sigmoid(x(0));
    if (op == "Identity") return x(0);
    if (op == "Neg") return ops::negate(x(0));
    if (op == "Sub") return ops::subtract(x(0), x(1));
    if (op == "Greater") return ops::greater(x(0), x(1));
    if (op == "Where") return ops::where(x(0), x(1), x(2));
    if (op == "Concat") return ops::concat(inputs_, static_cast<int>(attribute("axis").i()));
    if (op == "Cast") return cast();
    if (op == "Shape") return shape();
    if (op == "Mod") return mod();
    if (op == "Slice") return slice();
    if (op == "Pad") return pad();
    throw std::runtime_error("an operator that is not expected: " + op);
  }

  const onnx::Attribute& attribute(const std::string& name) const {
    for (const onnx::Attribute& each : node_.attribute())
      if (each.name() == name) return each;
    throw std::runtime_error(node_.name() + " has no attribute " + name);
  }

 private:
  const Tensor& x(size_t i) const { return inputs_.at(i); }
  static Tensor last(const Tensor& x) { return ops::permute(x, {0, 2, 3, 1}); }
  static Tensor first(const Tensor& x) { return ops::permute(x, {0, 3, 1, 2}); }

  Window window() const {
    return {.kernel_h = attribute("kernel_shape").ints(0),
            .kernel_w = attribute("kernel_shape").ints(1),
            .stride = attribute("strides").ints(0),
            .padding = attribute("pads").ints(0),
            .dilation = attribute("dilations").ints(0)};
  }
  Tensor conv() const {
    return first(
        ops::add(ops::conv2d(last(x(0)), ops::permute(x(1), {2, 3, 1, 0}), window()), x(2)));
  }
  Tensor conv_transpose() const {
    const Window w = window();
    const auto size = [&](int64_t extent) {
      return (extent - 1) * w.stride - 2 * w.padding + w.dilation * (w.kernel_h - 1) + 1;
    };
    const Tensor y = ops::conv2d_input_grad(last(x(0)), ops::permute(x(1), {2, 3, 1, 0}), w,
                                            size(x(0).size(2)), size(x(0).size(3)));
    return first(ops::add(y, x(2)));
  }
  Tensor batch_normalization() const {
    const Tensor deviation = ops::sqrt(ops::affine(x(4), 1, attribute("epsilon").f()));
    const Tensor normalised = ops::divide(ops::subtract(last(x(0)), x(3)), deviation);
    return first(ops::add(ops::multiply(normalised, x(1)), x(2)));
  }
  Tensor cast() const {
    REQUIRE(attribute("to").i() == onnx::FLOAT);
    return x(0).to(DType::float32);
  }
  Tensor shape() const {
    const Shape& shape = x(0).shape();
    return Tensor::from(std::vector<double>(shape.begin(), shape.end()), {shape.rank()},
                        {.dtype = DType::float64});
  }
  Tensor mod() const {  // of the sign of the divisor
    std::vector<double> rests;
    const double divisor = x(1).item();
    for (const double number : x(0).to_vector())
      rests.push_back(number - divisor * std::floor(number / divisor));
    return Tensor::from(rests, x(0).shape(), {.dtype = DType::float64});
  }
  Tensor slice() const {
    const std::vector<double> starts = x(1).to_vector(), ends = x(2).to_vector();
    const std::vector<double> axes = inputs_.size() > 3 ? x(3).to_vector() : std::vector<double>{0};
    Tensor y = x(0);
    for (size_t i = 0; i < axes.size(); ++i) {
      const auto start = static_cast<int64_t>(starts[i]);
      y = ops::slice(y, static_cast<int>(axes[i]), start, static_cast<int64_t>(ends[i]) - start);
    }
    return y;
  }
  Tensor pad() const {
    REQUIRE(attribute("mode").s() == "edge");
    const std::vector<double> pads = x(1).to_vector();
    Tensor y = x(0);
    for (int axis = 0; axis < 4; ++axis) {
      REQUIRE(pads[static_cast<size_t>(axis)] == 0);
      const Tensor edge = ops::slice(y, axis, y.size(axis) - 1, 1);
      for (double i = 0; i < pads[static_cast<size_t>(axis) + 4]; ++i)
        y = ops::concat({y, edge}, axis);
    }
    return y;
  }

  const onnx::Node& node_;
  std::vector<Tensor> inputs_;
};

/// All values of the graph, the outputs among them.
inline OnnxValues run_onnx(const onnx::Graph& graph, OnnxValues values) {
  for (const onnx::TensorData& data : graph.initializer()) values[data.name()] = tensor_of(data);
  for (const onnx::Node& node : graph.node()) values[node.output(0)] = OnnxNode(node, values).run();
  return values;
}

}  // namespace kintsugi

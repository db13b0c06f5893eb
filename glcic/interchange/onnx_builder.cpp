#include "glcic/interchange/onnx_builder.h"

#include <bit>

namespace kintsugi::onnx {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are written in place");

void fill(ValueInfo& value, const std::string& name, const std::vector<Extent>& shape,
          const std::string& meaning) {
  value.set_name(name);
  value.set_doc_string(meaning);
  Type::Tensor* tensor = value.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(FLOAT);
  for (const Extent& extent : shape) {
    Shape::Dimension* dimension = tensor->mutable_shape()->add_dim();
    if (const auto* number = std::get_if<int64_t>(&extent))
      dimension->set_dim_value(*number);
    else
      dimension->set_dim_param(std::get<std::string>(extent));
  }
}

/// Writes one kind of attribute each.
struct AttributeWriter {
  Attribute& attribute;

  void operator()(int64_t value) const {
    attribute.set_type(Attribute::INT);
    attribute.set_i(value);
  }
  void operator()(float value) const {
    attribute.set_type(Attribute::FLOAT);
    attribute.set_f(value);
  }
  void operator()(const std::string& value) const {
    attribute.set_type(Attribute::STRING);
    attribute.set_s(value);
  }
  void operator()(const std::vector<int64_t>& values) const {
    attribute.set_type(Attribute::INTS);
    for (const int64_t value : values) attribute.add_ints(value);
  }
};

}  // namespace

std::string GraphBuilder::input(const std::string& name, const std::vector<Extent>& shape,
                                const std::string& meaning) {
  fill(*graph_.add_input(), name, shape, meaning);
  return name;
}

void GraphBuilder::output(const std::string& name, const std::vector<Extent>& shape,
                          const std::string& meaning) {
  fill(*graph_.add_output(), name, shape, meaning);
}

std::string GraphBuilder::constant(const std::string& name, const Tensor& value) {
  const Tensor numbers = value.to(Device::cpu).to(DType::float32);
  TensorData* tensor = graph_.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(FLOAT);
  for (const int64_t extent : numbers.shape()) tensor->add_dims(extent);
  tensor->set_raw_data(numbers.raw(), numbers.bytes());
  return name;
}

std::string GraphBuilder::constant(const std::string& name, const std::vector<int64_t>& values) {
  TensorData* tensor = graph_.add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(INT64);
  tensor->add_dims(static_cast<int64_t>(values.size()));
  tensor->set_raw_data(values.data(), values.size() * sizeof(int64_t));
  return name;
}

std::string GraphBuilder::node(const std::string& op, const std::string& name,
                               const std::vector<std::string>& inputs,
                               const Attributes& attributes) {
  Node* node = graph_.add_node();
  node->set_op_type(op);
  node->set_name(name);
  for (const std::string& input : inputs) node->add_input(input);
  node->add_output(name);
  for (const auto& [key, value] : attributes) {
    Attribute* attribute = node->add_attribute();
    attribute->set_name(key);
    std::visit(AttributeWriter{*attribute}, value);
  }
  return name;
}

}  // namespace kintsugi::onnx

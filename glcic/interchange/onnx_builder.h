#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "glcic/interchange/onnx.pb.h"
#include "tensor/tensor.h"

/// Writing a graph of ONNX operators, node by node (onnx.proto has the messages,
/// https://onnx.ai/onnx/operators the operators). Every function returns the name of the value that
/// it adds, for later nodes to take.
namespace kintsugi::onnx {

using AttributeValue = std::variant<int64_t, float, std::string, std::vector<int64_t>>;
using Attributes = std::vector<std::pair<std::string, AttributeValue>>;

/// Where a value's extent is known only when the network runs, it has a name instead.
using Extent = std::variant<int64_t, std::string>;

class GraphBuilder {
 public:
  /// `graph` must outlive the builder.
  explicit GraphBuilder(Graph& graph) : graph_(graph) {}

  /// Tensors of float32 that a run is given, and those that it returns.
  std::string input(const std::string& name, const std::vector<Extent>& shape,
                    const std::string& meaning);
  void output(const std::string& name, const std::vector<Extent>& shape,
              const std::string& meaning);
  /// Numbers that belong to the graph, as float32.
  std::string constant(const std::string& name, const Tensor& value);
  /// A list of whole numbers.
  std::string constant(const std::string& name, const std::vector<int64_t>& values);
  /// A node with one output; both are called `name`.
  std::string node(const std::string& op, const std::string& name,
                   const std::vector<std::string>& inputs, const Attributes& attributes = {});

 private:
  Graph& graph_;
};

}  // namespace kintsugi::onnx

#pragma once
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/ops.h"
#include "tensor/error.h"
#include "tests/reference.h"

namespace kintsugi {

using Numbers = std::vector<double>;

inline TensorOptions float64() { return {.dtype = DType::float64, .device = test_device()}; }

inline Variable leaf(const Numbers& values, const Shape& shape, bool requires_grad = true) {
  return Variable(Tensor::from(values, shape, float64()), requires_grad);
}

inline Variable random_leaf(const Shape& shape, uint64_t seed, bool requires_grad = true) {
  Generator generator{.seed = seed};
  return Variable(uniform(shape, -1, 1, generator, float64()), requires_grad);
}

inline Numbers values_of(const Variable& variable) { return variable.value().to_vector(); }

/// What the call throws: "" where it throws nothing.
inline std::string error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

/// The largest difference between an op and PyTorch's, over the output and the gradient of each of
/// the inputs (name and layout), for the cotangent of the case. `output` is the output's layout.
inline double difference_from(const ReferenceCase& reference,
                              const std::vector<std::pair<std::string, Layout>>& inputs,
                              Layout output,
                              const std::function<Variable(const Variables&)>& apply) {
  Variables leaves;
  for (const auto& [name, layout] : inputs) leaves.emplace_back(layout(reference[name]), true);
  const Variable y = apply(leaves);
  y.backward(Variable(output(reference["cotangent"])));
  double worst = difference(y.value(), output(reference["output"]));
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto& [name, layout] = inputs[i];
    const Tensor expected = layout(reference["grad_" + name]);
    worst = std::max(worst, difference(leaves[i].grad().value(), expected));
  }
  return worst;
}

}  // namespace kintsugi

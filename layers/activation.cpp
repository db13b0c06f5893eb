#include "layers/activation.h"

#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/error.h"

namespace kintsugi {

Variable Relu::forward(const Variable& x) { return relu(x); }
Variable LeakyRelu::forward(const Variable& x) { return leaky_relu(x, slope_); }
std::string LeakyRelu::describe() const { return fmt::format("leaky ReLU, slope {}", slope_); }
Variable Sigmoid::forward(const Variable& x) { return sigmoid(x); }
Variable Tanh::forward(const Variable& x) { return tanh(x); }
Variable Softplus::forward(const Variable& x) { return softplus(x); }

Variable Flatten::forward(const Variable& x) { return reshape(x, output_shape(x.shape())); }

Shape Flatten::output_shape(const Shape& input) const {
  check_shape(input.rank() >= 1 && input[0] > 0, "Flatten: input {} is no batch [N, ...]", input);
  return {input[0], input.numel() / input[0]};
}

namespace {

template <class Layer>
OpInfo without_parameters(const char* name, const char* formula, const Shape& input,
                          const std::vector<double>& kinks = {}) {
  return {.name = name,
          .formula = formula,
          .derivative = "that of its op",
          .kinks = kinks,
          .samples = {{.inputs = {{.shape = input}},
                       .apply = [](const Variables& in) { return Layer().forward(in[0]); }}}};
}

const RegisterLayer relu_layer(without_parameters<Relu>("Relu", "max(x, 0)", {2, 3, 2, 3}, {0}));
const RegisterLayer leaky_relu_layer(without_parameters<LeakyRelu>("LeakyRelu",
                                                                   "x > 0 ? x : slope·x",
                                                                   {2, 3, 2, 3}, {0}));
const RegisterLayer sigmoid_layer(without_parameters<Sigmoid>("Sigmoid", "1 / (1 + exp(−x))",
                                                              {2, 3, 2, 3}));
const RegisterLayer tanh_layer(without_parameters<Tanh>("Tanh", "tanh(x)", {2, 3, 2, 3}));
const RegisterLayer softplus_layer(without_parameters<Softplus>("Softplus", "log(1 + exp(x))",
                                                                {2, 3, 2, 3}));
const RegisterLayer flatten_layer(without_parameters<Flatten>("Flatten",
                                                              "[N, …] → [N, product of the others]",
                                                              {2, 3, 2, 3}));

}  // namespace

}  // namespace kintsugi

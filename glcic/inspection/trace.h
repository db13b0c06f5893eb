#pragma once
#include <functional>
#include <string>
#include <vector>

#include "glcic/inspection/layered_network.h"

namespace kintsugi {

/// One layer at work on one picture. On the CPU in float32.
struct LayerTrace {
  std::string name, kind;
  Tensor activation;  ///< y, the layer's output [H, W, C]
  Tensor gradient;    ///< ∂loss/∂y [H, W, C]
};

struct NetworkTrace {
  std::vector<LayerTrace> layers{};
  Tensor input_gradient;  ///< ∂loss/∂input [H, W, C]
  double loss = 0;
};

/// What a run network.run(x) made, and the gradients of `loss` there, which depends on it.
NetworkTrace trace_of(const LayeredNetwork& network, const Variable& x, const Variables& outputs,
                      const Variable& loss);
/// Runs a network forward and backward on `input` [1, H, W, C]. `loss_of` makes a loss of one
/// element of its output.
NetworkTrace trace_network(const LayeredNetwork& network, const Tensor& input,
                           const std::function<Variable(const Variable& output)>& loss_of);

/// [1, H, W, C] as [H, W, C], on the CPU in float32.
Tensor single(const Tensor& batch);

}  // namespace kintsugi

#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "layers/conv2d.h"

namespace kintsugi::bench {

/// Something that can be run as often as wanted; its operands are made already.
using Work = std::function<void()>;

/// What training does with a layer.
enum class Pass { forward, input_grad, weight_grad };
inline constexpr Pass kPasses[] = {Pass::forward, Pass::input_grad, Pass::weight_grad};
std::string to_string(Pass pass);
/// "forward", "input_grad" or "weight_grad"; throws Error for any other name.
Pass pass_from_string(const std::string& name);

/// A convolution, a transposed convolution or a linear layer at work on one shape.
struct Layer {
  enum class Kind { conv, deconv, linear };
  std::string name = {};  ///< "completion/layer05"
  Kind kind = Kind::conv;
  ConvolutionOptions options;  ///< a linear layer has `in` and `out` alone
  Shape input, output;         ///< [N, H, W, C], or [N, C] where linear
  std::string description;     ///< "conv 3x3, 256 → 256"
  double operations = 0;       ///< of the plain algorithm, the same for each pass: 2·multiply-adds
};

/// A convolution of a map [batch, size, size, options.in] on its own.
Layer convolution_layer(const ConvolutionOptions& options, bool transposed, int64_t batch,
                        int64_t size);

/// Every layer of the completion network and of both discriminators for pictures of size × size,
/// read off the networks themselves.
std::vector<Layer> glcic_layers(int64_t size, int64_t batch, int64_t width);

/// Computes the layer's output, or a gradient, anew in each call. Bias and, where `relu`, a ReLU
/// are part of the forward pass.
std::function<Tensor()> layer_work(const Layer& layer, Pass pass, bool relu,
                                   Device device = Device::cpu);

}  // namespace kintsugi::bench

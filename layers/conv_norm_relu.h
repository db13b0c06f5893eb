#pragma once
#include <memory>
#include <string>
#include <vector>

#include "layers/conv2d.h"
#include "layers/norm.h"

namespace kintsugi {

/// Convolution, batch normalisation, ReLU: the block that GLCIC repeats 26 times. Children "conv"
/// and "norm". In training, normalisation and ReLU are one op, and the value of the block's input
/// is let go, for backward to make again; the convolution's bias gets no gradient, which would be
/// 0. At inference without recording, the normalisation is folded into the convolution's weights,
/// and bias and ReLU into its last step.
class ConvNormRelu final : public Module {
 public:
  explicit ConvNormRelu(std::shared_ptr<Convolution> conv);
  Variable forward(const Variable& x) override;
  std::string describe() const override;
  Shape output_shape(const Shape& input) const override { return conv_->output_shape(input); }

 private:
  /// Whether forward(x) becomes part of a graph.
  bool records(const Variable& x) const;

  /// The convolution with the normalisation folded in, made anew where anything that it is made of
  /// is not what it was.
  FoldedConvolution& folded();

  std::shared_ptr<Convolution> conv_;
  std::shared_ptr<BatchNorm2d> norm_;
  /// Kept between forward passes at inference. It holds on to the tensors that it was made of, so
  /// nobody changes them in place (Optimizer), and another tensor in their place is noticed.
  std::vector<Tensor> folded_from_;
  FoldedConvolution folded_;
};

}  // namespace kintsugi

#pragma once
#include <string>
#include <vector>

#include "layers/init.h"
#include "layers/module.h"
#include "tensor/backend.h"

namespace kintsugi {

struct ConvolutionOptions {
  int64_t in = 0, out = 0;  ///< channels
  int64_t kernel = 3;       ///< rows and columns
  int64_t stride = 1;
  int64_t padding = 0;
  int64_t dilation = 1;
  int64_t output_padding = 0;  ///< ConvTranspose2d only
  bool bias = true;
};

/// How the kernel walks over a map, the kernel's size included.
Window window_of(const ConvolutionOptions& options);

/// A convolution with an affine function of its output channels, such as batch norm at inference,
/// folded in: weight·scale, in the dtype that it is multiplied in (layers/precision.h), and
/// bias·scale + shift.
struct FoldedConvolution {
  Tensor weight, bias;
  KeptWeights kept;  ///< the device's forms of `weight`
};

/// What Conv2d and ConvTranspose2d share: weight, bias, and a way to run with an affine function of
/// the output channels, such as batch norm at inference, folded into the weights.
class Convolution : public Module {
 public:
  Variable forward(const Variable& x) final { return convolve(x, bias_); }
  /// forward(x) where the bias learns nothing: before a normalisation by the batch's statistics,
  /// which takes it out again, its gradient is 0, and summing it up would give rounding alone.
  Variable forward_before_norm(const Variable& x);
  /// scale, shift [out].
  FoldedConvolution fold(const Tensor& scale, const Tensor& shift) const;
  /// scale·(conv(x) + bias) + shift, then max(…, 0) where `relu`. For inference: nothing is
  /// recorded.
  virtual Variable forward_folded(const Variable& x, FoldedConvolution& folded,
                                  bool relu) const = 0;

  const ConvolutionOptions& options() const { return options_; }
  const Variable& weight() const { return weight_; }
  const Variable& bias() const { return bias_; }
  std::vector<Footprint> footprints() const override;

 protected:
  Convolution(const ConvolutionOptions& options, bool transposed, Generator& generator);
  /// By weight_ and this bias, or none.
  virtual Variable convolve(const Variable& x, const Variable& bias) const = 0;

  ConvolutionOptions options_;
  bool transposed_;
  Variable weight_;
  Variable bias_;  ///< undefined without bias
};

/// conv2d (autograd/ops.h) with weight [kernel, kernel, in, out] and bias [out]; on disk
/// [out, in, kernel, kernel]. PyTorch's default initialisation.
///   Conv2d conv({.in = 64, .out = 128, .kernel = 3, .stride = 2, .padding = 1});
class Conv2d final : public Convolution {
 public:
  explicit Conv2d(const ConvolutionOptions& options, Generator& generator = default_generator());
  Variable forward_folded(const Variable& x, FoldedConvolution& folded, bool relu) const override;
  std::string describe() const override;
  Shape output_shape(const Shape& input) const override;
  int64_t multiply_adds(const Shape& input) const override;

 private:
  Variable convolve(const Variable& x, const Variable& bias) const override;
};

/// conv_transpose2d (autograd/ops.h) with weight [kernel, kernel, out, in] and bias [out]; on disk
/// [in, out, kernel, kernel]. PyTorch's default initialisation.
class ConvTranspose2d final : public Convolution {
 public:
  explicit ConvTranspose2d(const ConvolutionOptions& options,
                           Generator& generator = default_generator());
  Variable forward_folded(const Variable& x, FoldedConvolution& folded, bool relu) const override;
  std::string describe() const override;
  Shape output_shape(const Shape& input) const override;
  int64_t multiply_adds(const Shape& input) const override;

 private:
  Variable convolve(const Variable& x, const Variable& bias) const override;
};

}  // namespace kintsugi

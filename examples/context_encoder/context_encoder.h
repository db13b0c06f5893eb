#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "glcic/architecture.h"
#include "layers/init.h"

/// The Context Encoder (Pathak, Krähenbühl, Donahue, Darrell & Efros, "Context Encoders: Feature
/// Learning by Inpainting", CVPR 2016), which GLCIC was compared with. An encoder squeezes the
/// whole picture into a map of 4 × 4; there, a fully connected layer carries what it saw on one
/// side to the other; a decoder paints the picture anew. It sees everything at once, without
/// GLCIC's dilated convolutions, and pays for it: each weight of the fully connected layer belongs
/// to two places, so the network takes pictures of the one size that it was trained for.
///
///   glcic train --architecture context-encoder --data synthetic --size 64 --run runs/encoder
///   glcic complete --weights runs/encoder/checkpoint.safetensors --image … --mask … --output …
///
/// What is the paper's, and what is not:
///   holes     anywhere, as its "random region" variant, which gives the whole picture (§3.3)
///   losses    λ_rec = 0.999 and λ_adv = 0.001: here L + α·adversarial with α = 0.001/0.999; L is
///             the mean over all pixels and channels, as for GLCIC, where eq. 1 has the sum
///   judge     DCGAN's (§3.2); it sees composites, as GLCIC's, where eq. 2 has the output alone
///   training  GLCIC's three phases and ADADELTA, where the paper trains all at once with Adam
///   input     the mean colour in the hole, and the mask as a fourth channel, which the paper does
///             not have: without it, a hole and a wall of that colour are the same
///   output    a sigmoid, since pictures are in [0, 1] here, where the authors' program has tanh
///   layers    widths, batch norm and leaky ReLU of the authors' program; its bottleneck is one
///             4x4 convolution to a vector, this one is §3.1's
namespace kintsugi {

/// Of this many convolutions that each halve the map, the channels of the n-th, from 1: `width`,
/// doubling up to 8·width in the last four; 64, 64, 128, 256, 512 of five.
int64_t encoder_channels(int64_t depth, int64_t n, int64_t width);
/// Halvings from size × size to 4 × 4. Throws Error unless size is 16, 32, 64, 128, …
int64_t encoder_depth(int64_t size);

/// [N, size, size, 4] (RGB with the hole filled, then the mask) → [N, size, size, 3] in (0, 1).
/// Children "encoder1" … (4x4 convolution of stride 2, batch norm but for the first, leaky ReLU
/// 0.2), "bottleneck" (ChannelwiseLinear on 4 × 4), "mixing" (1x1 convolution over the channels,
/// batch norm, ReLU), "decoder1" … (4x4 deconvolution that doubles the map, batch norm, ReLU),
/// "output" (the last deconvolution); then a sigmoid.
class ContextEncoder final : public Module {
 public:
  /// Throws Error where the encoder_depth or the width does not fit.
  ContextEncoder(int64_t size, int64_t width, Generator& generator = default_generator());
  /// Throws ShapeError for pictures of another size.
  Variable forward(const Variable& x) override;
  std::string describe() const override;
  Shape output_shape(const Shape& input) const override { return input.with(-1, 3); }

 private:
  int64_t size_, width_;
};

/// DCGAN's discriminator (Radford et al. 2016): the encoder's convolutions on RGB, "layer1" …, then
/// "fc", a linear layer to one logit. It looks at the whole picture.
class ContextJudge final : public Judge {
 public:
  ContextJudge(int64_t size, int64_t width, Generator& generator = default_generator());
  Variable judge(const Variable& pictures, const Variable& patches) override;
  std::vector<Part> parts() const override;
  /// [N, size, size, 3] → [N, 1].
  Variable forward(const Variable& pictures) override;
  std::string describe() const override;
  Shape output_shape(const Shape& input) const override { return {input[0], 1}; }

 private:
  int64_t size_, width_;
};

/// Named "context-encoder". For register_architecture.
Architecture context_encoder_architecture();

}  // namespace kintsugi

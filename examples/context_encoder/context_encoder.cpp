#include "examples/context_encoder/context_encoder.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "autograd/ops.h"
#include "layers/activation.h"
#include "layers/channelwise_linear.h"
#include "layers/conv_norm_relu.h"
#include "layers/linear.h"
#include "layers/precision.h"
#include "layers/sequential.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

constexpr int64_t kInnermost = 4;  // side of the last map
constexpr double kSlope = 0.2;     // of the leaky ReLUs

/// A 4x4 convolution that halves the map, or deconvolution that doubles it.
ConvolutionOptions step_of_two(int64_t in, int64_t out) {
  return {.in = in, .out = out, .kernel = 4, .stride = 2, .padding = 1};
}

/// Layer n of an encoder: children "conv", "norm" but for the first layer, "relu".
std::shared_ptr<Module> encoder_layer(int64_t n, int64_t in, int64_t out, Generator& generator) {
  NamedModules parts{{"conv", std::make_shared<Conv2d>(step_of_two(in, out), generator)}};
  if (n > 1)
    parts.emplace_back("norm", std::make_shared<BatchNorm2d>(NormOptions{.channels = out}));
  parts.emplace_back("relu", std::make_shared<LeakyRelu>(kSlope));
  return std::make_shared<Sequential>(parts);
}

void check_input(const char* name, const Shape& shape, int64_t size, int64_t channels) {
  check_shape(shape.rank() == 4 && shape[1] == size && shape[2] == size && shape[3] == channels,
              "{}: input {} is not [N, {}, {}, {}]", name, shape, size, size, channels);
}

Variable through(const NamedModules& layers, const Variable& x) {
  Variable y = x;
  for (const auto& [name, layer] : layers) y = (*layer)(y);
  return y;
}

/// 4 · 2^(number of encoder layers).
int64_t size_of_pictures(const StateDict& saved) {
  int64_t size = kInnermost;
  for (int64_t n = 1; saved.contains(fmt::format("completion.encoder{}.conv.weight", n)); ++n)
    size *= 2;
  return size;
}

}  // namespace

int64_t encoder_channels(int64_t depth, int64_t n, int64_t width) {
  return width << std::max<int64_t>(0, n - std::max<int64_t>(1, depth - 3));
}

int64_t encoder_depth(int64_t size) {
  const auto places = static_cast<uint64_t>(std::max<int64_t>(size, 0));
  check(size >= 16 && std::has_single_bit(places),
        "Context Encoder: size {} is not 16, 32, 64, 128 or a further power of two: each layer of "
        "the encoder halves the map, down to 4 x 4",
        size);
  return std::countr_zero(places) - std::countr_zero(static_cast<uint64_t>(kInnermost));
}

ContextEncoder::ContextEncoder(int64_t size, int64_t width, Generator& generator)
    : Module("completion"), size_(size), width_(width) {
  const int64_t depth = encoder_depth(size);
  check(width >= 1, "Context Encoder: width {} must be 1 or more", width);
  const auto channels = [&](int64_t n) { return n == 0 ? 4 : encoder_channels(depth, n, width); };
  const int64_t inner = channels(depth);
  for (int64_t n = 1; n <= depth; ++n)
    add_child(fmt::format("encoder{}", n),
              encoder_layer(n, channels(n - 1), channels(n), generator));
  add_child("bottleneck", std::make_shared<ChannelwiseLinear>(
                              ChannelwiseLinearOptions{
                                  .height = kInnermost, .width = kInnermost, .channels = inner},
                              generator));
  add_child("mixing", std::make_shared<ConvNormRelu>(std::make_shared<Conv2d>(
                          ConvolutionOptions{.in = inner, .out = inner, .kernel = 1}, generator)));
  for (int64_t n = depth; n > 1; --n)
    add_child(fmt::format("decoder{}", depth - n + 1),
              std::make_shared<ConvNormRelu>(std::make_shared<ConvTranspose2d>(
                  step_of_two(channels(n), channels(n - 1)), generator)));
  add_child("output", std::make_shared<ConvTranspose2d>(step_of_two(channels(1), 3), generator));
}

Variable ContextEncoder::forward(const Variable& x) {
  check_input("Context Encoder", x.shape(), size_, 4);
  return sigmoid(as_result(through(children(), x)));
}

std::string ContextEncoder::describe() const {
  return fmt::format("Context Encoder for {0} x {0}, width {1}", size_, width_);
}

ContextJudge::ContextJudge(int64_t size, int64_t width, Generator& generator)
    : Judge("discriminator"), size_(size), width_(width) {
  const int64_t depth = encoder_depth(size);
  const auto channels = [&](int64_t n) { return n == 0 ? 3 : encoder_channels(depth, n, width); };
  for (int64_t n = 1; n <= depth; ++n)
    add_child(fmt::format("layer{}", n), encoder_layer(n, channels(n - 1), channels(n), generator));
  const Shape maps{kInnermost, kInnermost, channels(depth)};
  add_child("fc", std::make_shared<Linear>(
                      LinearOptions{.in = maps.numel(), .out = 1, .maps = maps}, generator));
}

Variable ContextJudge::judge(const Variable& pictures, const Variable&) {
  return (*this)(pictures);
}

std::vector<Judge::Part> ContextJudge::parts() const {
  return {{.name = "", .network = this, .input = {1, size_, size_, 3}}};
}

Variable ContextJudge::forward(const Variable& pictures) {
  check_input("Context Encoder's discriminator", pictures.shape(), size_, 3);
  NamedModules layers = children();
  const std::shared_ptr<Module> fc = layers.back().second;
  layers.pop_back();
  const Variable maps = through(layers, pictures);  // [N, 4, 4, C]
  return as_result((*fc)(reshape(maps, {pictures.size(0), -1})));
}

std::string ContextJudge::describe() const {
  return fmt::format("Context Encoder's discriminator for {0} x {0}, width {1}", size_, width_);
}

Architecture context_encoder_architecture() {
  return {.name = "context-encoder",
          .title = "Context Encoder",
          .first_weight = "completion.encoder1.conv.weight",
          .judge_first_weight = "discriminator.layer1.conv.weight",
          .alpha = 0.001 / 0.999,
          .check_scale =
              [](int64_t size, int64_t width) {
                encoder_depth(size);
                check(width >= 1, "width {} must be 1 or more", width);
              },
          .make_completion =
              [](int64_t size, int64_t width, Generator& generator) {
                return std::make_shared<ContextEncoder>(size, width, generator);
              },
          .make_judge =
              [](int64_t size, int64_t width, Generator& generator) {
                return std::make_shared<ContextJudge>(size, width, generator);
              },
          .only_size = size_of_pictures};
}

}  // namespace kintsugi

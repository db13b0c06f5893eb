#include "glcic/networks.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops.h"
#include "layers/precision.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tensor/profiler.h"

namespace kintsugi {

namespace {

struct LayerRow {
  int64_t kernel, stride, dilation;
  bool transposed;
  int64_t in, out;  // in units of 1/64 of the base width
};

constexpr LayerRow conv_row(int64_t kernel, int64_t stride, int64_t dilation, int64_t in,
                            int64_t out) {
  return {kernel, stride, dilation, false, in, out};
}
constexpr LayerRow deconv_row(int64_t in, int64_t out) { return {4, 2, 1, true, in, out}; }

// GLCIC, table 2; layer 17 follows in the constructor. The channels of layer 1's input are 4 for
// every width.
constexpr LayerRow kTable[] = {
    conv_row(5, 1, 1, 0, 64),     conv_row(3, 2, 1, 64, 128),  conv_row(3, 1, 1, 128, 128),
    conv_row(3, 2, 1, 128, 256),  conv_row(3, 1, 1, 256, 256), conv_row(3, 1, 1, 256, 256),
    conv_row(3, 1, 2, 256, 256),  conv_row(3, 1, 4, 256, 256), conv_row(3, 1, 8, 256, 256),
    conv_row(3, 1, 16, 256, 256), conv_row(3, 1, 1, 256, 256), conv_row(3, 1, 1, 256, 256),
    deconv_row(256, 128),         conv_row(3, 1, 1, 128, 128), deconv_row(128, 64),
    conv_row(3, 1, 1, 64, 32),
};

/// First weights of the completion network, as a part of PyTorch's default. Batch norm undoes their
/// scale in the output, but ADADELTA's first steps are about 0.001 whatever the weights are: small
/// weights turn sooner to where they should point (docs/performance.md has the curves).
constexpr double kFirstWeights = 0.25;

std::shared_ptr<Convolution> make_convolution(const LayerRow& row, int64_t width,
                                              Generator& generator) {
  int64_t padding = row.transposed ? 1 : row.dilation * (row.kernel - 1) / 2;
  ConvolutionOptions options{.in = row.in == 0 ? 4 : row.in * width / 64,
                             .out = row.out * width / 64,
                             .kernel = row.kernel,
                             .stride = row.stride,
                             .padding = padding,
                             .dilation = row.dilation};
  std::shared_ptr<Convolution> conv;
  if (row.transposed)
    conv = std::make_shared<ConvTranspose2d>(options, generator);
  else
    conv = std::make_shared<Conv2d>(options, generator);
  Variable weight = conv->weight();
  weight.set_value(ops::affine(weight.value(), kFirstWeights, 0));
  return conv;
}

/// Layer 17: a 3x3 convolution to RGB and a sigmoid, without normalisation. Child "conv".
class OutputLayer final : public Module {
 public:
  OutputLayer(int64_t in, Generator& generator)
      : conv_(add_child(
            "conv", std::make_shared<Conv2d>(ConvolutionOptions{.in = in, .out = 3, .padding = 1},
                                             generator))) {}
  Variable forward(const Variable& x) override { return sigmoid(as_result((*conv_)(x))); }
  std::string describe() const override { return conv_->describe() + ", sigmoid"; }
  Shape output_shape(const Shape& input) const override { return conv_->output_shape(input); }

 private:
  std::shared_ptr<Conv2d> conv_;
};

}  // namespace

CompletionNetwork::CompletionNetwork(int64_t width, Generator& generator)
    : Module("completion"), width_(width) {
  check(width >= 2 && width % 2 == 0,
        "completion network: width {} must be an even number, 2 or more", width);
  for (const LayerRow& row : kTable)
    layers_.push_back(
        add_child(fmt::format("layer{:02}", layers_.size() + 1),
                  std::make_shared<ConvNormRelu>(make_convolution(row, width, generator))));
  layers_.push_back(add_child("layer17", std::make_shared<OutputLayer>(width / 2, generator)));
}

Variable CompletionNetwork::forward(const Variable& x) {
  const Shape& shape = x.shape();
  check_shape(shape.rank() == 4 && shape[3] == 4,
              "completion network: input {} is not [N, H, W, 4], RGB and mask", shape);
  check_shape(shape[1] % 4 == 0 && shape[2] % 4 == 0,
              "completion network: input {} has a height or width that is no multiple of 4", shape);
  Variable y = x;
  for (const auto& layer : layers_) y = (*layer)(y);
  return y;
}

std::string CompletionNetwork::describe() const {
  return fmt::format("GLCIC completion network, width {}", width_);
}

NamedModules named_layers(const Module& network) { return network.children(); }

int64_t discriminator_depth(int64_t size) {
  return std::lround(std::log2(static_cast<double>(size) / 4));
}

Discriminator::Discriminator(int64_t size, int64_t width, Generator& generator)
    : size_(size), width_(width) {
  check(size >= 8, "discriminator: pictures of {0} x {0} are too small, 8 x 8 is the least", size);
  int64_t in = 3, map = size;
  for (int64_t layer = 0; layer < discriminator_depth(size); ++layer) {
    int64_t out = std::min(width << layer, 8 * width);
    auto conv = std::make_shared<Conv2d>(
        ConvolutionOptions{.in = in, .out = out, .kernel = 5, .stride = 2, .padding = 2},
        generator);
    layers_.push_back(add_child(fmt::format("layer{}", layer + 1),
                                std::make_shared<ConvNormRelu>(std::move(conv))));
    in = out;
    map = (map + 1) / 2;
  }
  fc_ = add_child(
      "fc", std::make_shared<Linear>(
                LinearOptions{.in = map * map * in, .out = 16 * width, .maps = {map, map, in}},
                generator));
}

Variable Discriminator::forward(const Variable& x) {
  check_shape(x.shape().rank() == 4 && x.size(1) == size_ && x.size(2) == size_ && x.size(3) == 3,
              "discriminator: input {} is not [N, {}, {}, 3]", x.shape(), size_, size_);
  Variable y = x;
  for (const auto& layer : layers_) y = (*layer)(y);
  y = reshape(y, {x.size(0), y.value().numel() / x.size(0)});
  return relu((*fc_)(y));
}

std::string Discriminator::describe() const {
  return fmt::format("GLCIC discriminator for {0} x {0}, width {1}", size_, width_);
}

Shape Discriminator::output_shape(const Shape& input) const { return {input[0], 16 * width_}; }

Discriminators::Discriminators(int64_t size, int64_t width, Generator& generator)
    : Judge("discriminator"), size_(size) {
  check(size >= 16 && size % 4 == 0,
        "discriminators: size {} does not fit: it must be a multiple of 4, and at least 16", size);
  local_ = add_child("local", std::make_shared<Discriminator>(size / 2, width, generator));
  global_ = add_child("global", std::make_shared<Discriminator>(size, width, generator));
  fc_ = add_child("fc",
                  std::make_shared<Linear>(LinearOptions{.in = 32 * width, .out = 1}, generator));
}

Variable Discriminators::judge(const Variable& pictures, const Variable& patches) {
  const Scope scope(name());
  return forward(concat({(*global_)(pictures), (*local_)(patches)}, 1));
}

std::vector<Judge::Part> Discriminators::parts() const {
  return {{"local", local_.get(), {1, size_ / 2, size_ / 2, 3}},
          {"global", global_.get(), {1, size_, size_, 3}}};
}

Variable Discriminators::forward(const Variable& features) { return as_result((*fc_)(features)); }

std::string Discriminators::describe() const {
  return fmt::format("GLCIC discriminators for {0} x {0}", size_);
}

const Architecture& glcic_architecture() {
  static const Architecture architecture{
      .name = "glcic",
      .title = "GLCIC",
      .first_weight = "completion.layer01.conv.weight",
      .judge_first_weight = "discriminator.global.layer1.conv.weight",
      .alpha = 0.0004,
      .check_scale =
          [](int64_t size, int64_t width) {
            check(size >= 16 && size % 4 == 0,
                  "no discriminator fits size {}: it must be a multiple of 4, and at least 16",
                  size);
            check(width >= 2 && width % 2 == 0, "width {} must be an even number, 2 or more",
                  width);
          },
      .make_completion =
          [](int64_t, int64_t width, Generator& generator) {
            return std::make_shared<CompletionNetwork>(width, generator);
          },
      .make_judge =
          [](int64_t size, int64_t width, Generator& generator) {
            return std::make_shared<Discriminators>(size, width, generator);
          }};
  return architecture;
}

}  // namespace kintsugi

#include "layers/channelwise_linear.h"

#include <algorithm>

#include "autograd/ops.h"
#include "layers/layer_sample.h"
#include "layers/precision.h"
#include "tensor/error.h"

namespace kintsugi {

ChannelwiseLinear::ChannelwiseLinear(const ChannelwiseLinearOptions& options, Generator& generator)
    : options_(options) {
  const auto [height, width, channels] = options;
  check(height > 0 && width > 0 && channels > 0,
        "ChannelwiseLinear: {} maps of {} x {}; all three must be 1 or more", channels, height,
        width);
  const int64_t places = height * width;
  add_parameter("weight", weight_,
                init::pytorch_default({channels, places, places}, places, generator));
  add_parameter("bias", bias_, init::pytorch_default({height, width, channels}, places, generator));
}

Variable ChannelwiseLinear::forward(const Variable& x) {
  const auto [height, width, channels] = options_;
  check_shape(
      x.shape().rank() == 4 && x.size(1) == height && x.size(2) == width && x.size(3) == channels,
      "ChannelwiseLinear: input {} is not [N, {}, {}, {}]", x.shape(), height, width, channels);
  return channelwise_linear(as_result(x), weight_) + bias_;
}

std::string ChannelwiseLinear::describe() const {
  return fmt::format("channel-wise fully connected, {} x {}", options_.height, options_.width);
}

int64_t ChannelwiseLinear::multiply_adds(const Shape& input) const {
  return input.numel() * options_.height * options_.width;
}

std::vector<Footprint> ChannelwiseLinear::footprints() const {
  const int64_t extent = std::max(options_.height, options_.width);
  return {{.kernel = 2 * extent - 1, .padding = extent - 1}};
}

namespace {

const RegisterLayer registered{
    {.name = "ChannelwiseLinear",
     .formula = "x[:, :, c]·weight[c] + bias",
     .derivative = "dx = dy·weight[c]ᵀ, dweight[c] = xᵀ·dy, dbias = Σ dy over the pictures",
     .samples = {layer_sample(
         [](Generator& generator) {
           return std::make_shared<ChannelwiseLinear>(
               ChannelwiseLinearOptions{.height = 2, .width = 3, .channels = 2}, generator);
         },
         {{.shape = {3, 2, 3, 2}}, {.shape = {2, 6, 6}}, {.shape = {2, 3, 2}}})}}};

}  // namespace

}  // namespace kintsugi

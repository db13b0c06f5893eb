#include <doctest/doctest.h>

#include "autograd/ops.h"
#include "layers/channelwise_linear.h"
#include "layers/summary.h"
#include "tensor/error.h"
#include "tests/layers/check_layer.h"

namespace kintsugi {

TEST_CASE("ChannelwiseLinear with PyTorch's weights gives PyTorch's maps and gradients") {
  ChannelwiseLinear layer({.height = 2, .width = 3, .channels = 3});
  check_layer(layer, ReferenceCase("channelwise_linear", "maps"));
}

TEST_CASE("ChannelwiseLinear has a square matrix and a map of biases a channel") {
  CHECK(ChannelwiseLinear({.height = 4, .width = 4, .channels = 512}).parameter_count() ==
        512 * 256 + 512 * 16);
}

TEST_CASE("every place of ChannelwiseLinear's output sees all of its own map, and no other map") {
  ChannelwiseLinear layer({.height = 2, .width = 2, .channels = 3});
  Variable x(Tensor::full({1, 2, 2, 3}, 0.5), true);
  const Variable y = layer(x);
  sum(slice(slice(slice(y, 1, 0, 1), 2, 1, 1), 3, 2, 1)).backward();  // place (0, 1), channel 2
  const std::vector<double> gradient = x.grad().value().to_vector();
  for (size_t i = 0; i < gradient.size(); ++i) CHECK((gradient[i] != 0) == (i % 3 == 2));
  CHECK(receptive_field(layer.footprints()) == 3);
}

TEST_CASE("ChannelwiseLinear refuses maps of another size, which its matrices are not for") {
  ChannelwiseLinear layer({.height = 2, .width = 2, .channels = 3});
  CHECK_THROWS_WITH_AS(layer(Variable(Tensor::zeros({1, 3, 2, 3}))),
                       "ChannelwiseLinear: input [1, 3, 2, 3] is not [N, 2, 2, 3]", ShapeError);
  CHECK_THROWS_AS(ChannelwiseLinear({.height = 0, .width = 2, .channels = 3}), Error);
  CHECK_THROWS_WITH_AS(
      channelwise_linear(Variable(Tensor::zeros({1, 2, 2, 3})), Variable(Tensor::zeros({3, 4, 5}))),
      doctest::Contains("takes weight [3, 4, 4], not [3, 4, 5]"), ShapeError);
}

}  // namespace kintsugi

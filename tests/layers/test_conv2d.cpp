#include <doctest/doctest.h>

#include "layers/conv2d.h"
#include "layers/linear.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/device.h"
#include "tests/layers/check_layer.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

TEST_CASE("Conv2d with PyTorch's weights gives PyTorch's maps and gradients") {
  for (const char* name : {"basic", "strided", "dilated", "even", "pointwise"}) {
    CAPTURE(name);
    ReferenceCase expected("conv2d", name);
    Shape weight = expected["weight"].shape();  // [out, in, kernel, kernel]
    Conv2d conv({.in = weight[1],
                 .out = weight[0],
                 .kernel = weight[2],
                 .stride = expected.integer(0),
                 .padding = expected.integer(1),
                 .dilation = expected.integer(2)});
    check_layer(conv, expected);
    CHECK(conv.output_shape(maps_here(expected["input"]).shape()) ==
          maps_here(expected["output"]).shape());
  }
}

TEST_CASE("ConvTranspose2d with PyTorch's weights gives PyTorch's maps and gradients") {
  for (const char* name : {"doubling", "output_padding", "dilated", "even"}) {
    CAPTURE(name);
    ReferenceCase expected("conv_transpose2d", name);
    Shape weight = expected["weight"].shape();  // [in, out, kernel, kernel]
    ConvTranspose2d conv({.in = weight[0],
                          .out = weight[1],
                          .kernel = weight[2],
                          .stride = expected.integer(0),
                          .padding = expected.integer(1),
                          .dilation = expected.integer(3),
                          .output_padding = expected.integer(2)});
    check_layer(conv, expected);
    CHECK(conv.output_shape(maps_here(expected["input"]).shape()) ==
          maps_here(expected["output"]).shape());
  }
}

TEST_CASE("Linear with PyTorch's weights gives PyTorch's rows and gradients") {
  Linear linear({.in = 6, .out = 3});
  check_layer(linear, ReferenceCase("linear", "linear"));
}

TEST_CASE("a linear layer behind flattened maps counts its inputs in C, H, W order in a file") {
  const int64_t height = 2, width = 3, channels = 4, in = height * width * channels;
  Linear linear({.in = in, .out = 2, .maps = {height, width, channels}});
  linear.to(DType::float64);
  linear.to(test_device());
  Generator generator{.seed = 3};
  TensorOptions options{DType::float64, test_device()};
  Tensor chw_weight = normal({2, in}, 0, 1, generator, options);
  Tensor bias = normal({2}, 0, 1, generator, options);
  linear.load({{"weight", chw_weight}, {"bias", bias}});

  Tensor maps = normal({5, height, width, channels}, 0, 1, generator, options);
  Tensor chw = ops::permute(maps, {0, 3, 1, 2}).reshape({5, in});
  Tensor expected = ops::add(ops::matmul(chw, chw_weight, {.transpose_b = true}), bias);
  CHECK(difference(linear(Variable(maps.reshape({5, in}))).value(), expected) < 1e-13);
  CHECK(difference(linear.save().at("weight"), chw_weight) == 0);
}

TEST_CASE("a convolution with an affine function folded in equals the two one after the other") {
  Generator generator{.seed = 5};
  TensorOptions options{DType::float64, test_device()};
  Tensor scale = uniform({3}, 0.5, 2, generator, options);
  Tensor shift = normal({3}, 0, 1, generator, options);
  Variable x(normal({2, 5, 6, 2}, 0, 1, generator, options));
  auto check_folding = [&](Convolution& conv) {
    conv.to(DType::float64);
    conv.to(test_device());
    Tensor expected = ops::add(ops::multiply(conv(x).value(), scale), shift);
    FoldedConvolution folded = conv.fold(scale, shift);
    CHECK(difference(conv.forward_folded(x, folded, false).value(), expected) < 1e-13);
    CHECK(difference(conv.forward_folded(x, folded, true).value(), ops::relu(expected)) < 1e-13);
  };
  Conv2d conv({.in = 2, .out = 3, .stride = 2, .padding = 1}, generator);
  check_folding(conv);
  Conv2d without_bias({.in = 2, .out = 3, .padding = 2, .dilation = 2, .bias = false}, generator);
  check_folding(without_bias);
  ConvTranspose2d deconv({.in = 2, .out = 3, .stride = 2, .padding = 1, .output_padding = 1},
                         generator);
  check_folding(deconv);
}

TEST_CASE("layers refuse impossible options and inputs in a sentence") {
  CHECK_THROWS_AS(Conv2d({.in = 0, .out = 3}), Error);
  CHECK_THROWS_AS(Conv2d({.in = 1, .out = 3, .stride = 0}), Error);
  CHECK_THROWS_AS(Conv2d({.in = 1, .out = 3, .output_padding = 1}), Error);
  CHECK_THROWS_AS(Linear({.in = 7, .out = 3, .maps = {2, 2, 2}}), Error);
  Linear linear({.in = 6, .out = 3});
  CHECK(sentence_of([&] {
          linear(Variable(Tensor::zeros({2, 5})));
        }) == "Linear: input [2, 5] is not [N, 6]");
  Conv2d conv({.in = 4, .out = 3});
  CHECK(sentence_of([&] {
          conv.output_shape({8, 32, 32, 3});
        }) == "Conv2d: input [8, 32, 32, 3] is not [N, H, W, 4]");
  CHECK_THROWS_AS(conv(Variable(Tensor::zeros({8, 32, 32, 3}))), ShapeError);
}

#include <doctest/doctest.h>

#include "autograd/checkpoint.h"
#include "autograd/ops.h"
#include "layers/conv_norm_relu.h"
#include "layers/optimizer.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/device.h"
#include "tests/layers/check_layer.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

constexpr DType kDouble = DType::float64;

TensorOptions options() { return {kDouble, test_device()}; }

Tensor state_of(const Module& module, const std::string& name) { return module.save().at(name); }

/// A block whose running statistics are not at their start.
std::shared_ptr<ConvNormRelu> used_block(Generator& generator, bool transposed) {
  ConvolutionOptions sizes{.in = 2, .out = 3, .stride = 2, .padding = 1};
  std::shared_ptr<Convolution> conv;
  if (transposed)
    conv = std::make_shared<ConvTranspose2d>(sizes, generator);
  else
    conv = std::make_shared<Conv2d>(sizes, generator);
  auto block = std::make_shared<ConvNormRelu>(conv);
  block->to(kDouble);
  block->to(test_device());
  StateDict state = block->save();
  state["norm.weight"] = uniform({3}, 0.5, 2, generator, options());
  state["norm.bias"] = normal({3}, 0, 1, generator, options());
  block->load(state);
  for (int i = 0; i < 3; ++i) (*block)(Variable(normal({2, 6, 6, 2}, 1, 2, generator, options())));
  return block;
}

}  // namespace

TEST_CASE("BatchNorm2d gives PyTorch's values, gradients and running statistics") {
  for (const char* name : {"training", "eval", "single_picture", "vectors"}) {
    CAPTURE(name);
    ReferenceCase expected("batch_norm", name);
    BatchNorm2d norm({.channels = expected["weight"].numel(),
                      .eps = expected.option(0),
                      .momentum = expected.option(1)});
    bool training = std::string(name) != "eval";
    norm.train(training);
    check_layer(norm, expected);
    const char* suffix = training ? "_after" : "";
    for (std::string statistic : {"running_mean", "running_var"})
      CHECK(difference(state_of(norm, statistic), expected[statistic + suffix]) < 1e-13);
  }
}

TEST_CASE("BatchNorm2d with its ReLU gives what PyTorch gives with the two in a row") {
  ReferenceCase expected("batch_norm_relu", "training");
  BatchNorm2d norm({.channels = 4, .relu = true});
  check_layer(norm, expected);
  CHECK(difference(state_of(norm, "running_var"), expected["running_var_after"]) < 1e-13);
}

TEST_CASE("InstanceNorm2d gives PyTorch's values and gradients") {
  InstanceNorm2d norm({.channels = 4});
  check_layer(norm, ReferenceCase("instance_norm", "affine"));
}

TEST_CASE("one value a channel cannot be normalised in training, but at inference") {
  BatchNorm2d norm({.channels = 2});
  Variable x(Tensor::zeros({1, 1, 1, 2}));
  CHECK(sentence_of([&] { norm(x); }) ==
        "BatchNorm2d: input [1, 1, 1, 2] has 1 value a channel; training needs 2 or more");
  norm.eval();
  CHECK(norm(x).shape() == x.shape());
  CHECK_THROWS_AS(norm(Variable(Tensor::zeros({1, 1, 1, 3}))), ShapeError);
}

TEST_CASE("batch norm moves its running statistics into new tensors, and once for a checkpoint") {
  Generator generator{.seed = 2};
  BatchNorm2d norm({.channels = 2}), checkpointed({.channels = 2});
  Tensor before = norm.state()[2].variable.value();
  Variable x(normal({3, 2, 2, 2}, 1, 1, generator), true);
  norm(x);
  CHECK(before.to_vector() == std::vector<double>{0, 0});
  sum(square(checkpoint([&](const Variables& in) { return checkpointed(in[0]); }, {x}))).backward();
  CHECK(state_of(norm, "running_mean").to_vector() != before.to_vector());
  for (const char* statistic : {"running_mean", "running_var"})
    CHECK(state_of(checkpointed, statistic).to_vector() == state_of(norm, statistic).to_vector());
}

TEST_CASE("ghost batches leave a block as one pass for each batch would") {
  Generator first{.seed = 4}, second{.seed = 4}, pictures{.seed = 5};
  const auto together = used_block(first, false), in_turn = used_block(second, false);
  const Tensor one = normal({2, 6, 6, 2}, 0, 1, pictures, options());
  const Tensor other = normal({2, 6, 6, 2}, 3, 2, pictures, options());
  together->set_ghost_batches(2);
  const Tensor y = (*together)(Variable(ops::concat({one, other}, 0))).value();
  const std::vector<Tensor> expected{(*in_turn)(Variable(one)).value(),
                                     (*in_turn)(Variable(other)).value()};
  CHECK(difference(y, ops::concat(expected, 0)) < 1e-12);
  for (const auto& [name, value] : in_turn->save()) {
    CAPTURE(name);
    CHECK(difference(state_of(*together, name), value) < 1e-12);
  }
  CHECK(sentence_of([&] { (*together)(Variable(ops::slice(one, 0, 0, 1))); }) ==
        "batch_norm: x [1, 3, 3, 3] is not 2 batches of one size");
  CHECK(sentence_of([&] { together->set_ghost_batches(0); }) ==
        "0 ghost batches; there must be 1 or more");
  together->eval();  // where the batch does not matter
  CHECK((*together)(Variable(ops::slice(one, 0, 0, 1))).shape() == Shape{1, 3, 3, 3});
}

TEST_CASE("a frozen network keeps every byte, running statistics included, and gets no gradient") {
  Generator generator{.seed = 1};
  auto block = used_block(generator, false);
  block->train();
  Variable x(normal({2, 6, 6, 2}, 0, 1, generator, options()), true);
  Variable free_output = (*block)(x);
  block->set_frozen(true);
  StateDict before = block->save();
  Variable y = (*block)(x);
  CHECK(difference(y.value(), free_output.value()) == 0);  // still by the batch's statistics
  sum(square(y)).backward();
  CHECK(x.grad().defined());
  for (const Variable& parameter : block->parameters()) CHECK(!parameter.grad().defined());
  for (const auto& [name, value] : block->save())
    CHECK(value.to_vector() == before.at(name).to_vector());
  block->set_frozen(false);
  (*block)(x);
  CHECK(state_of(*block, "norm.running_mean").to_vector() !=
        before.at("norm.running_mean").to_vector());
}

TEST_CASE("ConvNormRelu at inference: folded weights agree with the layers one after the other") {
  Generator generator{.seed = 4};
  for (bool transposed : {false, true}) {
    CAPTURE(transposed);
    auto block = used_block(generator, transposed);
    block->eval();
    Variable x(normal({2, 6, 6, 2}, 1, 2, generator, options()));
    Variable recorded = (*block)(x);
    CHECK(recorded.requires_grad());
    auto folded = [&] {
      NoGrad no_grad;
      return (*block)(x);
    }();
    CHECK(!folded.requires_grad());
    CHECK(difference(folded.value(), recorded.value()) < 1e-13);
    auto& conv = dynamic_cast<Convolution&>(*block->children()[0].second);
    auto affine = dynamic_cast<BatchNorm2d&>(*block->children()[1].second).inference_affine();
    FoldedConvolution by_hand = conv.fold(affine.scale, affine.shift);
    Tensor one_pass = conv.forward_folded(x, by_hand, true).value();
    CHECK(folded.value().to_vector() == one_pass.to_vector());
    CHECK(ops::max(recorded.value()).item() > 0.1);  // not clipped to nothing
    block->set_frozen(true);
    CHECK((*block)(x).is_leaf());
  }
}

TEST_CASE("a block at inference notices every change of what it was folded from") {
  Generator generator{.seed = 3};
  auto conv =
      std::make_shared<Conv2d>(ConvolutionOptions{.in = 16, .out = 32, .padding = 1}, generator);
  ConvNormRelu block(conv);
  block.to(test_device());
  const Variable x(normal({1, 24, 24, 16}, 0, 1, generator).to(test_device()));
  auto infer = [&] {
    block.eval();
    NoGrad no_grad;
    return block(x).value();
  };
  /// What a block says that has never been asked before.
  auto fresh = [&] {
    Generator unused;
    ConvNormRelu other(
        std::make_shared<Conv2d>(ConvolutionOptions{.in = 16, .out = 32, .padding = 1}, unused));
    other.load(block.save());
    other.to(test_device());
    other.eval();
    NoGrad no_grad;
    return other(x).value().to_vector();
  };
  const std::vector<double> first = infer().to_vector();
  CHECK(first == infer().to_vector());
  CHECK(first == fresh());

  StateDict saved = block.save();
  SUBCASE("a step of an optimizer without a training pass before it") {
    Sgd optimizer(block.state(), {.rate = 0.1});
    for (Variable parameter : block.parameters())
      parameter.set_grad(Variable(Tensor::full(parameter.shape(), 0.5, parameter.options())));
    optimizer.step();
  }
  SUBCASE("a training pass, which moves the running statistics") {
    block.train();
    block(x);
  }
  SUBCASE("other weights loaded") {
    for (auto& [name, value] : saved) value = ops::affine(value, 1, 0.25);
    block.load(saved);
  }
  const std::vector<double> changed = infer().to_vector();
  CHECK(changed != first);
  CHECK(changed == fresh());
}

TEST_CASE("at inference a picture's result does not depend on the others in its batch") {
  Generator generator{.seed = 6};
  auto block = used_block(generator, false);
  block->eval();
  NoGrad no_grad;
  Tensor batch = normal({3, 6, 6, 2}, 0, 1, generator, options());
  Tensor together = (*block)(Variable(batch)).value();
  for (int64_t i = 0; i < 3; ++i) {
    Tensor alone = (*block)(Variable(ops::slice(batch, 0, i, 1))).value();
    CHECK(difference(ops::slice(together, 0, i, 1), alone) < 1e-14);
  }
}

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <memory>

#include "autograd/ops.h"
#include "layers/conv2d.h"
#include "layers/loss.h"
#include "layers/optimizer.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/device.h"
#include "tests/reference.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

using MakeOptimizer = std::function<std::unique_ptr<Optimizer>(std::vector<StateEntry>)>;

MakeOptimizer sgd(SgdOptions options) {
  return [=](auto entries) { return std::make_unique<Sgd>(std::move(entries), options); };
}
MakeOptimizer adam(AdamOptions options) {
  return [=](auto entries) { return std::make_unique<Adam>(std::move(entries), options); };
}
MakeOptimizer adadelta(AdadeltaOptions options = {}) {
  return [=](auto entries) { return std::make_unique<Adadelta>(std::move(entries), options); };
}

void check_steps(const std::string& name,
                 const std::function<MakeOptimizer(const ReferenceCase&)>& make) {
  CAPTURE(name);
  ReferenceCase expected("optimizer", name);
  Variable parameter(expected["parameter"].clone(), true);
  auto optimizer = make(expected)({{.name = "w", .variable = parameter}});
  for (int64_t step = 0; step < expected["gradients"].size(0); ++step) {
    CAPTURE(step);
    parameter.set_grad(Variable(ops::slice(expected["gradients"], 0, step, 1).reshape({-1})));
    optimizer->step();
    Tensor after = ops::slice(expected["parameters"], 0, step, 1).reshape({-1});
    CHECK(difference(parameter.value(), after) < 1e-12);
  }
}

Tensor picture() {
  Generator generator{.seed = 3};
  return uniform({1, 8, 8, 3}, 0, 1, generator, {.device = test_device()});
}

/// One step of a convolution that learns to reproduce a picture; the loss before it.
double train_once(Conv2d& conv, Optimizer& optimizer) {
  Variable x(picture());
  Variable loss = mse_loss(conv(x), x);
  optimizer.zero_grad();
  loss.backward();
  optimizer.step();
  return loss.item();
}

std::unique_ptr<Conv2d> make_conv() {
  Generator generator{.seed = 7};
  auto conv =
      std::make_unique<Conv2d>(ConvolutionOptions{.in = 3, .out = 3, .padding = 1}, generator);
  conv->to(test_device());
  return conv;
}

}  // namespace

TEST_CASE("optimisers take PyTorch's steps") {
  check_steps("sgd", [](const ReferenceCase& c) { return sgd({.rate = c.option(0)}); });
  check_steps("sgd_momentum", [](const ReferenceCase& c) {
    return sgd({.rate = c.option(0), .momentum = c.option(1)});
  });
  check_steps("adam", [](const ReferenceCase& c) {
    return adam(
        {.rate = c.option(0), .beta1 = c.option(1), .beta2 = c.option(2), .eps = c.option(3)});
  });
  check_steps("adadelta", [](const ReferenceCase& c) {
    return adadelta({.rate = c.option(0), .rho = c.option(1), .eps = c.option(2)});
  });
}

TEST_CASE("ADADELTA with its own defaults takes the two steps worked out by hand") {
  for (DType dtype : {DType::float32, DType::float64}) {
    Variable w(Tensor::from({1}, {1}, {dtype, test_device()}), true);
    Adadelta optimizer({{.name = "w", .variable = w}});
    auto step = [&](double gradient) {
      w.set_grad(Variable(Tensor::from({gradient}, {1}, {dtype, test_device()})));
      optimizer.step();
      return w.item();
    };
    double tolerance = dtype == DType::float32 ? 1e-6 : 1e-12;
    // s = 0.1·4 = 0.4; Δ = √1e-6 / √0.400001 · 2 = 0.00316227370...; d = 0.1·Δ² ≈ 1e-6
    double first = 1e-3 / std::sqrt(0.400001) * 2;
    CHECK(step(2) == doctest::Approx(1 - first).epsilon(tolerance));
    // s = 0.9·0.4 + 0.1·1 = 0.46; Δ = √(0.1·Δ₁² + 1e-6) / √0.460001 · (−1)
    double second = -std::sqrt(0.1 * first * first + 1e-6) / std::sqrt(0.460001);
    CHECK(step(-1) == doctest::Approx(1 - first - second).epsilon(tolerance));
  }
}

TEST_CASE("weight decay adds its part of the weight to the gradient") {
  Variable w(Tensor::from({2}, {1}, {.device = test_device()}), true);
  Sgd optimizer({{.name = "w", .variable = w}}, {.rate = 0.5, .weight_decay = 0.1});
  w.set_grad(Variable(Tensor::from({1}, {1}, {.device = test_device()})));
  optimizer.step();
  CHECK(w.item() == doctest::Approx(2 - 0.5 * (1 + 0.1 * 2)));
}

TEST_CASE("a convolution trained on one picture lowers its loss with each optimiser") {
  for (const MakeOptimizer& make : {sgd({.rate = 0.1}), sgd({.rate = 0.05, .momentum = 0.9}),
                                    adam({.rate = 0.02}), adadelta()}) {
    auto conv = make_conv();
    auto optimizer = make(conv->state());
    double first = train_once(*conv, *optimizer), last = first;
    for (int step = 0; step < 60; ++step) last = train_once(*conv, *optimizer);
    CHECK(last < 0.5 * first);
    CHECK(optimizer->steps() == 61);
  }
}

TEST_CASE("an optimiser that is saved and loaded continues to the same bits") {
  for (const MakeOptimizer& make :
       {sgd({.rate = 0.05, .momentum = 0.9}), adam({.rate = 0.02}), adadelta()}) {
    auto conv = make_conv(), resumed_conv = make_conv();
    auto optimizer = make(conv->state()), resumed = make(resumed_conv->state());
    for (int step = 0; step < 3; ++step) train_once(*conv, *optimizer);
    resumed_conv->load(conv->save());
    resumed->load(optimizer->save("o."), "o.");
    for (int step = 0; step < 3; ++step) {
      train_once(*conv, *optimizer);
      train_once(*resumed_conv, *resumed);
    }
    CHECK(resumed->steps() == 6);
    CHECK(difference(resumed_conv->weight().value(), conv->weight().value()) == 0);
    CHECK(difference(resumed_conv->bias().value(), conv->bias().value()) == 0);
  }
}

TEST_CASE("an optimiser's state has the names and the layout of its parameters in files") {
  auto conv = make_conv();
  Adadelta optimizer(conv->state());
  train_once(*conv, optimizer);
  StateDict state = optimizer.save("o.");
  CHECK(state.size() == 5);
  CHECK(state.at("o.step").item() == 1);
  CHECK(state.at("o.weight.square_average").shape() == conv->save().at("weight").shape());
  Tensor gradient = to_disk(conv->weight().grad().value(), {.order = DiskLayout::Order::reversed});
  CHECK(difference(ops::affine(state.at("o.weight.square_average"), 1e4, 0),
                   ops::affine(ops::square(gradient), 1e3, 0)) < 1e-6);
}

TEST_CASE(
    "an optimiser refuses state that lacks something or has another shape, and keeps its own") {
  auto conv = make_conv();
  Adadelta optimizer(conv->state());
  train_once(*conv, optimizer);
  std::vector<double> before = optimizer.save("").at("weight.square_average").to_vector();
  StateDict state = Adadelta(conv->state()).save("");
  state.erase("bias.delta_average");
  CHECK(sentence_of([&] { optimizer.load(state, ""); }) == "load: bias.delta_average is missing");
  state["bias.delta_average"] = Tensor::zeros({4});
  CHECK(sentence_of([&] { optimizer.load(state, ""); }) ==
        "load: bias.delta_average has shape [4] where [3] is expected");
  CHECK(optimizer.steps() == 1);
  CHECK(optimizer.save("").at("weight.square_average").to_vector() == before);
}

TEST_CASE("a step changes neither a saved state nor a copy of a parameter") {
  auto conv = make_conv();
  Adadelta optimizer(conv->state());
  train_once(*conv, optimizer);
  StateDict saved = conv->save(), slots = optimizer.save("");
  Tensor copy = conv->weight().value();
  std::vector<double> bias = saved.at("bias").to_vector(), weight = copy.to_vector();
  std::vector<double> average = slots.at("bias.square_average").to_vector();
  train_once(*conv, optimizer);
  CHECK(conv->bias().value().to_vector() != bias);
  CHECK(saved.at("bias").to_vector() == bias);
  CHECK(copy.to_vector() == weight);
  CHECK(slots.at("bias.square_average").to_vector() == average);
}

TEST_CASE("a parameter that is listed twice takes one step") {
  Variable w(Tensor::from({2}, {1}, {.device = test_device()}), true);
  Sgd optimizer({{.name = "a", .variable = w}, {.name = "b", .variable = w}}, {.rate = 0.5});
  w.set_grad(Variable(Tensor::from({1}, {1}, {.device = test_device()})));
  optimizer.step();
  CHECK(w.item() == 1.5);
}

TEST_CASE("parameters of different dtypes take their steps side by side") {
  Variable single(Tensor::from({2}, {1}, {DType::float32, test_device()}), true);
  Variable twice(Tensor::from({3}, {1}, {DType::float64, test_device()}), true);
  Sgd optimizer({{.name = "a", .variable = single}, {.name = "b", .variable = twice}},
                {.rate = 0.5});
  for (Variable w : {single, twice}) w.set_grad(Variable(Tensor::full({1}, 1, w.options())));
  optimizer.step();
  CHECK(single.item() == 1.5);
  CHECK(twice.item() == 2.5);
}

TEST_CASE("parameters without a gradient and frozen ones are left alone") {
  auto conv = make_conv();
  Adam optimizer(conv->state(), {});
  std::vector<double> before = conv->weight().value().to_vector();
  optimizer.step();
  CHECK(conv->weight().value().to_vector() == before);
  train_once(*conv, optimizer);  // leaves gradients behind
  before = conv->weight().value().to_vector();
  conv->set_frozen(true);
  optimizer.step();
  CHECK(conv->weight().value().to_vector() == before);
}

TEST_CASE("clipping scales all gradients together, to the limit and only above it") {
  Variable a(Tensor::zeros({2}), true), b(Tensor::zeros({1}), true), none(Tensor::zeros({1}), true);
  a.set_grad(Variable(Tensor::from({3, 0}, {2})));
  b.set_grad(Variable(Tensor::from({4}, {1})));
  CHECK(grad_norm({a, b, none}) == doctest::Approx(5));
  CHECK(clip_grad_norm({a, b, none}, 10) == doctest::Approx(5));
  CHECK(a.grad().value().to_vector() == std::vector<double>{3, 0});
  CHECK(clip_grad_norm({a, b, none}, 1) == doctest::Approx(5));
  CHECK(a.grad().value().to_vector()[0] == doctest::Approx(0.6));
  CHECK(b.grad().item() == doctest::Approx(0.8));
}

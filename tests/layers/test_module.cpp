#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "autograd/ops.h"
#include "layers/activation.h"
#include "layers/conv_norm_relu.h"
#include "layers/linear.h"
#include "layers/sequential.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/device.h"
#include "tests/layers/check_layer.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// A small network with every kind of parameter.
std::shared_ptr<Sequential> make_network(uint64_t seed) {
  Generator generator{.seed = seed};
  ConvolutionOptions down{.in = 3, .out = 4, .stride = 2, .padding = 1};
  ConvolutionOptions up{.in = 4, .out = 2, .kernel = 4, .stride = 2, .padding = 1};
  LinearOptions judge{.in = 32, .out = 3, .maps = {4, 4, 2}};
  auto network = std::make_shared<Sequential>(NamedModules{
      {"down", std::make_shared<ConvNormRelu>(std::make_shared<Conv2d>(down, generator))},
      {"up", std::make_shared<ConvTranspose2d>(up, generator)},
      {"flatten", std::make_shared<Flatten>()},
      {"judge", std::make_shared<Linear>(judge, generator)}});
  network->to(test_device());
  return network;
}

Tensor picture(uint64_t seed = 9) {
  Generator generator{.seed = seed};
  return normal({2, 4, 4, 3}, 0, 1, generator, {.device = test_device()});
}

bool same_state(const StateDict& a, const StateDict& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, value] : a)
    if (!b.contains(name) || b.at(name).to_vector() != value.to_vector()) return false;
  return true;
}

}  // namespace

TEST_CASE("a network's state carries PyTorch's names and shapes") {
  StateDict state = make_network(1)->save("net.");
  auto shape_of = [&](const std::string& name) { return state.at("net." + name).shape(); };
  CHECK(state.size() == 10);
  CHECK(shape_of("down.conv.weight") == Shape{4, 3, 3, 3});
  CHECK(shape_of("down.conv.bias") == Shape{4});
  CHECK(shape_of("down.norm.weight") == Shape{4});
  CHECK(shape_of("down.norm.running_var") == Shape{4});
  CHECK(shape_of("up.weight") == Shape{4, 2, 4, 4});
  CHECK(shape_of("judge.weight") == Shape{3, 32});
  CHECK(make_network(1)->parameter_count() == 4 * 28 + 8 + 4 * 2 * 16 + 2 + 32 * 3 + 3);
}

TEST_CASE("what one network saves, another loads, and then they are the same function") {
  auto one = make_network(1), other = make_network(2);
  (*one)(Variable(picture()));  // moves the running statistics
  CHECK(!same_state(one->save(), other->save()));
  other->load(one->save("c."), "c.");
  CHECK(same_state(one->save(), other->save()));
  one->eval();
  other->eval();
  CHECK(difference((*one)(Variable(picture(3))).value(), (*other)(Variable(picture(3))).value()) ==
        0);
}

TEST_CASE("a tensor of any shape comes back from the layout of files as it was") {
  CHECK(rc::check([] {
    auto extent = rc::gen::inRange<int64_t>(1, 5);
    Shape memory{*extent, *extent, *extent, *extent};
    Generator generator{.seed = 1};
    Tensor value = uniform(memory, 0, 1, generator);
    DiskLayout reversed{.order = DiskLayout::Order::reversed};
    Tensor disk = to_disk(value, reversed);
    RC_ASSERT(disk.shape() == (Shape{memory[3], memory[2], memory[0], memory[1]}));
    RC_ASSERT(from_disk(disk, reversed, memory).to_vector() == value.to_vector());
    Tensor rows = value.reshape({-1, memory[3]});
    DiskLayout viewed{.order = DiskLayout::Order::reversed, .view = memory};
    Tensor viewed_disk = to_disk(rows, viewed);
    RC_ASSERT(viewed_disk.shape() == (Shape{rows.size(1), rows.size(0)}));
    RC_ASSERT(from_disk(viewed_disk, viewed, rows.shape()).to_vector() == rows.to_vector());
  }));
}

TEST_CASE("what does not fit is refused by name, and nothing is changed") {
  auto network = make_network(1);
  StateDict before = network->save();
  StateDict other = make_network(2)->save();
  auto sentence_with = [&](auto&& change) {
    StateDict state = other;
    change(state);
    return sentence_of([&] { network->load(state); });
  };
  CHECK(sentence_with([](StateDict& s) { s.erase("up.bias"); }) == "load: up.bias is missing");
  CHECK(sentence_with([](StateDict& s) { s["side.bias"] = Tensor::zeros({1}); }) ==
        "load: side.bias is not part of this network");
  CHECK(sentence_with([](StateDict& s) {
          s["up.weight"] = Tensor::zeros({2, 4, 4, 4});
        }) == "load: up.weight has shape [2, 4, 4, 4] where [4, 2, 4, 4] is expected");
  CHECK(same_state(network->save(), before));
  CHECK(sentence_with([](StateDict&) {}).empty());
  CHECK(same_state(network->save(), other));
}

TEST_CASE("what is loaded belongs to the network alone") {
  auto network = make_network(1);
  StateDict state = make_network(2)->save();
  network->load(state);
  for (const StateEntry& entry : network->state())
    CHECK(!entry.variable.value().shares_storage_with(state.at(entry.name)));
}

TEST_CASE("weights of another dtype are loaded into the network's own") {
  auto network = make_network(1);
  network->to(DType::float64);
  network->load(make_network(2)->save());
  for (const Variable& parameter : network->parameters())
    CHECK(parameter.value().dtype() == DType::float64);
}

TEST_CASE("forward_with runs on other parameters, sends them gradients, and puts the own back") {
  Generator generator{.seed = 1};
  Linear linear({.in = 3, .out = 2}, generator);
  linear.to(test_device());
  Variable x(Tensor::full({1, 3}, 2, {.device = test_device()}));
  Variable own = linear.weight();
  Variable weight(Tensor::full({3, 2}, 1, {.device = test_device()}), true);
  Variable bias(Tensor::zeros({2}, {.device = test_device()}));
  Variable y = linear.forward_with({0.5 * weight, bias}, x);
  CHECK(y.value().to_vector() == std::vector<double>{3, 3});
  sum(y).backward();
  CHECK(weight.grad().value().to_vector() == std::vector<double>(6, 1));
  CHECK(!own.grad().defined());
  CHECK(linear.weight().node() == own.node());
  CHECK_THROWS_AS(linear.forward_with({bias, weight}, x), ShapeError);
  CHECK_THROWS_AS(linear.forward_with({weight}, x), ShapeError);
  CHECK(linear.weight().node() == own.node());
}

TEST_CASE("training mode reaches every child") {
  auto network = make_network(1);
  network->eval();
  CHECK(!network->children()[0].second->children()[1].second->is_training());
  network->train();
  CHECK(network->children()[0].second->children()[1].second->is_training());
}

TEST_CASE("Sequential refuses names that a file could not tell apart") {
  auto layer = std::make_shared<Relu>();
  CHECK_THROWS_AS(Sequential({{"a", layer}, {"a", layer}}), Error);
  CHECK_THROWS_AS(Sequential({{"a.b", layer}}), Error);
  CHECK_THROWS_AS(Sequential({{"", layer}}), Error);
  CHECK_THROWS_AS(Sequential({{"a", nullptr}}), Error);
}

TEST_CASE("activations as layers give PyTorch's values and gradients") {
  auto check_activation = [](Module&& layer, const std::string& name) {
    CAPTURE(name);
    check_layer(layer, ReferenceCase("activation", name));
  };
  check_activation(Relu(), "relu");
  check_activation(LeakyRelu(0.2), "leaky_relu");
  check_activation(Sigmoid(), "sigmoid");
  check_activation(Tanh(), "tanh");
  check_activation(Softplus(), "softplus");
}

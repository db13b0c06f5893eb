// Lab 9. Part 1 stands in tensor/cpu/optimizer.cpp, parts 2 to 4 in layers/optimizer.cpp.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "examples/labs/support/check.h"
#include "layers/optimizer.h"
#include "tensor/backend.h"
#include "tensor/error.h"
#include "tensor/ops.h"

using namespace kintsugi;

namespace {

const TensorOptions kFloat64{.dtype = DType::float64};

/// Weights and their state, with the step that is tested.
struct Weights {
  Tensor w, s, d;

  explicit Weights(const Tensor& start)
      : w(start.clone()),
        s(Tensor::zeros(start.shape(), start.options())),
        d(Tensor::zeros(start.shape(), start.options())) {}

  void step(const Tensor& gradient, const AdadeltaOptions& o = {}) const {
    const ParameterStep parameter{.weight = w, .grad = gradient, .slots = {s, d}};
    backend(Device::cpu).adadelta_step({&parameter, 1}, o.rate, o.rho, o.eps, o.weight_decay);
  }
};

/// The definition (Zeiler 2012, algorithm 1), with a rate and weight decay.
struct Definition {
  std::vector<double> w, s, d;

  explicit Definition(const Tensor& start)
      : w(start.to_vector()), s(w.size(), 0.0), d(w.size(), 0.0) {}

  void step(const std::vector<double>& gradient, const AdadeltaOptions& o = {}) {
    for (size_t i = 0; i < w.size(); ++i) {
      const double g = gradient[i] + o.weight_decay * w[i];
      s[i] = o.rho * s[i] + (1 - o.rho) * g * g;
      const double length = std::sqrt((d[i] + o.eps) / (s[i] + o.eps)) * g;
      d[i] = o.rho * d[i] + (1 - o.rho) * length * length;
      w[i] -= o.rate * length;
    }
  }
};

/// s, d and w each in units of what is expected, so that small numbers count as much as large ones.
void expect_same(const std::string& when, const Weights& got, const Definition& expected,
                 double tolerance) {
  const auto relative = [&](const std::string& name, const Tensor& values,
                            const std::vector<double>& wanted) {
    double largest = 0;
    for (double value : wanted) largest = std::max(largest, std::abs(value));
    const double scale = largest > 0 ? 1 / largest : 1;
    const Tensor right = Tensor::from(wanted, values.shape(), kFloat64);
    const std::string wrong = lab::difference(ops::affine(values.to(DType::float64), scale, 0),
                                              ops::affine(right, scale, 0), tolerance);
    if (!wrong.empty())
      FAIL_CHECK(when << ": " << name << " (in units of " << largest << "): " << wrong);
  };
  relative("s, the average of squared gradients,", got.s, expected.s);
  relative("d, the average of squared steps,", got.d, expected.d);
  relative("w", got.w, expected.w);
}

/// Runs both side by side on random gradients of this size.
void expect_steps(const std::string& when, const Tensor& start, int steps, double gradients,
                  const AdadeltaOptions& options, double tolerance) {
  const Weights weights(start);
  Definition definition(start);
  for (int step = 0; step < steps; ++step) {
    const Tensor gradient =
        ops::affine(lab::random_tensor(start.shape(), 10 + static_cast<uint64_t>(step)), gradients,
                    0)
            .to(start.dtype());
    weights.step(gradient, options);
    definition.step(gradient.to_vector(), options);
  }
  expect_same(when, weights, definition, tolerance);
}

/// Two parameters, one of them as a linear layer's weight: [in, out], in files [out, in].
struct Network {
  Variable weight{lab::random_tensor({3, 2}, 1), true};
  Variable bias{lab::random_tensor({2}, 2), true};

  std::vector<StateEntry> state() const {
    return {
        {.name = "weight", .variable = weight, .layout = {.order = DiskLayout::Order::reversed}},
        {.name = "bias", .variable = bias}};
  }
  void set_gradients(int step) {
    weight.set_grad(Variable(lab::random_tensor({3, 2}, 20 + static_cast<uint64_t>(step))));
    bias.set_grad(Variable(lab::random_tensor({2}, 40 + static_cast<uint64_t>(step))));
  }
  void train(Optimizer& optimizer, int first, int last) {
    for (int step = first; step < last; ++step) {
      set_gradients(step);
      optimizer.step();
    }
  }
};

/// A state as a file could have it, after 7 steps.
StateDict some_state() {
  return {{"o.step", Tensor::from({7}, {1}, kFloat64)},
          {"o.weight.square_average", lab::random_tensor({2, 3}, 60)},
          {"o.weight.delta_average", lab::random_tensor({2, 3}, 61)},
          {"o.bias.square_average", lab::random_tensor({2}, 62)},
          {"o.bias.delta_average", lab::random_tensor({2}, 63)}};
}

std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no Error was thrown";
}

}  // namespace

TEST_CASE("one step by hand") {
  const Weights weights(Tensor::from({1}, {1}, kFloat64));
  weights.step(Tensor::from({2}, {1}, kFloat64));
  const double length = 1e-3 / std::sqrt(0.400001) * 2;
  lab::expect_equal("s after a gradient of 2", weights.s.item(), 0.4, 1e-9);
  lab::expect_equal("w, from 1, after a gradient of 2", weights.w.item(), 1 - length, 1e-9);
  lab::expect_equal("d in millionths after a gradient of 2", weights.d.item() * 1e6,
                    0.1 * length * length * 1e6, 1e-9);
}

TEST_CASE("the second step remembers the first") {
  const Tensor start = Tensor::from({1}, {1}, kFloat64);
  const Weights weights(start);
  Definition definition(start);
  for (const double gradient : {2.0, -1.0}) {
    weights.step(Tensor::from({gradient}, {1}, kFloat64));
    definition.step({gradient});
  }
  expect_same("after gradients of 2 and -1", weights, definition, 1e-9);
}

TEST_CASE("many weights and many steps") {
  for (const DType dtype : {DType::float32, DType::float64})
    expect_steps(std::string("30 steps of ") + to_string(dtype),
                 lab::random_tensor({40, 1000}, 1).to(dtype), 30, 1, {},
                 dtype == DType::float32 ? 1e-4 : 1e-9);
}

TEST_CASE("rate, rho, eps and weight decay") {
  const Tensor start = ops::affine(lab::random_tensor({5}, 1), 10, 0);
  expect_steps("rho 0.5", start, 4, 1, {.rho = 0.5}, 1e-9);
  expect_steps("eps 0.01", start, 4, 0.1, {.eps = 0.01}, 1e-9);
  expect_steps("rate 0.5", start, 4, 1, {.rate = 0.5}, 1e-9);
  expect_steps("weight decay 0.1", start, 4, 1, {.weight_decay = 0.1}, 1e-9);
}

TEST_CASE("the first step does not depend on the scale of the loss") {
  for (const double gradient : {1.0, 1e3, 1e6}) {
    const Weights weights(Tensor::from({0}, {1}, kFloat64));
    weights.step(Tensor::from({gradient}, {1}, kFloat64));
    lab::expect_equal(fmt::format("the length of the first step, of a gradient of {:g}", gradient),
                      -weights.w.item(), std::sqrt(1e-6 / 0.1), 1e-4);
  }
}

TEST_CASE("slots of zeros for every parameter") {
  const Network network;
  const Variable single(Tensor::full({4}, 1), true);
  std::vector<StateEntry> entries = network.state();
  entries.push_back({.name = "single", .variable = single});
  const Adadelta optimizer(entries);
  REQUIRE_MESSAGE(optimizer.slots().size() == 3, "there must be slots for each of 3 parameters");
  for (size_t i = 0; i < entries.size(); ++i) {
    const std::vector<Tensor>& slots = optimizer.slots()[i];
    const Tensor& value = entries[i].variable.value();
    REQUIRE_MESSAGE(slots.size() == 2, "each parameter has a slot for each of 2 names");
    for (const Tensor& slot : slots) {
      lab::expect_equal("a slot of " + entries[i].name, slot,
                        Tensor::zeros(value.shape(), value.options()));
      CHECK(slot.dtype() == value.dtype());
      CHECK(!slot.shares_storage_with(value));
    }
    if (slots[0].shares_storage_with(slots[1]))
      FAIL_CHECK("both slots of " << entries[i].name << " are the same memory");
  }
}

TEST_CASE("the state under its names, in the layout of files") {
  Network network;
  Adadelta optimizer(network.state());
  network.train(optimizer, 0, 2);
  const StateDict saved = optimizer.save("o.");
  for (const auto& [name, tensor] : some_state()) {
    if (!saved.contains(name)) FAIL("save: there is no " << name);
    lab::expect_equal("the shape of " + name, saved.at(name).shape(), tensor.shape());
  }
  lab::expect_equal("the number of entries", static_cast<double>(saved.size()), 5);
  const std::vector<Tensor>& slots = optimizer.slots()[0];
  lab::expect_equal("weight.square_average in the file", saved.at("o.weight.square_average"),
                    ops::transpose(slots[0]), 1e-12);
  lab::expect_equal("weight.delta_average in the file",
                    ops::affine(saved.at("o.weight.delta_average"), 1e6, 0),
                    ops::affine(ops::transpose(slots[1]), 1e6, 0), 1e-12);
  lab::expect_equal("step in the file", saved.at("o.step").item(), 2);
}

TEST_CASE("training that is loaded goes on to the same bits") {
  Network through, resumed;
  Adadelta optimizer(through.state());
  through.train(optimizer, 0, 3);
  Adadelta fresh(resumed.state());
  fresh.load(optimizer.save("o."), "o.");
  resumed.weight.set_value(through.weight.value().clone());
  resumed.bias.set_value(through.bias.value().clone());
  through.train(optimizer, 3, 6);
  resumed.train(fresh, 3, 6);
  lab::expect_equal("the number of steps", static_cast<double>(fresh.steps()), 6);
  lab::expect_equal("weight after six steps", resumed.weight.value(), through.weight.value(), 0);
  lab::expect_equal("bias after six steps", resumed.bias.value(), through.bias.value(), 0);
}

TEST_CASE("a state that does not fit changes nothing") {
  const Network network;
  Adadelta optimizer(network.state());
  optimizer.load(some_state(), "o.");
  const Tensor before = optimizer.slots()[0][0].clone();
  lab::expect_equal("weight.square_average in memory", before,
                    ops::transpose(some_state().at("o.weight.square_average")), 0);
  StateDict other = some_state();
  other["o.step"] = Tensor::from({9}, {1}, kFloat64);
  other["o.weight.square_average"] = Tensor::full({2, 3}, 5, kFloat64);
  other.erase("o.bias.delta_average");
  CHECK(error_of([&] { optimizer.load(other, "o."); }) == "load: o.bias.delta_average is missing");
  other["o.bias.delta_average"] = Tensor::zeros({4}, kFloat64);
  CHECK(error_of([&] { optimizer.load(other, "o."); }) ==
        "load: o.bias.delta_average has shape [4] where [2] is expected");
  lab::expect_equal("the step number after the error", static_cast<double>(optimizer.steps()), 7);
  lab::expect_equal("weight.square_average after the error", optimizer.slots()[0][0], before, 0);
}

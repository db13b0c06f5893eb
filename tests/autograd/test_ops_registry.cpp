#include <doctest/doctest.h>
#include <fmt/format.h>

#include <memory>
#include <set>

#include "autograd/node.h"
#include "autograd/registry.h"
#include "tests/autograd/ops_support.h"

namespace kintsugi {

namespace {

/// Inputs of a sample, each requiring a gradient where it may, except the one that is frozen.
Variables inputs_of(const Sample& sample, size_t frozen) {
  Generator generator{.seed = 1};
  Variables inputs;
  for (const auto& input : sample.inputs)
    inputs.emplace_back(uniform(input.shape, input.low, input.high, generator, float64()),
                        input.differentiable && inputs.size() != frozen);
  return inputs;
}

std::string listed(const std::set<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += text.empty() ? name : ", " + name;
  return text;
}

constexpr size_t kNoInput = ~size_t{0};

void run_backward(const Variable& y, BackwardOptions options = {}) {
  if (y.requires_grad()) y.backward(Variable(Tensor::full(y.shape(), 1, y.options())), options);
}

}  // namespace

TEST_CASE("no op computes a gradient for a frozen input") {
  std::set<std::string> offenders;
  size_t walked = 0;
  InterceptorGuard guard([&](const std::string& op, const Variables& inputs, Grads& grads) {
    ++walked;
    for (size_t i = 0; i < inputs.size(); ++i)
      if (!inputs[i].requires_grad() && grads[i].defined()) offenders.insert(op);
  });
  for (const OpInfo& op : registered_ops())
    for (const Sample& sample : op.samples)
      for (size_t frozen = 0; frozen < sample.inputs.size(); ++frozen)
        run_backward(sample.apply(inputs_of(sample, frozen)));
  CHECK(walked > 100);
  CHECK(listed(offenders) == "");
}

TEST_CASE("no op's output owns itself, and no gradient owns its op") {
  for (const OpInfo& op : registered_ops())
    for (const Sample& sample : op.samples) {
      CAPTURE(op.name);
      CAPTURE(sample.label);
      std::weak_ptr<Node> output;
      {
        const Variables inputs = inputs_of(sample, kNoInput);
        const Variable y = sample.apply(inputs);
        output = y.node();
        Variables wanted;
        for (const Variable& input : inputs)
          if (input.requires_grad()) wanted.push_back(input);
        const Variable seed(Tensor::full(y.shape(), 1, y.options()), true);
        grad({y}, wanted, {seed}, {.create_graph = true});
      }
      CHECK(output.expired());
    }
}

TEST_CASE("every op that a sample records is registered") {
  std::set<std::string> registered, missing;
  for (const OpInfo& op : registered_ops()) registered.insert(op.name);
  InterceptorGuard guard([&](const std::string& op, const Variables&, Grads&) {
    if (!registered.contains(op)) missing.insert(op);
  });
  for (const OpInfo& op : registered_ops())
    for (const Sample& sample : op.samples) run_backward(sample.apply(inputs_of(sample, kNoInput)));
  CHECK(registered.contains("conv2d"));
  CHECK(listed(missing) == "");
}

}  // namespace kintsugi

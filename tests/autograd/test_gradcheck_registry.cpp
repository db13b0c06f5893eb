#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/gradcheck_numerical.h"
#include "autograd/node.h"
#include "autograd/registry.h"
#include "tests/device.h"

namespace kintsugi {

namespace {

void check_all(const std::vector<OpInfo>& infos, int order) {
  for (const OpInfo& info : infos) {
    GradcheckReport report = gradcheck(info, {.order = order, .device = test_device()});
    CHECK_MESSAGE(report.passed, report.failure);
    CHECK_MESSAGE((report.skipped || report.elements > 0), info.name);
  }
}

/// The names of all ops in the graphs behind some outputs.
std::set<std::string> ops_behind(const Variables& outputs) {
  std::set<std::string> names;
  std::set<const Node*> seen;
  Variables found = outputs;
  for (size_t i = 0; i < found.size(); ++i) {
    if (!found[i].defined() || !seen.insert(found[i].node().get()).second) continue;
    const Variable variable = found[i];
    if (variable.node()->backward) names.insert(variable.op());
    for (const Variable& input : variable.node()->inputs) found.push_back(input);
  }
  return names;
}

/// What a sample records: forward, and in `with_gradients` in its first and second gradient, too.
struct Recorded {
  std::set<std::string> forward, with_gradients;
};

Recorded recorded_by(const OpInfo& info, const Sample& sample) {
  Generator generator{.seed = 5};
  Variables inputs, leaves;
  numerical::Drawn drawn = numerical::draw(info, sample, generator);
  for (size_t i = 0; i < drawn.inputs.size(); ++i) {
    inputs.emplace_back(drawn.inputs[i], sample.inputs[i].differentiable);
    if (sample.inputs[i].differentiable) leaves.push_back(inputs.back());
  }
  Variable y = sample.apply(inputs);
  Recorded recorded{.forward = ops_behind({y}), .with_gradients = {}};
  Variable seed(Tensor::full(y.shape(), 1, y.options()), true);
  Variables outputs = grad({y}, leaves, {seed}, {.create_graph = true});
  recorded.with_gradients = ops_behind(outputs);
  if (!info.second_order) return recorded;
  Variables seeds;
  for (const Variable& output : outputs)
    seeds.emplace_back(Tensor::full(output.shape(), 1, output.options()), true);
  leaves.push_back(seed);
  recorded.with_gradients.merge(ops_behind(grad(outputs, leaves, seeds, {.create_graph = true})));
  return recorded;
}

}  // namespace

TEST_CASE("every op's gradient agrees with numerical differences") {
  CHECK_FALSE(registered_ops().empty());
  check_all(registered_ops(), 1);
}

TEST_CASE("every op's second derivative agrees with numerical differences") {
  check_all(registered_ops(), 2);
}

TEST_CASE("every layer's gradient agrees with numerical differences, first and second order") {
  check_all(registered_layers(), 1);
  check_all(registered_layers(), 2);
}

TEST_CASE("every op in the registry has a formula, a derivative and samples that run it") {
  for (const OpInfo& info : registered_ops()) {
    CHECK_MESSAGE(!info.formula.empty(), info.name);
    CHECK_MESSAGE(!info.derivative.empty(), info.name);
    CHECK_MESSAGE(!info.samples.empty(), info.name);
    for (const Sample& sample : info.samples)
      CHECK_MESSAGE(recorded_by(info, sample).forward.contains(info.name) != info.composed,
                    info.name, " ", sample.label);
  }
}

TEST_CASE("every op that any sample records, forward or backward, is in the registry") {
  std::set<std::string> registered, recorded;
  for (const OpInfo& info : registered_ops()) registered.insert(info.name);
  for (const auto* infos : {&registered_ops(), &registered_layers()})
    for (const OpInfo& info : *infos)
      for (const Sample& sample : info.samples) {
        Recorded found = recorded_by(info, sample);
        recorded.merge(found.forward);
        recorded.merge(found.with_gradients);
      }
  for (const std::string& name : recorded)
    CHECK_MESSAGE(registered.contains(name), name, " is recorded, but has no samples");
}

TEST_CASE("the registry is sorted by name") {
  const std::vector<OpInfo>& all = registered_ops();
  for (size_t i = 1; i < all.size(); ++i) CHECK(all[i - 1].name < all[i].name);
}

TEST_CASE("gradients pass on other numbers, too") {
  for (const OpInfo& info : registered_ops()) {
    GradcheckReport report = gradcheck(info, {.seed = 7, .device = test_device()});
    // In few numbers it may happen that b is nowhere the maximum of a and b.
    bool unlucky = report.failure.find("zero everywhere") != std::string::npos;
    CHECK_MESSAGE((report.passed || unlucky), report.failure);
  }
}

}  // namespace kintsugi

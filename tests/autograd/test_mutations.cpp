// Breaks every backward on purpose and sees that the gradient check notices: a check that nothing
// can fail proves nothing.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/gradcheck_numerical.h"
#include "autograd/node.h"
#include "autograd/registry.h"

namespace kintsugi {

namespace {

using Values = std::vector<double>;

/// A way to spoil gradient `which` of an op; nothing where it does not apply.
struct Mutation {
  const char* name;
  std::optional<Values> (*apply)(const Grads& grads, size_t which);
};

Values values_of(const Grads& grads, size_t which) { return grads[which].value().to_vector(); }

std::optional<Values> scaled(const Grads& grads, size_t which, double factor) {
  Values values = values_of(grads, which);
  for (double& value : values) value *= factor;
  return values;
}

std::optional<Values> one_element_wrong(const Grads& grads, size_t which) {
  Values values = values_of(grads, which);
  if (values.empty()) return {};
  double& middle = values[values.size() / 2];
  middle += std::max(0.1, std::abs(middle));
  return values;
}

std::optional<Values> reversed(const Grads& grads, size_t which) {
  Values values = values_of(grads, which);
  std::reverse(values.begin(), values.end());
  return values;
}

/// The last two axes exchanged, put back under the old shape.
std::optional<Values> transposed(const Grads& grads, size_t which) {
  const Shape& shape = grads[which].shape();
  if (shape.rank() < 2) return {};
  auto rows = static_cast<size_t>(shape[-2]), columns = static_cast<size_t>(shape[-1]);
  Values before = values_of(grads, which), after = before;
  for (size_t i = 0; i < before.size(); ++i) {
    size_t start = i / (rows * columns) * (rows * columns), row = i / columns % rows;
    after[start + i % columns * rows + row] = before[i];
  }
  return after;
}

std::optional<Values> of_another_input(const Grads& grads, size_t which) {
  for (size_t other = 0; other < grads.size(); ++other)
    if (other != which && grads[other].defined() && grads[other].shape() == grads[which].shape())
      return values_of(grads, other);
  return {};
}

constexpr Mutation kMutations[] = {
    {"sign flipped", [](const Grads& g, size_t i) { return scaled(g, i, -1); }},
    {"dropped", [](const Grads& g, size_t i) { return scaled(g, i, 0); }},
    {"a thousandth too large", [](const Grads& g, size_t i) { return scaled(g, i, 1.001); }},
    {"one element wrong", one_element_wrong},
    {"in reversed order", reversed},
    {"transposed", transposed},
    {"of another input", of_another_input},
};

/// True where the difference is larger than any rounding.
bool differ(const Values& a, const Values& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (std::abs(a[i] - b[i]) > 1e-4 * std::max({std::abs(a[i]), std::abs(b[i]), 1e-3}))
      return true;
  return false;
}

/// Spoils gradient `which` of every node of `op`, and notes whether that changed anything.
BackwardInterceptor spoil(const std::string& op, size_t which, const Mutation& mutation,
                          bool& changed) {
  return [&, op, which](const std::string& name, const Variables& inputs, Grads& grads) {
    if (name != op || which >= grads.size() || !grads[which].defined() ||
        !inputs[which].requires_grad())
      return;
    std::optional<Values> spoilt = mutation.apply(grads, which);
    if (!spoilt || !differ(*spoilt, values_of(grads, which))) return;
    changed = true;
    const Variable& gradient = grads[which];
    grads[which] = Variable(Tensor::from(*spoilt, gradient.shape(), gradient.options()));
  };
}

/// Runs all samples of an op or a layer, and visits every node that they record.
void for_each_node(const OpInfo& info,
                   const std::function<void(const Node&, const Variables& inputs)>& visit) {
  for (const Sample& sample : info.samples) {
    Generator generator{.seed = 1};
    Variables inputs, found;
    numerical::Drawn drawn = numerical::draw(info, sample, generator);
    for (size_t i = 0; i < drawn.inputs.size(); ++i)
      inputs.emplace_back(drawn.inputs[i], sample.inputs[i].differentiable);
    found.push_back(sample.apply(inputs));
    std::set<const Node*> seen;
    for (size_t next = 0; next < found.size(); ++next) {
      const Variable variable = found[next];
      if (!variable.requires_grad() || !seen.insert(variable.node().get()).second) continue;
      if (variable.node()->backward) visit(*variable.node(), inputs);
      for (const Variable& above : variable.node()->inputs) found.push_back(above);
    }
  }
}

std::set<std::string> ops_recorded_by(const OpInfo& info) {
  std::set<std::string> ops;
  for_each_node(info, [&](const Node& node, const Variables&) { ops.insert(node.op); });
  return ops;
}

/// An input of an op's nodes, and the inputs of the samples that stand there themselves.
using Places = std::map<size_t, std::set<size_t>>;

/// The inputs that require a gradient.
Places places_of(const OpInfo& info) {
  Places places;
  for_each_node(info, [&](const Node& node, const Variables& inputs) {
    for (size_t j = 0; node.op == info.name && j < node.inputs.size(); ++j) {
      if (!node.inputs[j].requires_grad()) continue;
      std::set<size_t>& same = places[j];
      for (size_t i = 0; i < inputs.size(); ++i)
        if (inputs[i].node() == node.inputs[j].node()) same.insert(i);
    }
  });
  return places;
}

bool names_one_of(const std::string& failure, const std::set<size_t>& inputs) {
  return inputs.empty() || std::any_of(inputs.begin(), inputs.end(), [&](size_t i) {
           return failure.find(fmt::format(", input {} ", i)) != std::string::npos;
         });
}

}  // namespace

TEST_CASE("every backward broken on purpose is reported, with the names of op and input") {
  int reported = 0;
  for (const OpInfo& info : registered_ops()) {
    if (info.composed) continue;  // below
    Places places = places_of(info);
    CHECK_MESSAGE(!places.empty(), info.name, " is differentiated nowhere in its samples");
    for (const auto& [which, inputs] : places) {
      int effective = 0;
      for (const Mutation& mutation : kMutations) {
        bool changed = false;
        InterceptorGuard guard(spoil(info.name, which, mutation, changed));
        GradcheckReport report = gradcheck(info);
        if (!changed) continue;  // a symmetric gradient does not mind being reversed
        ++effective;
        std::string what =
            fmt::format("{}: gradient {} {}: {}", info.name, which, mutation.name, report.failure);
        CHECK_MESSAGE(!report.passed, what);
        CHECK_MESSAGE(report.failure.starts_with(info.name + ", first order, sample "), what);
        CHECK_MESSAGE(names_one_of(report.failure, inputs), what);
      }
      CHECK_MESSAGE(effective >= 1, info.name, ": no mutation changes gradient ", which);
      reported += effective;
    }
  }
  MESSAGE(reported, " broken backwards reported");
}

TEST_CASE("a broken op inside of a layer or a composed op is reported by the check of the whole") {
  std::vector<OpInfo> wholes = registered_layers();
  for (const OpInfo& info : registered_ops())
    if (info.composed) wholes.push_back(info);
  for (const OpInfo& whole : wholes) {
    int reported = 0;
    for (const std::string& op : ops_recorded_by(whole)) {
      bool changed = false;
      InterceptorGuard guard([&](const std::string& name, const Variables& inputs, Grads& grads) {
        for (size_t i = 0; name == op && i < grads.size(); ++i) {
          if (!grads[i].defined() || !inputs[i].requires_grad()) continue;
          Values spoilt = *scaled(grads, i, 1.001);
          changed = changed || differ(spoilt, values_of(grads, i));
          grads[i] = Variable(Tensor::from(spoilt, grads[i].shape(), grads[i].options()));
        }
      });
      GradcheckReport report = gradcheck(whole);
      if (!changed) continue;
      ++reported;
      CHECK_MESSAGE(!report.passed, whole.name, " does not notice a broken ", op);
      CHECK_MESSAGE(report.failure.starts_with(whole.name + ", "), report.failure);
    }
    CHECK_MESSAGE(reported >= 1, whole.name, " records no op that could be broken");
  }
}

TEST_CASE("without an interceptor nothing is spoilt") {
  const OpInfo& info = registered_ops().front();
  {
    InterceptorGuard guard([](const std::string&, const Variables&, Grads& grads) {
      for (Variable& gradient : grads) gradient = Variable();
    });
    CHECK_FALSE(gradcheck(info).passed);
  }
  CHECK(gradcheck(info).passed);
}

}  // namespace kintsugi

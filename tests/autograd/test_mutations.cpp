// Breaks every backward on purpose and sees that the gradient check notices: a check that nothing
// can fail proves nothing.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "autograd/gradcheck.h"
#include "autograd/gradcheck_numerical.h"
#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/gradcheck/mutations.h"

namespace kintsugi {

namespace {

/// The ops that the samples of an op or a layer record.
std::set<std::string> ops_recorded_by(const OpInfo& info) {
  std::set<std::string> ops;
  for (const Sample& sample : info.samples) {
    Generator generator{.seed = 1};
    Variables inputs;
    const numerical::Drawn drawn = numerical::draw(info, sample, generator);
    for (size_t i = 0; i < drawn.inputs.size(); ++i)
      inputs.emplace_back(drawn.inputs[i], sample.inputs[i].differentiable);
    Variables found{sample.apply(inputs)};
    std::set<const Node*> seen;
    for (size_t next = 0; next < found.size(); ++next) {
      const Variable variable = found[next];
      if (!variable.requires_grad() || !seen.insert(variable.node().get()).second) continue;
      if (variable.node()->backward) ops.insert(variable.op());
      for (const Variable& above : variable.node()->inputs) found.push_back(above);
    }
  }
  return ops;
}

/// Inputs whose gradient is not zero by declaration.
std::set<size_t> differentiated(const OpInfo& info) {
  std::set<size_t> inputs;
  for (const Sample& sample : info.samples)
    for (size_t i = 0; i < sample.inputs.size(); ++i)
      if (sample.inputs[i].differentiable && !sample.inputs[i].zero_gradient) inputs.insert(i);
  return inputs;
}

/// What the check says of an op with one gradient broken; whether it was broken at all.
std::pair<GradcheckReport, bool> check_broken(const OpInfo& info, const Mutation& mutation,
                                              size_t input) {
  MutationEffect effect;
  GradcheckReport report = gradcheck(broken(info, mutation, input, effect));
  return {std::move(report), effect.changed};
}

/// What every gradient is multiplied by, to break it so little that only a number tells.
constexpr double kSlightly = 1.001;

/// True where a gradient is not zero everywhere.
bool is_anything(const Tensor& gradient) {
  const std::vector<double> values = gradient.to_vector();
  return std::any_of(values.begin(), values.end(), [](double v) { return std::abs(v) > 1e-9; });
}

}  // namespace

TEST_CASE("every backward broken on purpose is reported, with the names of op and input") {
  int reported = 0;
  for (const OpInfo& info : registered_ops())
    for (const size_t input : differentiated(info)) {
      int effective = 0;
      for (const Mutation& mutation : mutations()) {
        const auto checked = check_broken(info, mutation, input);
        if (!checked.second) continue;  // a symmetric gradient does not mind being reversed
        ++effective;
        const std::string& failure = checked.first.failure;
        const std::string what =
            fmt::format("{}: gradient {} {}: {}", info.name, input, mutation.name, failure);
        CHECK_MESSAGE(!checked.first.passed, what);
        CHECK_MESSAGE(failure.starts_with(info.name + ", first order, sample "), what);
        const bool named = failure.find(fmt::format(", input {} ", input)) != std::string::npos;
        CHECK_MESSAGE(named, what);
      }
      CHECK_MESSAGE(effective >= 5, info.name, ": hardly any mutation changes gradient ", input);
      reported += effective;
    }
  MESSAGE(reported, " broken backwards reported");
}

TEST_CASE("every mutation applies to a linear layer, which passes without it") {
  OpInfo linear;
  linear.name = "linear";
  linear.samples = {{.inputs = {{.shape = {4, 4}}, {.shape = {4, 4}}, {.shape = {4}}},
                     .apply = [](const Variables& in) { return matmul(in[0], in[1]) + in[2]; }}};
  CHECK(gradcheck(linear).passed);
  for (const Mutation& mutation : mutations()) {
    int applied = 0;
    for (size_t input = 0; input < 3; ++input)
      applied += check_broken(linear, mutation, input).second;
    CHECK_MESSAGE(applied >= 1, mutation.name);
  }
  CHECK_THROWS_WITH_AS(mutation_called("upside down"), doctest::Contains("sign flipped, dropped"),
                       Error);
}

TEST_CASE("a gradient that a mutation leaves right passes, and only the input chosen is broken") {
  OpInfo product;
  product.name = "product";
  product.samples = {{.inputs = {{.shape = {1}}, {.shape = {2, 3}}},
                      .apply = [](const Variables& in) { return in[0] * in[1]; }}};
  CHECK(check_broken(product, mutation_called("transposed"), 0).first.passed);
  const GradcheckReport report = check_broken(product, mutation_called("transposed"), 1).first;
  CHECK_FALSE(report.passed);
  CHECK_MESSAGE(report.failure.find("input 1 [2, 3]") != std::string::npos, report.failure);
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
          changed = changed || is_anything(grads[i].value());
          grads[i] = Variable(ops::affine(grads[i].value(), kSlightly, 0));
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

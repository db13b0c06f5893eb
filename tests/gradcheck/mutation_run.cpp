#include "tests/gradcheck/mutation_run.h"

#include <fmt/core.h>

#include <set>

#include "autograd/ops.h"
#include "tests/gradcheck/collect.h"

namespace kintsugi {

namespace {

using gradcheck_run::Attempt;
using gradcheck_run::CheckResult;

/// Inputs that some sample differentiates by.
std::set<size_t> differentiable_inputs(const OpInfo& op) {
  std::set<size_t> inputs;
  for (const Sample& sample : op.samples)
    for (size_t i = 0; i < sample.inputs.size(); ++i)
      if (sample.inputs[i].differentiable) inputs.insert(i);
  return inputs;
}

/// The map of an input that failed.
gradcheck_run::InputMap first_wrong(const CheckResult& result) {
  for (const gradcheck_run::InputMap& map : result.inputs)
    if (!map.got.values.empty()) return map;
  return {};
}

/// y = x·w + b, with square x and w, so that they may be confused.
OpInfo linear_example() {
  OpInfo info;
  info.name = "linear";
  info.samples = {{.inputs = {{.shape = {6, 6}}, {.shape = {6, 6}}, {.shape = {6}}},
                   .apply = [](const Variables& in) { return matmul(in[0], in[1]) + in[2]; }}};
  return info;
}

gradcheck_run::MutatedOp mutated(const OpInfo& op) {
  gradcheck_run::MutatedOp result{.name = op.name};
  for (const Mutation& mutation : mutations()) result.attempts.push_back(attempt(op, mutation));
  return result;
}

}  // namespace

Attempt attempt(const OpInfo& op, const Mutation& mutation) {
  Attempt result{.mutation = mutation.name};
  bool applied = false;
  for (const size_t input : differentiable_inputs(op)) {
    MutationEffect effect;
    const CheckResult check = check_as_data(broken(op, mutation, input, effect), {});
    applied = applied || effect.applied;
    if (!effect.changed) continue;
    ++result.applicable;
    if (check.passed) continue;
    ++result.reported;
    if (!result.failure.empty()) continue;
    result.failure = check.failure;
    result.map = first_wrong(check);
  }
  if (result.applicable == 0)
    result.why_not = applied ? "changes nothing: the gradient is the same either way"
                             : fmt::format("needs {}", mutation.needs);
  return result;
}

gradcheck_run::MutationRun run_mutations(const std::vector<OpInfo>& ops) {
  gradcheck_run::MutationRun run;
  for (const Mutation& mutation : mutations())
    run.mutations.push_back({mutation.name, mutation.mistake, mutation.code, mutation.picture});
  run.example = mutated(linear_example());
  for (const OpInfo& op : ops) run.ops.push_back(mutated(op));
  return run;
}

}  // namespace kintsugi

#include "autograd/checkpoint.h"

#include <unordered_set>
#include <utility>

#include "autograd/node.h"
#include "autograd/ops/definition.h"

namespace kintsugi {

namespace {

thread_local bool recomputing = false;

class Recomputing {
 public:
  Recomputing() : before_(std::exchange(recomputing, true)) {}
  ~Recomputing() { recomputing = before_; }
  Recomputing(const Recomputing&) = delete;
  Recomputing& operator=(const Recomputing&) = delete;

 private:
  bool before_;
};

uint64_t now() { return Variable(Tensor::scalar(0)).node()->sequence; }

/// What was there before `start`, requires a gradient, and was used to make `output` since.
Variables used_from_before(uint64_t start, const Variable& output) {
  Variables used, found{output};
  std::unordered_set<const Node*> seen;
  while (!found.empty()) {
    const Variable variable = std::move(found.back());
    found.pop_back();
    if (!variable.requires_grad() || !seen.insert(variable.node().get()).second) continue;
    const Node& node = *variable.node();
    if (node.sequence < start)
      used.push_back(variable);
    else
      found.insert(found.end(), node.inputs.begin(), node.inputs.end());
  }
  return used;
}

struct FirstRun {
  Tensor value;
  Variables captured;  ///< what the function uses beside its inputs
};

/// Runs the function once, recorded to see what it uses; its graph is dropped on return.
FirstRun first_run(const Definition& function, const Variables& inputs) {
  RecordingGuard guard(true);
  const uint64_t start = now();
  Variables arguments;
  for (const Variable& input : inputs) arguments.emplace_back(input.value(), input.requires_grad());
  const Variable output = function(arguments);
  return {output.value(), used_from_before(start, output)};
}

}  // namespace

Variable checkpoint(const std::function<Variable(const Variables&)>& function,
                    const Variables& inputs) {
  if (!is_recording()) return function(inputs);
  const auto [value, captured] = first_run(function, inputs);
  Variables all = inputs;
  all.insert(all.end(), captured.begin(), captured.end());
  return record("checkpoint", value, all,
                [function, inputs, captured = captured](const Variable& dy, const Variable&) {
                  Recomputing mark;
                  return gradients_of(function, inputs, captured, dy);
                });
}

bool is_recomputing() { return recomputing; }

}  // namespace kintsugi

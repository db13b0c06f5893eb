#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "autograd/node.h"
#include "autograd/ops.h"
#include "autograd/variable.h"
#include "tensor/error.h"
#include "tensor/profiler.h"

namespace kintsugi {

namespace {

thread_local BackwardInterceptor interceptor;

/// Every node that a gradient can reach from the outputs, latest first.
// lab 3: hide
/// A node is made after its inputs, so this is a topological order, and no walk needs recursion.
// lab 3: end
std::vector<std::shared_ptr<Node>> reachable(const Variables& outputs) {
  // lab 3: begin these nodes, each once, in an order in which each comes before its inputs
  std::vector<std::shared_ptr<Node>> found;
  std::unordered_set<Node*> seen;
  auto visit = [&](const Variable& variable) {
    if (!variable.requires_grad() || !seen.insert(variable.node().get()).second) return;
    check(!variable.node()->freed,
          "backward: the graph behind {} {} was freed by an earlier backward; pass retain_graph "
          "there to walk it twice",
          variable.op(), variable.shape());
    found.push_back(variable.node());
  };
  for (const Variable& output : outputs) visit(output);
  for (size_t next = 0; next < found.size(); ++next)
    for (size_t i = 0; i < found[next]->inputs.size(); ++i) visit(found[next]->inputs[i]);
  std::sort(found.begin(), found.end(),
            [](const auto& a, const auto& b) { return a->sequence > b->sequence; });
  return found;
  // lab 3: end
}

using Nodes = std::unordered_set<const Node*>;

bool has_input_in(const Node& node, const Nodes& nodes) {
  return std::any_of(node.inputs.begin(), node.inputs.end(),
                     [&](const Variable& input) { return nodes.contains(input.node().get()); });
}

/// The nodes that a gradient must pass to get to a target; `order` is latest first.
Nodes on_the_way(const std::vector<std::shared_ptr<Node>>& order, const Nodes& targets) {
  // lab 3: begin which of the nodes in `order` are targets, or have one among their ancestors
  Nodes needed;
  for (auto node = order.rbegin(); node != order.rend(); ++node)
    if (targets.contains(node->get()) || has_input_in(**node, needed)) needed.insert(node->get());
  return needed;
  // lab 3: end
}

Variable sum_of(const Variable& a, const Variable& b) { return a.defined() ? add(a, b) : b; }

Variable after_hooks(const Node& node, Variable gradient) {
  for (const Hook& hook : node.hooks)
    if (Variable changed = hook(gradient); changed.defined()) {
      check_shape(changed.shape() == node.shape, "hook: gradient {} became {}", node.shape,
                  changed.shape());
      gradient = changed;
    }
  return gradient;
}

Grads gradients_of_inputs(const std::shared_ptr<Node>& node, const Variable& dy) {
  Grads grads = node->backward(dy, Variable(node));
  check(grads.size() == node->inputs.size(), "{}: backward returned {} gradients for {} inputs",
        node->op, grads.size(), node->inputs.size());
  if (interceptor) interceptor(node->op, node->inputs, grads);
  for (size_t i = 0; i < grads.size(); ++i)
    if (grads[i].defined() && node->inputs[i].defined())
      check_shape(grads[i].shape() == node->inputs[i].shape(),
                  "{}: backward made a gradient {} for input {} of shape {}", node->op,
                  grads[i].shape(), i, node->inputs[i].shape());
  return grads;
}

/// A value that was let go is made once more where somebody else holds the node: its graph is
/// what it is made of.
void free_graph(const std::shared_ptr<Node>& node) {
  if (node.use_count() > 1) Variable(node).value();
  // lab 3: begin mark the node, and let go of all that it keeps alive for backward
  node->freed = true;
  node->backward = nullptr;
  node->remake = nullptr;
  node->inputs.clear();
  // lab 3: end
}

/// Walks the graph once and calls arrived(node, gradient) for every node whose gradient is whole.
/// With targets, only what lies between the outputs and them is walked.
template <class Arrived>
void walk(const Variables& outputs, const Variables& seeds, BackwardOptions options,
          const Nodes* targets, Arrived arrived) {
  bool retain = options.retain_graph || options.create_graph;
  RecordingGuard guard(options.create_graph);
  const Region region("backward");
  std::vector<std::shared_ptr<Node>> order = reachable(outputs);
  Nodes needed = targets != nullptr ? on_the_way(order, *targets) : Nodes{};
  std::unordered_map<const Node*, Variable> pending;
  for (size_t i = 0; i < outputs.size(); ++i)
    if (outputs[i].requires_grad()) {
      Variable& entry = pending[outputs[i].node().get()];
      entry = sum_of(entry, seeds[i]);
    }
  for (std::shared_ptr<Node>& entry : order) {
    std::shared_ptr<Node> node = std::move(entry);  // let go of here, freed where nobody else looks
    auto found = pending.find(node.get());
    if (found == pending.end()) continue;
    const Scope scope({.scope = node->scope, .pass = Pass::backward});
    Variable dy = after_hooks(*node, std::move(found->second));
    pending.erase(found);
    arrived(*node, dy);
    if (!node->backward || (targets != nullptr && !has_input_in(*node, needed))) continue;
    Grads grads = gradients_of_inputs(node, dy);
    dy = {};
    // lab 3: begin each input's gradient goes into `pending`, to what has arrived there already
    for (size_t i = 0; i < grads.size(); ++i) {
      const Variable& input = node->inputs[i];
      if (!grads[i].defined() || !input.requires_grad()) continue;
      if (targets != nullptr && !needed.contains(input.node().get())) continue;
      Variable& sum = pending[input.node().get()];
      sum = sum_of(sum, grads[i]);
    }
    // lab 3: end
    if (!retain) free_graph(node);
  }
}

Variables checked_seeds(const char* op, const Variables& outputs, const Variables& seeds) {
  check(seeds.empty() || seeds.size() == outputs.size(), "{}: {} seeds for {} outputs", op,
        seeds.size(), outputs.size());
  Variables checked;
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (seeds.empty() || !seeds[i].defined()) {
      check_shape(outputs[i].value().numel() == 1,
                  "{}: output {} has shape {}; without a seed it must be one element", op, i,
                  outputs[i].shape());
      checked.emplace_back(Tensor::full(outputs[i].shape(), 1, outputs[i].options()));
    } else {
      check_shape(seeds[i].shape() == outputs[i].shape(), "{}: seed {} for an output {}", op,
                  seeds[i].shape(), outputs[i].shape());
      check(seeds[i].value().dtype() == outputs[i].value().dtype(),
            "{}: seed of dtype {} for an output of dtype {}", op,
            to_string(seeds[i].value().dtype()), to_string(outputs[i].value().dtype()));
      checked.push_back(seeds[i]);
    }
  }
  return checked;
}

}  // namespace

InterceptorGuard::InterceptorGuard(BackwardInterceptor wanted) { interceptor = std::move(wanted); }
InterceptorGuard::~InterceptorGuard() { interceptor = nullptr; }

void Variable::backward(BackwardOptions options) const { backward(Variable(), options); }

void Variable::backward(const Variable& seed, BackwardOptions options) const {
  check(requires_grad(), "backward: {} {} does not depend on anything that requires a gradient",
        op(), shape());
  walk({*this}, checked_seeds("backward", {*this}, {seed}), options, nullptr,
       [](Node& node, const Variable& gradient) {
         if ((node.backward && !node.retains_grad) || !node.requires_grad) return;
         node.grad = sum_of(node.grad, gradient);
       });
}

Variables grad(const Variables& outputs, const Variables& inputs, const Variables& seeds,
               BackwardOptions options) {
  std::unordered_map<const Node*, Variable> wanted;
  Nodes targets;
  for (const Variable& input : inputs) {
    check(input.requires_grad(), "grad: input {} {} does not require a gradient", input.op(),
          input.shape());
    targets.insert(input.node().get());
  }
  walk(outputs, checked_seeds("grad", outputs, seeds), options, &targets,
       [&](Node& node, const Variable& gradient) {
         if (targets.contains(&node)) wanted[&node] = gradient;
       });
  Variables result;
  for (const Variable& input : inputs) {
    Variable& gradient = wanted[input.node().get()];
    if (!gradient.defined()) gradient = Variable(Tensor::zeros(input.shape(), input.options()));
    result.push_back(gradient);
  }
  return result;
}

}  // namespace kintsugi

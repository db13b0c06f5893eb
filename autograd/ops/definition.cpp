#include "autograd/ops/definition.h"

#include <utility>

#include "autograd/node.h"
#include "autograd/ops/identity.h"

namespace kintsugi {

namespace {

/// Makes leaves of outputs of ops for as long as it lives, so that gradients end there.
class Unlinked {
 public:
  explicit Unlinked(const Variables& variables) {
    for (const Variable& variable : variables) {
      Node& node = *variable.node();
      if (!node.backward) continue;
      links_.push_back({variable, std::move(node.inputs), std::move(node.backward)});
      node.inputs.clear();
      node.backward = nullptr;
    }
  }
  ~Unlinked() {
    for (Link& link : links_) {
      link.variable.node()->inputs = std::move(link.inputs);
      link.variable.node()->backward = std::move(link.backward);
    }
  }
  Unlinked(const Unlinked&) = delete;
  Unlinked& operator=(const Unlinked&) = delete;

 private:
  struct Link {
    Variable variable;
    Variables inputs;
    Backward backward;
  };
  std::vector<Link> links_;
};

Variables with_gradient(const Variables& variables) {
  Variables wanted;
  for (const Variable& variable : variables)
    if (variable.requires_grad()) wanted.push_back(variable);
  return wanted;
}

}  // namespace

Grads gradients_of(const Definition& definition, const Variables& inputs, const Variables& captured,
                   const Variable& dy) {
  const bool create_graph = is_recording();
  RecordingGuard guard(true);
  Variables arguments;
  for (const Variable& input : inputs) arguments.push_back(identity(input));
  Variables sources = arguments;
  sources.insert(sources.end(), captured.begin(), captured.end());
  Unlinked unlinked(sources);
  const Variables found =
      grad({definition(arguments)}, with_gradient(sources), {dy}, {.create_graph = create_graph});
  Grads grads;
  size_t next = 0;
  for (const Variable& source : sources)
    grads.push_back(source.requires_grad() ? found[next++] : Variable());
  return grads;
}

Backward from_definition(Definition definition, Variables inputs) {
  return
      [definition = std::move(definition), inputs = std::move(inputs)](
          const Variable& dy, const Variable&) { return gradients_of(definition, inputs, {}, dy); };
}

}  // namespace kintsugi

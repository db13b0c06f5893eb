#include "autograd/ops/definition.h"

#include <utility>

#include "autograd/ops/identity.h"

namespace kintsugi {

namespace {

/// What the definition is run on in place of its inputs. Only so are the gradients partial ones:
/// one input may be computed from another, and that path belongs to the caller. Stand-ins stay
/// tied to the inputs where gradients are to be differentiated, and are leaves where not.
Variables stand_ins(const Variables& inputs, bool tied) {
  Variables result;
  for (const Variable& input : inputs)
    result.push_back(tied ? identity(input) : Variable(input.value(), input.requires_grad()));
  return result;
}

}  // namespace

Grads gradients_of(const Definition& definition, const Variables& inputs, const Variables& captured,
                   const Variable& dy) {
  const bool create_graph = is_recording();
  RecordingGuard guard(true);
  Variables arguments = stand_ins(inputs, create_graph);
  const Variable output = definition(arguments);
  arguments.insert(arguments.end(), captured.begin(), captured.end());
  Variables wanted;
  for (const Variable& argument : arguments)
    if (argument.requires_grad()) wanted.push_back(argument);
  const Variables found = grad({output}, wanted, {dy}, {.create_graph = create_graph});
  Grads grads;
  size_t next = 0;
  for (const Variable& argument : arguments)
    grads.push_back(argument.requires_grad() ? found[next++] : Variable());
  return grads;
}

Backward from_definition(Definition definition, Variables inputs) {
  return
      [definition = std::move(definition), inputs = std::move(inputs)](
          const Variable& dy, const Variable&) { return gradients_of(definition, inputs, {}, dy); };
}

}  // namespace kintsugi

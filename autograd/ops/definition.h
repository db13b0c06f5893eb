#pragma once
#include <functional>

#include "autograd/variable.h"

namespace kintsugi {

/// A function of Variables made of ops.
using Definition = std::function<Variable(const Variables&)>;

/// Runs definition(inputs) again, recorded, and takes its gradients for the cotangent dy: by each
/// of `inputs` that requires one, then by each of `captured`, which the definition uses beside its
/// inputs. They are partial gradients, as a backward returns them: where one of these Variables was
/// computed from another, that path does not count. Where recording is on, they can be
/// differentiated.
Grads gradients_of(const Definition& definition, const Variables& inputs, const Variables& captured,
                   const Variable& dy);

/// The backward of a fused op: the derivative of the formula it computes, written in ops. Slower
/// than a kernel made for it, but right by construction, and of any order; meant for what is
/// rarely run, such as the second derivative of a normalisation.
Backward from_definition(Definition definition, Variables inputs);

}  // namespace kintsugi

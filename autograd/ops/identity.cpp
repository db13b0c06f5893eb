// Identity: y = x, sharing the storage. Its derivative is 1:
//
//   dx = dy
//
// It is there for its node: a second handle on the same numbers. A function f(a, b) whose argument
// b was itself computed from a has a total derivative by a, which counts the path through b, and a
// partial one, which does not. The partial one is what an op's backward must return (the engine
// adds the other path on its own); it is the derivative of f(identity(a), identity(b)) by the new
// nodes.
#include "autograd/ops/identity.h"

#include "autograd/ops/samples.h"

namespace kintsugi {

Variable identity(const Variable& x) {
  return record("identity", x.value(), {x},
                [](const Variable& dy, const Variable&) { return Grads{dy}; });
}

namespace {

const RegisterOp registered{{.name = "identity",
                             .formula = "x",
                             .derivative = "dx = dy",
                             .samples = elementwise_samples(identity)}};

}  // namespace

}  // namespace kintsugi

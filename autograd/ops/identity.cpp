// Identity: y = x, sharing the storage. Its derivative is 1:
//
//   dx = dy
//
// It is there for its node. A function f(a, b) whose argument b was itself computed from a has a
// total derivative by a, which counts the path through b, and a partial one, which does not. The
// partial one is what an op's backward must return (the engine adds the other path on its own), and
// f(identity(a), identity(b)) has it: its derivative by the new node of a.
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

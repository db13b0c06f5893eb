// Affine map: y = scale·x + shift, with two plain numbers; and y = −x.
//
// The derivative of a straight line is its slope:
//
//   dx = scale·dy        (negate: dx = −dy)
#include "autograd/ops.h"
#include "autograd/ops/samples.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable affine(const Variable& x, double scale, double shift) {
  return record(
      "affine", ops::affine(x.value(), scale, shift), {x},
      [scale](const Variable& dy, const Variable&) { return Grads{affine(dy, scale, 0)}; });
}

Variable negate(const Variable& x) {
  return record("negate", ops::negate(x.value()), {x},
                [](const Variable& dy, const Variable&) { return Grads{negate(dy)}; });
}

namespace {

const RegisterOp affine_info{
    {.name = "affine",
     .formula = "scale·x + shift",
     .derivative = "dx = scale·dy",
     .samples = elementwise_samples([](const Variable& x) { return affine(x, -2.5, 0.75); })}};
const RegisterOp negate_info{{.name = "negate",
                              .formula = "−x",
                              .derivative = "dx = −dy",
                              .samples = elementwise_samples(negate)}};

}  // namespace

}  // namespace kintsugi

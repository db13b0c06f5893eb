// Reshape: the same numbers, in the same order, under another shape.
//
// Nothing moves, so the gradient of each number is where the number is:
//
//   dx = reshape(dy, shape of x)
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

Variable reshaped(const Variable& x, const Tensor& y) {
  if (x.shape() == y.shape()) return x;
  return record("reshape", y, {x}, [from = x.shape()](const Variable& dy, const Variable&) {
    return Grads{reshape(dy, from)};
  });
}

}  // namespace

Variable reshape(const Variable& x, const Shape& shape) {
  return reshaped(x, x.value().reshape(shape));
}

Variable reshape(const Variable& x, std::initializer_list<int64_t> extents) {
  return reshaped(x, x.value().reshape(extents));
}

namespace {

const RegisterOp registered{
    {.name = "reshape",
     .formula = "x under another shape",
     .derivative = "dx = dy under the shape of x",
     .samples = {{.inputs = {{.shape = {2, 3, 4}}},
                  .apply =
                      [](const Variables& in) {
                        return reshape(in[0], {4, 6});
                      }},
                 {.inputs = {{.shape = {2, 3, 4}}},
                  .apply =
                      [](const Variables& in) {
                        return reshape(in[0], {2, -1});
                      },
                  .label = "one extent worked out"},
                 {.inputs = {{.shape = {1, 1}}},
                  .apply = [](const Variables& in) { return reshape(in[0], Shape{}); },
                  .label = "one element to a scalar"}}}};

}  // namespace

}  // namespace kintsugi

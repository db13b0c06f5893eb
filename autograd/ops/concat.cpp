// Parts put side by side along one axis.
//
// Every number of a part is one number of y, so each part's gradient is its stretch of dy:
//
//   dpart_k = slice(dy, axis, where part k starts, its extent)
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable concat(const Variables& parts, int axis) {
  std::vector<Tensor> values;
  for (const Variable& part : parts) values.push_back(part.value());
  return record(
      "concat", ops::concat(values, axis), parts,
      [parts, axis](const Variable& dy, const Variable&) {
        Grads grads;
        int64_t start = 0;
        for (const Variable& part : parts) {
          const int64_t extent = part.size(axis);
          grads.push_back(part.requires_grad() ? slice(dy, axis, start, extent) : Variable());
          start += extent;
        }
        return grads;
      });
}

namespace {

const RegisterOp registered{
    {.name = "concat",
     .formula = "parts side by side along an axis",
     .derivative = "dpart = its stretch of dy",
     .samples = {{.inputs = {{.shape = {2, 2, 3}}, {.shape = {2, 1, 3}}, {.shape = {2, 4, 3}}},
                  .apply = [](const Variables& in) { return concat(in, 1); }},
                 {.inputs = {{.shape = {2, 3}}, {.shape = {2, 1}}},
                  .apply = [](const Variables& in) { return concat(in, -1); },
                  .label = "the last axis"},
                 {.inputs = {{.shape = {2, 3}}},
                  .apply =
                      [](const Variables& in) {
                        return concat({in[0], in[0]}, 0);
                      },
                  .label = "one part twice"}}}};

}  // namespace

}  // namespace kintsugi

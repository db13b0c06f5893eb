// Channel-wise fully connected layer (Pathak et al. 2016, §3.1): each map is multiplied by a matrix
// of its own, and channels do not mix. With the maps of channel c as the rows of a matrix x_c,
// [N, H·W]:
//
//   y_c = x_c·W_c        dx_c = dy_c·W_cᵀ        dW_c = x_cᵀ·dy_c
//
// So y is one product of batches of C matrices, dW is another, and dx is this op again, with the
// transposed weight. There are C·(H·W)² weights; a layer that mixes channels too has C²·(H·W)².
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

Tensor forward(const Tensor& x, const Tensor& weight) {
  const int64_t n = x.size(0), h = x.size(1), w = x.size(2), c = x.size(3);
  const Tensor rows = ops::permute(x, {3, 0, 1, 2}).reshape({c, n, h * w});
  return ops::permute(ops::matmul(rows, weight).reshape({c, n, h, w}), {1, 2, 3, 0});
}

/// [N, H, W, C] → [C, N, H·W]
Variable rows_of(const Variable& x) {
  return reshape(permute(x, {3, 0, 1, 2}), {x.size(3), x.size(0), x.size(1) * x.size(2)});
}

}  // namespace

Variable channelwise_linear(const Variable& x, const Variable& weight) {
  const Shape& maps = x.shape();
  check_shape(maps.rank() == 4, "channelwise_linear: input {} is not [N, H, W, C]", maps);
  const int64_t places = maps[1] * maps[2];
  check_shape(weight.shape() == Shape{maps[3], places, places},
              "channelwise_linear: input {} takes weight [{}, {}, {}], not {}", maps, maps[3],
              places, places, weight.shape());
  return record("channelwise_linear", forward(x.value(), weight.value()), {x, weight},
                [x, weight](const Variable& dy, const Variable&) {
                  Grads grads(2);
                  if (x.requires_grad()) grads[0] = channelwise_linear(dy, transpose(weight));
                  if (weight.requires_grad())
                    grads[1] = matmul(rows_of(x), rows_of(dy), {.a = true});
                  return grads;
                });
}

namespace {

Sample sample(const Shape& x, const char* label) {
  const int64_t places = x[1] * x[2];
  return {.inputs = {{.shape = x}, {.shape = {x[3], places, places}}},
          .apply = [](const Variables& in) { return channelwise_linear(in[0], in[1]); },
          .label = label};
}

const RegisterOp registered{{.name = "channelwise_linear",
                             .formula = "y[n, q, c] = Σ_p x[n, p, c]·weight[c, p, q]",
                             .derivative = "dx by the transposed weight, dweight = xᵀ·dy a channel",
                             .samples = {sample({2, 2, 3, 3}, ""), sample({3, 2, 2, 1}, "one map"),
                                         sample({1, 1, 1, 4}, "one place")}}};

}  // namespace

}  // namespace kintsugi

// Max pooling: the largest number in each window of each channel.
//
// y follows the largest element of its window with slope 1 and does not feel the others. `index`
// holds, for each output, where in the map its maximum is; the first one wins where several are
// equal, and padding never wins. With the index given, pooling is a choice of elements, a linear
// map, and its transpose adds each output's gradient to the element that was chosen (windows may
// overlap, so an element can be chosen more than once):
//
//   max_pool2d:        dx = max_pool2d_grad(dy, index)           dx[index[o]] += dy[o]
//   max_pool2d_grad:   d(dy) = max_pool2d_gather(ddx, index)     d(dy)[o] = ddx[index[o]]
//   max_pool2d_gather: dx = max_pool2d_grad(dy, index)
//
// The last two are each other's gradient, so derivatives of any order follow.
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

Variable max_pool2d_gather(const Variable& x, const Tensor& index);

Variable max_pool2d_grad(const Variable& dy, const Tensor& index, int64_t height, int64_t width) {
  return record("max_pool2d_grad", ops::max_pool2d_grad(dy.value(), index, height, width), {dy},
                [index](const Variable& ddx, const Variable&) {
                  return Grads{max_pool2d_gather(ddx, index)};
                });
}

/// The backward of whatever picked the elements at `index` out of a map.
Backward back_to(const Tensor& index, int64_t height, int64_t width) {
  return [=](const Variable& dy, const Variable&) {
    return Grads{max_pool2d_grad(dy, index, height, width)};
  };
}

Variable max_pool2d_gather(const Variable& x, const Tensor& index) {
  return record("max_pool2d_gather", ops::max_pool2d_gather(x.value(), index), {x},
                back_to(index, x.size(1), x.size(2)));
}

Window window_of(const PoolOptions& options) {
  return {options.kernel, options.kernel, options.stride, options.padding, 1};
}

}  // namespace

Variable max_pool2d(const Variable& x, const PoolOptions& options) {
  const ops::MaxPool pooled = ops::max_pool2d(x.value(), window_of(options));
  return record("max_pool2d", pooled.y, {x}, back_to(pooled.index, x.size(1), x.size(2)));
}

namespace {

constexpr PoolOptions kOverlapping{.kernel = 3, .stride = 2, .padding = 1};

Tensor some_index(const Variable& map) {
  return ops::max_pool2d(map.value(), window_of(kOverlapping)).index;
}

const RegisterOp max_pool2d_info{
    {.name = "max_pool2d",
     .formula = "max x over a sliding window",
     .derivative = "dy added to the largest element of its window",
     .differences_kink = true,
     .samples = {{.inputs = {{.shape = {2, 4, 4, 2}}},
                  .apply = [](const Variables& in) { return max_pool2d(in[0]); }},
                 {.inputs = {{.shape = {1, 5, 4, 2}}},
                  .apply = [](const Variables& in) { return max_pool2d(in[0], kOverlapping); },
                  .label = "overlapping windows, padding"},
                 {.inputs = {{.shape = {1, 5, 7, 1}}},
                  .apply = [](const Variables& in) { return max_pool2d(in[0]); },
                  .label = "a row and a column left over"}}}};

const RegisterOp max_pool2d_grad_info{
    {.name = "max_pool2d_grad",
     .formula = "zeros, with dy added at the elements chosen",
     .derivative = "d(dy) = max_pool2d_gather(ddx)",
     .samples = {
         {.inputs = {{.shape = {1, 3, 2, 2}}, {.shape = {1, 5, 4, 2}, .differentiable = false}},
          .apply =
              [](const Variables& in) { return max_pool2d_grad(in[0], some_index(in[1]), 5, 4); },
          .label = "overlapping windows, padding"}}}};

const RegisterOp max_pool2d_gather_info{
    {.name = "max_pool2d_gather",
     .formula = "the elements chosen",
     .derivative = "dx = max_pool2d_grad(dy)",
     .samples = {
         {.inputs = {{.shape = {1, 5, 4, 2}}, {.shape = {1, 5, 4, 2}, .differentiable = false}},
          .apply = [](const Variables& in) { return max_pool2d_gather(in[0], some_index(in[1])); },
          .label = "overlapping windows, padding"}}}};

}  // namespace

}  // namespace kintsugi

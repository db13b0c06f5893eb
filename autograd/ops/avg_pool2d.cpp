// Average pooling: the mean over each window of each channel, padding counted as zeros.
//
// Each output is the sum of the k·k numbers in its window times 1/k², a linear map; its transpose
// gives each number, for each window that it is in, 1/k² of that window's gradient. The transpose
// of the transpose is the map itself:
//
//   avg_pool2d:      dx = avg_pool2d_grad(dy)
//   avg_pool2d_grad: d(dy) = avg_pool2d(ddx)
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

Window window_of(const PoolOptions& options) {
  return {options.kernel, options.kernel, options.stride, options.padding, 1};
}

Variable avg_pool2d_grad(const Variable& dy, const PoolOptions& options, int64_t height,
                         int64_t width) {
  return record(
      "avg_pool2d_grad", ops::avg_pool2d_grad(dy.value(), window_of(options), height, width), {dy},
      [options](const Variable& ddx, const Variable&) { return Grads{avg_pool2d(ddx, options)}; });
}

}  // namespace

Variable avg_pool2d(const Variable& x, const PoolOptions& options) {
  return record(
      "avg_pool2d", ops::avg_pool2d(x.value(), window_of(options)), {x},
      [options, height = x.size(1), width = x.size(2)](const Variable& dy, const Variable&) {
        return Grads{avg_pool2d_grad(dy, options, height, width)};
      });
}

namespace {

constexpr PoolOptions kOverlapping{.kernel = 3, .stride = 2, .padding = 1};

const RegisterOp avg_pool2d_info{
    {.name = "avg_pool2d",
     .formula = "mean x over a sliding window",
     .derivative = "dx = avg_pool2d_grad(dy): dy / k² to every element of the window",
     .samples = {{.inputs = {{.shape = {2, 4, 4, 2}}},
                  .apply = [](const Variables& in) { return avg_pool2d(in[0]); }},
                 {.inputs = {{.shape = {1, 5, 4, 2}}},
                  .apply = [](const Variables& in) { return avg_pool2d(in[0], kOverlapping); },
                  .label = "overlapping windows, padding"},
                 {.inputs = {{.shape = {1, 5, 7, 1}}},
                  .apply = [](const Variables& in) { return avg_pool2d(in[0]); },
                  .label = "a row and a column left over"}}}};

const RegisterOp avg_pool2d_grad_info{
    {.name = "avg_pool2d_grad",
     .formula = "dy / k² added to every element of its window",
     .derivative = "d(dy) = avg_pool2d(ddx)",
     .samples = {{.inputs = {{.shape = {1, 3, 2, 2}}}, .apply = [](const Variables& in) {
                    return avg_pool2d_grad(in[0], kOverlapping, 5, 4);
                  }}}}};

}  // namespace

}  // namespace kintsugi

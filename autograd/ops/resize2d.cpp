// Resizing maps to height × width, by the nearest pixel or by bilinear interpolation.
//
// Row i of the result shows row (i + ½)·H/height − ½ of x (pixel centres keep their places),
// columns likewise. Bilinear: each output is a mean of the four pixels around its source, with
// weights that are products of its distances to them. Nearest: it is one pixel, ⌊i·H/height⌋. The
// weights depend on the sizes alone, so both are linear maps of x; the transpose adds each output's
// gradient, times the same weights, to the pixels that it was made of, and its transpose is the map
// itself:
//
//   resize2d:      dx = resize2d_grad(dy)
//   resize2d_grad: d(dy) = resize2d(ddx)
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

Variable resize2d_grad(const Variable& dy, int64_t height, int64_t width, Interpolation mode) {
  return record(
      "resize2d_grad", ops::resize2d_grad(dy.value(), height, width, mode), {dy},
      [mode, rows = dy.size(1), columns = dy.size(2)](const Variable& ddx, const Variable&) {
        return Grads{resize2d(ddx, rows, columns, mode)};
      });
}

}  // namespace

Variable resize2d(const Variable& x, int64_t height, int64_t width, Interpolation mode) {
  return record("resize2d", ops::resize2d(x.value(), height, width, mode), {x},
                [mode, rows = x.size(1), columns = x.size(2)](const Variable& dy, const Variable&) {
                  return Grads{resize2d_grad(dy, rows, columns, mode)};
                });
}

namespace {

using Op = Variable (*)(const Variable&, int64_t, int64_t, Interpolation);

std::vector<Sample> samples(Op op) {
  const auto sample = [op](const Shape& shape, int64_t height, int64_t width, Interpolation mode,
                           const char* label) {
    return Sample{.inputs = {{.shape = shape}},
                  .apply = [=](const Variables& in) { return op(in[0], height, width, mode); },
                  .label = label};
  };
  using enum Interpolation;
  return {sample({2, 3, 4, 2}, 6, 8, bilinear, "bilinear, doubled"),
          sample({1, 5, 4, 1}, 3, 7, bilinear, "bilinear, rows fewer, columns more"),
          sample({1, 1, 2, 1}, 3, 1, bilinear, "bilinear, one row"),
          sample({2, 3, 4, 2}, 6, 8, nearest, "nearest, doubled"),
          sample({1, 2, 4, 1}, 5, 3, nearest, "nearest, rows more, columns fewer")};
}

const RegisterOp resize2d_info{{.name = "resize2d",
                                .formula = "x interpolated to another size",
                                .derivative = "dx = resize2d_grad(dy)",
                                .samples = samples(resize2d)}};
const RegisterOp resize2d_grad_info{
    {.name = "resize2d_grad",
     .formula = "dy added, with the interpolation's weights, to what it was made of",
     .derivative = "d(dy) = resize2d(ddx)",
     .samples = samples(resize2d_grad)}};

}  // namespace

}  // namespace kintsugi

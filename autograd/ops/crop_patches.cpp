// One patch of each picture: y[n] = x[n, row_n … row_n + h − 1, column_n … column_n + w − 1].
//
// A selection of elements is linear: its gradient lays dy back where it was taken from, with zeros
// all around; and the gradient of laying back is selecting again. So the two are each other's
// backward. GLCIC's local discriminator looks through this window.
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/ops.h"

namespace kintsugi {

Variable crop_patches(const Variable& x, const Tensor& corners, int64_t height, int64_t width) {
  return record(
      "crop_patches", ops::crop_patches(x.value(), corners, height, width), {x},
      [corners, rows = x.size(1), columns = x.size(2)](const Variable& dy, const Variable&) {
        return Grads{crop_patches_grad(dy, corners, rows, columns)};
      });
}

Variable crop_patches_grad(const Variable& dy, const Tensor& corners, int64_t height,
                           int64_t width) {
  return record(
      "crop_patches_grad", ops::crop_patches_grad(dy.value(), corners, height, width), {dy},
      [corners, rows = dy.size(1), columns = dy.size(2)](const Variable& ddx, const Variable&) {
        return Grads{crop_patches(ddx, corners, rows, columns)};
      });
}

namespace {

/// Of patches of 3 × 2 in two pictures of 5 × 4, where and as `x` is.
Tensor sample_corners(const Variable& x) {
  return ops::patch_corners({{0, 1}, {2, 0}}, {2, 5, 4, 3}, 3, 2, x.options());
}

const RegisterOp crop_patches_info{{
    .name = "crop_patches",
    .formula = "y[n] = x[n, row_n + i, column_n + j]",
    .derivative = "dy at its place, zeros elsewhere",
    .samples = {{.inputs = {{.shape = {2, 5, 4, 3}}},
                 .apply =
                     [](const Variables& in) {
                       return crop_patches(in[0], sample_corners(in[0]), 3, 2);
                     }}},
}};

const RegisterOp crop_patches_grad_info{{
    .name = "crop_patches_grad",
    .formula = "dx[n, row_n + i, column_n + j] = dy[n, i, j], zeros elsewhere",
    .derivative = "the patches of ddx",
    .samples = {{.inputs = {{.shape = {2, 3, 2, 3}}},
                 .apply =
                     [](const Variables& in) {
                       return crop_patches_grad(in[0], sample_corners(in[0]), 5, 4);
                     }}},
}};

}  // namespace

}  // namespace kintsugi

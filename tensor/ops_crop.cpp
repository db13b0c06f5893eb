#include "tensor/error.h"
#include "tensor/ops.h"
#include "tensor/profiler.h"

namespace kintsugi::ops {

namespace {

void check_corners(const char* op, const Shape& pictures, const std::vector<Corner>& corners,
                   int64_t height, int64_t width) {
  check_shape(pictures.rank() == 4 && pictures[0] == static_cast<int64_t>(corners.size()),
              "{}: {} corners for pictures {}", op, corners.size(), pictures);
  for (const Corner& corner : corners)
    check_shape(corner.row >= 0 && corner.column >= 0 && corner.row + height <= pictures[1] &&
                    corner.column + width <= pictures[2],
                "{}: a patch of {} x {} at row {}, column {} leaves the pictures {}", op, height,
                width, corner.row, corner.column, pictures);
}

/// Copies patch n between its place in `pictures` and its row of `patches`.
void copy_patches(const Tensor& from, Tensor& to, bool from_pictures,
                  const std::vector<Corner>& corners) {
  const Shape& pictures = from_pictures ? from.shape() : to.shape();
  const Shape& patches = from_pictures ? to.shape() : from.shape();
  auto picture_strides = contiguous_strides(pictures);
  auto patch_strides = contiguous_strides(patches);
  Shape extent = patches.with(0, 1);
  for (size_t n = 0; n < corners.size(); ++n) {
    int64_t picture = static_cast<int64_t>(n);
    Backend::StridedView in_picture{.offset = picture * picture_strides[0] +
                                              corners[n].row * picture_strides[1] +
                                              corners[n].column * picture_strides[2],
                                    .strides = picture_strides};
    Backend::StridedView in_patch{.offset = picture * patch_strides[0], .strides = patch_strides};
    backend(from.device())
        .copy_strided(from, from_pictures ? in_picture : in_patch, to,
                      from_pictures ? in_patch : in_picture, extent);
  }
}

}  // namespace

Tensor crop_patches(const Tensor& x, const std::vector<Corner>& corners, int64_t height,
                    int64_t width) {
  check_corners("crop_patches", x.shape(), corners, height, width);
  Tensor y = Tensor::empty({x.size(0), height, width, x.size(3)}, x.options());
  const OpSpan span("crop_patches", [&] { return OpCost{.bytes = 2 * bytes_of(y)}; });
  copy_patches(x, y, true, corners);
  return y;
}

Tensor crop_patches_grad(const Tensor& dy, const std::vector<Corner>& corners, int64_t height,
                         int64_t width) {
  check_shape(dy.rank() == 4, "crop_patches_grad: patches {} are not [N, h, w, C]", dy.shape());
  Shape pictures = dy.shape().with(1, height).with(2, width);
  check_corners("crop_patches_grad", pictures, corners, dy.size(1), dy.size(2));
  const OpSpan span("crop_patches_grad", [&] {
    return OpCost{.bytes =
                      bytes_of(dy) + pictures.numel() * static_cast<int64_t>(size_of(dy.dtype()))};
  });
  Tensor dx = Tensor::zeros(pictures, dy.options());
  copy_patches(dy, dx, false, corners);
  return dx;
}

}  // namespace kintsugi::ops

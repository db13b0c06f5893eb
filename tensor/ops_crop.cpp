#include "tensor/ops.h"
#include "tensor/ops_check.h"
#include "tensor/profiler.h"

namespace kintsugi::ops {

namespace {

/// Throws unless patches of height × width, one for each corner, fit into the pictures.
void check_patches(const char* op, const Tensor& x, const Tensor& corners, const Shape& pictures,
                   int64_t height, int64_t width) {
  check_alike(op, x, corners);
  check_has_shape(op, "corners", corners, {pictures[0], 2});
  check_shape(height >= 0 && width >= 0 && height <= pictures[1] && width <= pictures[2],
              "{}: patches of {} x {} are larger than the pictures {}", op, height, width,
              pictures);
}

}  // namespace

Tensor patch_corners(const std::vector<Corner>& corners, const Shape& pictures, int64_t height,
                     int64_t width, TensorOptions options) {
  check_shape(pictures.rank() == 4 && pictures[0] == static_cast<int64_t>(corners.size()),
              "patch_corners: {} corners for pictures {}", corners.size(), pictures);
  std::vector<double> numbers;
  for (const Corner& corner : corners) {
    check_shape(corner.row >= 0 && corner.column >= 0 && corner.row + height <= pictures[1] &&
                    corner.column + width <= pictures[2],
                "patch_corners: a patch of {} x {} at row {}, column {} leaves the pictures {}",
                height, width, corner.row, corner.column, pictures);
    numbers.push_back(static_cast<double>(corner.row));
    numbers.push_back(static_cast<double>(corner.column));
  }
  return Tensor::from(numbers, {pictures[0], 2}, options);
}

Tensor crop_patches(const Tensor& x, const Tensor& corners, int64_t height, int64_t width) {
  constexpr const char* kOp = "crop_patches";
  check_rank(kOp, "input", x, 4, "[N, H, W, C]");
  check_patches(kOp, x, corners, x.shape(), height, width);
  Tensor y = Tensor::empty({x.size(0), height, width, x.size(3)}, x.options());
  const OpSpan span(kOp, [&] { return OpCost{.bytes = 2 * bytes_of(y)}; });
  backend(x.device()).crop_patches(x, corners, y);
  return y;
}

Tensor crop_patches_grad(const Tensor& dy, const Tensor& corners, int64_t height, int64_t width) {
  constexpr const char* kOp = "crop_patches_grad";
  check_rank(kOp, "dy", dy, 4, "[N, h, w, C]");
  const Shape pictures = dy.shape().with(1, height).with(2, width);
  check_patches(kOp, dy, corners, pictures, dy.size(1), dy.size(2));
  Tensor dx = Tensor::empty(pictures, dy.options());
  const OpSpan span(kOp, moving(dy, dx));
  backend(dy.device()).crop_patches_grad(dy, corners, dx);
  return dx;
}

}  // namespace kintsugi::ops

#include <algorithm>

#include "tensor/cpu/backend.h"

namespace kintsugi {
namespace {

/// Copies patch n between its place in pictures [N, H, W, C] and patches [N, h, w, C], row by row:
/// copy_row(begin of the row in the pictures, begin in the patches, elements).
template <class T, class CopyRow>
void for_each_row(const Shape& pictures, const Shape& patches, const T* corners, CopyRow copy_row) {
  const int64_t height = patches[1], width = patches[2], channels = patches[3];
  for (int64_t n = 0; n < patches[0]; ++n) {
    const int64_t row =
        std::clamp<int64_t>(static_cast<int64_t>(corners[2 * n]), 0, pictures[1] - height);
    const int64_t column =
        std::clamp<int64_t>(static_cast<int64_t>(corners[2 * n + 1]), 0, pictures[2] - width);
    for (int64_t i = 0; i < height; ++i)
      copy_row(((n * pictures[1] + row + i) * pictures[2] + column) * channels,
               (n * height + i) * width * channels, width * channels);
  }
}

}  // namespace

void CpuBackend::crop_patches(const Tensor& x, const Tensor& corners, Tensor& y) {
  dispatch(x.dtype(), [&]<class T>(T) {
    for_each_row(x.shape(), y.shape(), corners.data<T>(),
                 [from = x.data<T>(), to = y.data<T>()](int64_t picture, int64_t patch, int64_t n) {
                   std::copy_n(from + picture, n, to + patch);
                 });
  });
}

void CpuBackend::crop_patches_grad(const Tensor& dy, const Tensor& corners, Tensor& dx) {
  fill(dx, 0);
  dispatch(dy.dtype(), [&]<class T>(T) {
    for_each_row(
        dx.shape(), dy.shape(), corners.data<T>(),
        [from = dy.data<T>(), to = dx.data<T>()](int64_t picture, int64_t patch, int64_t n) {
          std::copy_n(from + patch, n, to + picture);
        });
  });
}

}  // namespace kintsugi

#include "cuda/backend.h"
#include "cuda/launch.h"

namespace kintsugi {
namespace {

using namespace cuda;

/// Pictures [n, height, width, channels] and a patch of each, [n, patch_height, patch_width,
/// channels].
struct Patches {
  int64_t height, width, patch_height, patch_width, channels;
};

/// A number of a corner as a row or column at which the patch lies in the picture.
template <class T>
__device__ int64_t place(T corner, int64_t last) {
  const int64_t whole = static_cast<int64_t>(corner);
  return whole < 0 ? 0 : whole > last ? last : whole;
}

/// One thread an element of y: y[n, i, j, c] = x[n, row_n + i, column_n + j, c].
template <class T>
__global__ void crop_kernel(const T* x, const T* corners, Patches p, int64_t count, T* y) {
  for (int64_t at = first_index(); at < count; at += index_stride()) {
    const int64_t c = at % p.channels, j = at / p.channels % p.patch_width;
    const int64_t i = at / (p.channels * p.patch_width) % p.patch_height;
    const int64_t n = at / (p.channels * p.patch_width * p.patch_height);
    const int64_t row = place(corners[2 * n], p.height - p.patch_height) + i;
    const int64_t column = place(corners[2 * n + 1], p.width - p.patch_width) + j;
    y[at] = x[((n * p.height + row) * p.width + column) * p.channels + c];
  }
}

/// One thread an element of dx: dy[n, row − row_n, column − column_n, c] within the patch, 0 around
/// it.
template <class T>
__global__ void crop_grad_kernel(const T* dy, const T* corners, Patches p, int64_t count, T* dx) {
  for (int64_t at = first_index(); at < count; at += index_stride()) {
    const int64_t c = at % p.channels, column = at / p.channels % p.width;
    const int64_t row = at / (p.channels * p.width) % p.height;
    const int64_t n = at / (p.channels * p.width * p.height);
    const int64_t i = row - place(corners[2 * n], p.height - p.patch_height);
    const int64_t j = column - place(corners[2 * n + 1], p.width - p.patch_width);
    const bool inside = 0 <= i && i < p.patch_height && 0 <= j && j < p.patch_width;
    dx[at] = inside ? dy[((n * p.patch_height + i) * p.patch_width + j) * p.channels + c] : T{0};
  }
}

Patches patches_of(const Shape& pictures, const Shape& patches) {
  return {.height = pictures[1],
          .width = pictures[2],
          .patch_height = patches[1],
          .patch_width = patches[2],
          .channels = pictures[3]};
}

}  // namespace

void CudaBackend::crop_patches(const Tensor& x, const Tensor& corners, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) {
    launch(crop_kernel<T>, grid_for(y.numel()), x.data<T>(), corners.data<T>(),
           patches_of(x.shape(), y.shape()), y.numel(), y.data<T>());
  });
}

void CudaBackend::crop_patches_grad(const Tensor& dy, const Tensor& corners, Tensor& dx) {
  dispatch(dx.dtype(), [&]<class T>(T) {
    launch(crop_grad_kernel<T>, grid_for(dx.numel()), dy.data<T>(), corners.data<T>(),
           patches_of(dx.shape(), dy.shape()), dx.numel(), dx.data<T>());
  });
}

}  // namespace kintsugi

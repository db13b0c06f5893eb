// The second rung: a convolution is a matrix product, once every patch is written out as a row
// ("im2col", Chellapilla et al. 2006). The matrix of patches is kernel height x kernel width times
// as large as the map.
#include <algorithm>

#include "tensor/cpu/conv_rungs.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi::cpu {
namespace {

/// [1, pixels, patch size]
template <class T>
Tensor patch_matrix(const PatchGrid& grid, const T* source) {
  const int64_t size = grid.patch_size();
  Tensor patches = Tensor::empty({1, grid.pixels(), size}, {.dtype = dtype_of<T>});
  parallel_for(grid.pixels(), 256, [&](int64_t begin, int64_t end) {
    gather_patches(grid, source, begin, end - begin, 0, size, patches.data<T>() + begin * size,
                   size);
  });
  return patches;
}

/// The matrices of all taps below one another: [1, patch size, out].
template <class T>
Tensor weight_matrix(const PatchGrid& grid, const TapMatrices<T>& weights, int64_t out) {
  Tensor matrix = Tensor::empty({1, grid.patch_size(), out}, {.dtype = dtype_of<T>});
  T* to = matrix.data<T>();
  // lab 5: begin the matrix, row by row
  for (size_t i = 0; i < grid.tap_y.size(); ++i)
    for (size_t j = 0; j < grid.tap_x.size(); ++j) {
      const T* w = weights.at(static_cast<int64_t>(i), static_cast<int64_t>(j));
      for (int64_t c = 0; c < grid.channels; ++c)
        for (int64_t o = 0; o < out; ++o)
          *to++ = w[c * weights.row_stride + o * weights.column_stride];
    }
  // lab 5: end
  return matrix;
}

}  // namespace

template <class T>
void convolve_patches(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
                      const Epilogue& epilogue, const OutputMap<T>& y) {
  const int64_t out = y.channels;
  const T* bias = epilogue.bias.defined() ? epilogue.bias.data<T>() : nullptr;
  Tensor product = Tensor::empty({1, grid.pixels(), out}, {.dtype = dtype_of<T>});
  // lab 5: begin product = patches · weights
  cpu_backend().matmul(patch_matrix(grid, source), false, weight_matrix(grid, weights, out), false,
                       product);
  // lab 5: end
  parallel_for(grid.pixels(), 256, [&](int64_t begin, int64_t end) {
    for (int64_t pixel = begin; pixel < end; ++pixel) {
      const T* row = product.data<T>() + pixel * out;
      T* to = y.pixel(grid, pixel);
      for (int64_t o = 0; o < out; ++o) {
        const T value = bias ? row[o] + bias[o] : row[o];
        to[o] = epilogue.relu && value < 0 ? T{0} : value;
      }
    }
  });
}
template void convolve_patches(const PatchGrid&, const float*, const TapMatrices<float>&,
                               const Epilogue&, const OutputMap<float>&);
template void convolve_patches(const PatchGrid&, const double*, const TapMatrices<double>&,
                               const Epilogue&, const OutputMap<double>&);

template <class T>
void weight_grad_patches(const PatchGrid& grid, const T* source, const OutputMap<const T>& dy,
                         T* dw) {
  const TensorOptions options{.dtype = dtype_of<T>};
  Tensor cotangent = Tensor::empty({1, grid.pixels(), dy.channels}, options);
  Tensor product = Tensor::empty({1, grid.patch_size(), dy.channels}, options);
  std::copy_n(dy.data, cotangent.numel(), cotangent.data<T>());
  // lab 5: begin product = dw, of the patches and the cotangent dy
  cpu_backend().matmul(patch_matrix(grid, source), true, cotangent, false, product);
  // lab 5: end
  std::copy_n(product.data<T>(), product.numel(), dw);
}
template void weight_grad_patches(const PatchGrid&, const float*, const OutputMap<const float>&,
                                  float*);
template void weight_grad_patches(const PatchGrid&, const double*, const OutputMap<const double>&,
                                  double*);

}  // namespace kintsugi::cpu

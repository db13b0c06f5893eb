#include "cuda/launch.h"
#include "cuda/winograd_transforms.h"
#ifdef __CUDACC__
#pragma nv_diag_suppress 1675  // GCC's unroll pragma, in functions that only the CPU uses
#endif
#include "tensor/cpu/winograd_matrices.h"

namespace kintsugi::cuda::winograd {
namespace {

constexpr int kTaps = 3;
template <int kOutputs>
constexpr int kPoints = kOutputs + kTaps - 1;

/// Row `row` of M x for numbers x_0, x_1, … that lie `step` apart. Unrolled, the matrix is known:
/// zeros cost nothing, ones no multiplication.
template <class T, size_t kRows, size_t kColumns>
__device__ __forceinline__ T row_times(const double (&matrix)[kRows][kColumns], int row, const T* x,
                                       int step) {
  T sum = 0;
#pragma unroll
  for (int j = 0; j < static_cast<int>(kColumns); ++j)
    if (matrix[row][j] != 0) sum += static_cast<T>(matrix[row][j]) * x[j * step];
  return sum;
}

/// Y = M X Mᵀ for a square X, both row by row.
template <class T, size_t kRows, size_t kColumns>
__device__ __forceinline__ void transform(const double (&matrix)[kRows][kColumns],
                                          const T (&x)[kColumns * kColumns],
                                          T (&y)[kRows * kRows]) {
  constexpr int kR = kRows, kC = kColumns;
  T half[kC * kR];  // X Mᵀ
#pragma unroll
  for (int i = 0; i < kC; ++i)
#pragma unroll
    for (int j = 0; j < kR; ++j) half[i * kR + j] = row_times(matrix, j, x + i * kC, 1);
#pragma unroll
  for (int j = 0; j < kR; ++j)
#pragma unroll
    for (int i = 0; i < kR; ++i) y[i * kR + j] = row_times(matrix, i, half + j, kR);
}

template <int kOutputs, class T>
__global__ void weights_kernel(const T* w, int64_t matrix, bool reversed, T* u) {
  constexpr cpu::WinogradMatrices<kOutputs, kTaps> kMatrices{};
  constexpr int kN = kPoints<kOutputs>;
  for (int64_t i = first_index(); i < matrix; i += index_stride()) {
    T g[kTaps * kTaps], products[kN * kN];
#pragma unroll
    for (int tap = 0; tap < kTaps * kTaps; ++tap)
      g[tap] = w[(reversed ? kTaps * kTaps - 1 - tap : tap) * matrix + i];
    transform(kMatrices.g, g, products);
#pragma unroll
    for (int k = 0; k < kN * kN; ++k) u[k * matrix + i] = products[k];
  }
}

template <int kOutputs, class T>
__global__ void input_kernel(Tiles tiles, TileBlock block, const T* source, int channels, T* v) {
  constexpr cpu::WinogradMatrices<kOutputs, kTaps> kMatrices{};
  constexpr int kN = kPoints<kOutputs>;
  const int64_t plane = static_cast<int64_t>(block.count) * channels;
  for (int64_t i = first_index(); i < plane; i += index_stride()) {
    const int index = static_cast<int>(i), channel = index % channels;
    const Pixel first = tiles.first_pixel(block.first + index / channels);
    T d[kN * kN], products[kN * kN];
#pragma unroll
    for (int r = 0; r < kN; ++r) {
      const int row = first.row + tiles.offset + r * tiles.dilation;
      const bool row_inside = row >= 0 && row < tiles.source_height;
#pragma unroll
      for (int c = 0; c < kN; ++c) {
        const int column = first.column + tiles.offset + c * tiles.dilation;
        const bool inside = row_inside && column >= 0 && column < tiles.source_width;
        const int pixel = (first.image * tiles.source_height + row) * tiles.source_width + column;
        d[r * kN + c] = inside ? source[static_cast<int64_t>(pixel) * channels + channel] : T{0};
      }
    }
    transform(kMatrices.b, d, products);
#pragma unroll
    for (int k = 0; k < kN * kN; ++k) v[k * plane + i] = products[k];
  }
}

template <int kOutputs, class T>
__global__ void output_kernel(Tiles tiles, TileBlock block, const T* m, int channels,
                              Finish<T> finish, T* target) {
  constexpr cpu::WinogradMatrices<kOutputs, kTaps> kMatrices{};
  constexpr int kN = kPoints<kOutputs>;
  const int64_t plane = static_cast<int64_t>(block.count) * channels;
  for (int64_t i = first_index(); i < plane; i += index_stride()) {
    const int index = static_cast<int>(i), channel = index % channels;
    const Pixel first = tiles.first_pixel(block.first + index / channels);
    T products[kN * kN], y[kOutputs * kOutputs];
#pragma unroll
    for (int k = 0; k < kN * kN; ++k) products[k] = m[k * plane + i];
    transform(kMatrices.a, products, y);
#pragma unroll
    for (int r = 0; r < kOutputs; ++r)
#pragma unroll
      for (int c = 0; c < kOutputs; ++c) {
        const int row = first.row + r * tiles.dilation, column = first.column + c * tiles.dilation;
        if (row >= tiles.height || column >= tiles.width) continue;
        const int pixel = (first.image * tiles.height + row) * tiles.width + column;
        target[static_cast<int64_t>(pixel) * channels + channel] =
            finish(y[r * kOutputs + c], channel);
      }
  }
}

template <int kOutputs, class T>
__global__ void cotangent_kernel(Tiles tiles, TileBlock block, const T* dy, int channels, T* e) {
  constexpr cpu::WinogradMatrices<kOutputs, kTaps> kMatrices{};
  constexpr int kN = kPoints<kOutputs>;
  const int64_t plane = static_cast<int64_t>(block.count) * channels;
  for (int64_t i = first_index(); i < plane; i += index_stride()) {
    const int index = static_cast<int>(i), channel = index % channels;
    const Pixel first = tiles.first_pixel(block.first + index / channels);
    T d[kOutputs * kOutputs], products[kN * kN];
#pragma unroll
    for (int r = 0; r < kOutputs; ++r)
#pragma unroll
      for (int c = 0; c < kOutputs; ++c) {
        const int row = first.row + r * tiles.dilation, column = first.column + c * tiles.dilation;
        const bool inside = row < tiles.height && column < tiles.width;
        const int pixel = (first.image * tiles.height + row) * tiles.width + column;
        d[r * kOutputs + c] = inside ? dy[static_cast<int64_t>(pixel) * channels + channel] : T{0};
      }
    transform(kMatrices.a_transposed, d, products);
#pragma unroll
    for (int k = 0; k < kN * kN; ++k) e[k * plane + i] = products[k];
  }
}

template <int kOutputs, class T>
__global__ void products_kernel(const T* u, int64_t matrix, T* dw) {
  constexpr cpu::WinogradMatrices<kOutputs, kTaps> kMatrices{};
  constexpr int kN = kPoints<kOutputs>;
  for (int64_t i = first_index(); i < matrix; i += index_stride()) {
    T products[kN * kN], g[kTaps * kTaps];
#pragma unroll
    for (int k = 0; k < kN * kN; ++k) products[k] = u[k * matrix + i];
    transform(kMatrices.g_transposed, products, g);
#pragma unroll
    for (int tap = 0; tap < kTaps * kTaps; ++tap) dw[tap * matrix + i] = g[tap];
  }
}

}  // namespace

template <class T>
void transform_weights(int outputs, const T* w, int64_t matrix, bool reversed, T* u) {
  launch(outputs == 4 ? weights_kernel<4, T> : weights_kernel<2, T>, grid_for(matrix), w, matrix,
         reversed, u);
}

template <class T>
void transform_input(const Tiles& tiles, TileBlock block, const T* source, int channels, T* v) {
  launch(tiles.outputs == 4 ? input_kernel<4, T> : input_kernel<2, T>,
         grid_for(int64_t{block.count} * channels), tiles, block, source, channels, v);
}

template <class T>
void transform_output(const Tiles& tiles, TileBlock block, const T* m, int channels,
                      const Finish<T>& finish, T* target) {
  launch(tiles.outputs == 4 ? output_kernel<4, T> : output_kernel<2, T>,
         grid_for(int64_t{block.count} * channels), tiles, block, m, channels, finish, target);
}

template <class T>
void transform_cotangent(const Tiles& tiles, TileBlock block, const T* dy, int channels, T* e) {
  launch(tiles.outputs == 4 ? cotangent_kernel<4, T> : cotangent_kernel<2, T>,
         grid_for(int64_t{block.count} * channels), tiles, block, dy, channels, e);
}

template <class T>
void transform_products(int outputs, const T* u, int64_t matrix, T* dw) {
  launch(outputs == 4 ? products_kernel<4, T> : products_kernel<2, T>, grid_for(matrix), u, matrix,
         dw);
}

template void transform_weights(int, const float*, int64_t, bool, float*);
template void transform_input(const Tiles&, TileBlock, const float*, int, float*);
template void transform_output(const Tiles&, TileBlock, const float*, int, const Finish<float>&,
                               float*);
template void transform_cotangent(const Tiles&, TileBlock, const float*, int, float*);
template void transform_products(int, const float*, int64_t, float*);
template void transform_weights(int, const double*, int64_t, bool, double*);
template void transform_input(const Tiles&, TileBlock, const double*, int, double*);
template void transform_output(const Tiles&, TileBlock, const double*, int, const Finish<double>&,
                               double*);
template void transform_cotangent(const Tiles&, TileBlock, const double*, int, double*);
template void transform_products(int, const double*, int64_t, double*);

}  // namespace kintsugi::cuda::winograd

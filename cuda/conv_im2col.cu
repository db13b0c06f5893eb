// Rung 2: windows become rows of a matrix, and cuBLAS multiplies it by the weights, which already
// are one, [kh·kw·in, out]. Of the matrix only a block of rows exists at a time. (bfloat16 products
// are rounded twice: before and after bias, or taps, are added.)
#include <algorithm>

#include "cuda/conv_rungs.h"
#include "cuda/conv_scratch.h"
#include "cuda/conv_shape.h"
#include "cuda/gemm.h"
#include "cuda/launch.h"

namespace kintsugi::cuda::patches {
namespace {

/// The windows of output pixels [first, first + count).
struct Block {
  int first, count;
};

/// patches [count, kh·kw, channels] of the block, zeros where a tap lies outside of x. V is a
/// number or 16 bytes of them; channels are counted in V.
template <class V>
__global__ void im2col_kernel(const V* x, ConvShape s, int channels, Block block, V* patches) {
  const int taps = s.kernel_h * s.kernel_w;
  const int64_t count = static_cast<int64_t>(block.count) * taps * channels;
  for (int64_t i = first_index(); i < count; i += index_stride()) {
    // A block of more than one row is small: 32-bit divisions do.
    const int index = static_cast<int>(i), channel = index % channels;
    const int tap = index / channels % taps, tap_y = tap / s.kernel_w, tap_x = tap % s.kernel_w;
    const Pixel at = pixel_of(block.first + index / channels / taps, s.rows, s.columns);
    const int row = input_row(s, at.row, tap_y), column = input_row(s, at.column, tap_x);
    const bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
    const int pixel = (at.image * s.height + row) * s.width + column;
    patches[i] = inside ? x[static_cast<int64_t>(pixel) * channels + channel] : V{};
  }
}

/// dx [pixels from first_pixel on, in] += what the block's windows bring back to each, taps in
/// their order; grads [count, kh·kw, in].
template <class T>
__global__ void col2im_kernel(const T* grads, ConvShape s, Block block, int first_pixel,
                              int64_t count, T* dx) {
  for (int64_t i = first_index(); i < count; i += index_stride()) {
    const int channel = static_cast<int>(i % s.in);
    const int pixel = first_pixel + static_cast<int>(i / s.in);
    const Pixel at = pixel_of(pixel, s.height, s.width);
    Accumulate<T> sum = 0;
    for (int tap_y = 0; tap_y < s.kernel_h; ++tap_y) {
      const int row = output_row(s, at.row, tap_y, s.rows);
      if (row < 0) continue;
      for (int tap_x = 0; tap_x < s.kernel_w; ++tap_x) {
        const int column = output_row(s, at.column, tap_x, s.columns);
        const int window = (at.image * s.rows + row) * s.columns + column - block.first;
        if (column < 0 || window < 0 || window >= block.count) continue;
        const int64_t tap = tap_y * s.kernel_w + tap_x;
        const int64_t taps = s.kernel_h * s.kernel_w;
        sum += Accumulate<T>(grads[(window * taps + tap) * s.in + channel]);
      }
    }
    T& target = dx[static_cast<int64_t>(pixel) * s.in + channel];
    target = T(Accumulate<T>(target) + sum);
  }
}

/// y [rows, channels] ← finish(y). A thread stays with its channel, whose bias it reads once.
template <class T>
__global__ void finish_kernel(T* y, int64_t rows, int channels, Finish<T> finish) {
  const int64_t stride = static_cast<int64_t>(gridDim.x) * blockDim.y;
  for (int channel = threadIdx.x; channel < channels; channel += blockDim.x)
    for (int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.y + threadIdx.y; row < rows;
         row += stride) {
      T& number = y[row * channels + channel];
      number = finish(Accumulate<T>(number), channel);
    }
}

template <class T>
void finish(const Epilogue& epilogue, Tensor& y) {
  if (!epilogue.bias.defined() && !epilogue.relu) return;
  const int64_t channels = y.size(3), rows = y.numel() / channels;
  const auto x = static_cast<unsigned>(std::min<int64_t>(channels, kBlock));
  Grid grid = grid_for(y.numel());
  grid.threads = dim3(x, kBlock / x);
  launch(finish_kernel<T>, grid, y.data<T>(), rows, static_cast<int>(channels),
         Finish<T>(epilogue));
}

/// Whether the rows of x are the patches already.
bool is_matrix_product(const ConvShape& s) {
  return s.kernel_h == 1 && s.kernel_w == 1 && s.stride == 1 && s.padding == 0;
}

template <class T>
void im2col(const Tensor& x, const ConvShape& s, Block block, T* patches) {
  constexpr int kVector = sizeof(float4) / sizeof(T);
  const Grid grid = grid_for(block.count * s.patch());
  if (s.in % kVector == 0)
    launch(im2col_kernel<float4>, grid, reinterpret_cast<const float4*>(x.data<T>()), s,
           s.in / kVector, block, reinterpret_cast<float4*>(patches));
  else
    launch(im2col_kernel<T>, grid, x.data<T>(), s, s.in, block, patches);
}

/// body(block, scratch [block.count, patch]) for all output pixels, as many at a time as
/// the scratch memory holds.
template <class T, class Body>
void for_blocks(const ConvShape& s, Body&& body) {
  const int64_t length =
      conv_block_rows(s.output_pixels(), s.patch() * static_cast<int64_t>(sizeof(T)));
  const Tensor scratch =
      Tensor::empty({length, s.patch()}, {.dtype = dtype_of<T>, .device = Device::cuda});
  for (int64_t first = 0; first < s.output_pixels(); first += length)
    body(Block{static_cast<int>(first),
               static_cast<int>(std::min(length, s.output_pixels() - first))},
         scratch.data<T>());
}

/// y [block, out] = patches [block, patch] · w [patch, out]
template <class T>
void forward_block(const ConvShape& s, Block block, const T* patches, const Tensor& w, Tensor& y) {
  multiply<T>({.rows = block.count,
               .columns = s.out,
               .depth = s.patch(),
               .a = patches,
               .b = w.data<T>(),
               .c = y.data<T>() + int64_t{block.first} * s.out});
}

/// grads [block, patch] = dy [block, out] · wᵀ [out, patch]
template <class T>
void input_grad_block(const ConvShape& s, Block block, const Tensor& dy, const Tensor& w,
                      T* grads) {
  multiply<T>({.rows = block.count,
               .columns = s.patch(),
               .depth = s.out,
               .a = dy.data<T>() + int64_t{block.first} * s.out,
               .b = w.data<T>(),
               .transpose_b = true,
               .c = grads});
}

/// dw [patch, out], of Accumulate<T>, = patchesᵀ [patch, block] · dy [block, out], added to the
/// blocks before.
template <class T>
void weight_grad_block(const ConvShape& s, Block block, const T* patches, const Tensor& dy,
                       Tensor& dw) {
  using Sum = Accumulate<T>;
  multiply<T, Sum>({.rows = s.patch(),
                    .columns = s.out,
                    .depth = block.count,
                    .a = patches,
                    .transpose_a = true,
                    .b = dy.data<T>() + int64_t{block.first} * s.out,
                    .c = dw.data<Sum>(),
                    .accumulate = block.first > 0});
}

/// dx += grads, for the pixels of all images that the block has windows in.
template <class T>
void col2im(const ConvShape& s, Block block, const T* grads, Tensor& dx) {
  const int windows = s.rows * s.columns, pixels = s.height * s.width;
  const int first_image = block.first / windows;
  const int images = (block.first + block.count - 1) / windows + 1 - first_image;
  const int64_t count = int64_t{images} * pixels * s.in;
  launch(col2im_kernel<T>, grid_for(count), grads, s, block, first_image * pixels, count,
         dx.data<T>());
}

}  // namespace

void forward(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
             Tensor& y) {
  const ConvShape s = conv_shape(x.shape(), y.shape(), window);
  dispatch_cuda(y.dtype(), [&]<class T>(T) {
    if (is_matrix_product(s))
      forward_block<T>(s, {0, static_cast<int>(s.output_pixels())}, x.data<T>(), w, y);
    else
      for_blocks<T>(s, [&](Block block, T* patches) {
        im2col(x, s, block, patches);
        forward_block<T>(s, block, patches, w, y);
      });
    finish<T>(epilogue, y);
  });
}

void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                Tensor& dx) {
  const ConvShape s = conv_shape(dx.shape(), dy.shape(), window);
  dispatch_cuda(dx.dtype(), [&]<class T>(T) {
    if (is_matrix_product(s)) {
      input_grad_block<T>(s, {0, static_cast<int>(s.output_pixels())}, dy, w, dx.data<T>());
    } else {
      check(cudaMemsetAsync(dx.raw(), 0, dx.bytes(), context().stream), "cudaMemsetAsync");
      for_blocks<T>(s, [&](Block block, T* grads) {
        input_grad_block(s, block, dy, w, grads);
        col2im(s, block, grads, dx);
      });
    }
    finish<T>(epilogue, dx);
  });
}

void weight_grad(const Tensor& x, const Tensor& dy, const Window& window, Tensor& dw) {
  const ConvShape s = conv_shape(x.shape(), dy.shape(), window);
  dispatch_cuda(dw.dtype(), [&]<class T>(T) {
    constexpr DType kSum = dtype_of<Accumulate<T>>;
    Tensor sums = kSum == dw.dtype()
                      ? dw
                      : Tensor::empty(dw.shape(), {.dtype = kSum, .device = Device::cuda});
    if (is_matrix_product(s))
      weight_grad_block<T>(s, {0, static_cast<int>(s.output_pixels())}, x.data<T>(), dy, sums);
    else
      for_blocks<T>(s, [&](Block block, T* patches) {
        im2col(x, s, block, patches);
        weight_grad_block<T>(s, block, patches, dy, sums);
      });
    if (kSum != dw.dtype()) backend(Device::cuda).cast(sums, dw);
  });
}

}  // namespace kintsugi::cuda::patches

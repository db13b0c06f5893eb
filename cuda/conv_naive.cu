// Rung 1: one thread an output. Its loops are the definition of the convolution; every number is
// read from global memory as often as it is used.
#include <algorithm>

#include "cuda/conv_rungs.h"
#include "cuda/conv_shape.h"
#include "cuda/launch.h"

namespace kintsugi::cuda::naive {
namespace {

/// y [n, r, c, o] = Σ over taps (i, j) and channels k of x [n, input_row(r, i), input_row(c, j), k]
/// · w [i, j, k, o]. Neighbouring threads make neighbouring channels: w and y are read and written
/// side by side, and all of them want the same number of x.
template <class T>
__global__ void forward_kernel(const T* x, const T* w, ConvShape s, Finish<T> finish, T* y) {
  const int64_t count = static_cast<int64_t>(s.batch) * s.rows * s.columns * s.out;
  for (int64_t i = first_index(); i < count; i += index_stride()) {
    const int channel = static_cast<int>(i % s.out);
    const Pixel at = pixel_of(static_cast<int>(i / s.out), s.rows, s.columns);
    Accumulate<T> sum = 0;
    for (int tap_y = 0; tap_y < s.kernel_h; ++tap_y) {
      const int row = input_row(s, at.row, tap_y);
      if (row < 0 || row >= s.height) continue;
      for (int tap_x = 0; tap_x < s.kernel_w; ++tap_x) {
        const int column = input_row(s, at.column, tap_x);
        if (column < 0 || column >= s.width) continue;
        const int pixel = (at.image * s.height + row) * s.width + column;
        const T* from = x + static_cast<int64_t>(pixel) * s.in;
        const T* weight = w + (tap_y * s.kernel_w + tap_x) * s.in * s.out + channel;
        for (int k = 0; k < s.in; ++k)
          sum += Accumulate<T>(from[k]) * Accumulate<T>(weight[k * s.out]);
      }
    }
    y[i] = finish(sum, channel);
  }
}

/// dx [n, r, c, k] = Σ over taps (i, j) and channels o of dy [n, output_row(r, i),
/// output_row(c, j), o] · w [i, j, k, o]: each thread gathers what comes back to its own input.
template <class T>
__global__ void input_grad_kernel(const T* dy, const T* w, ConvShape s, Finish<T> finish, T* dx) {
  const int64_t count = static_cast<int64_t>(s.batch) * s.height * s.width * s.in;
  for (int64_t i = first_index(); i < count; i += index_stride()) {
    const int channel = static_cast<int>(i % s.in);
    const Pixel at = pixel_of(static_cast<int>(i / s.in), s.height, s.width);
    Accumulate<T> sum = 0;
    for (int tap_y = 0; tap_y < s.kernel_h; ++tap_y) {
      const int row = output_row(s, at.row, tap_y, s.rows);
      if (row < 0) continue;
      for (int tap_x = 0; tap_x < s.kernel_w; ++tap_x) {
        const int column = output_row(s, at.column, tap_x, s.columns);
        if (column < 0) continue;
        const int pixel = (at.image * s.rows + row) * s.columns + column;
        const T* from = dy + static_cast<int64_t>(pixel) * s.out;
        const T* weight = w + ((tap_y * s.kernel_w + tap_x) * s.in + channel) * s.out;
        for (int o = 0; o < s.out; ++o) sum += Accumulate<T>(from[o]) * Accumulate<T>(weight[o]);
      }
    }
    dx[i] = finish(sum, channel);
  }
}

/// partial [part, i, j, k, o] = Σ over the part's output pixels p of x [p seen through tap (i, j),
/// k] · dy [p, o]; a part is `length` pixels.
template <class T>
__global__ void weight_grad_kernel(const T* x, const T* dy, ConvShape s, int parts, int length,
                                   Accumulate<T>* partial) {
  const int weights = s.kernel_h * s.kernel_w * s.in * s.out;
  const int pixels = s.batch * s.rows * s.columns;
  for (int64_t i = first_index(); i < static_cast<int64_t>(parts) * weights; i += index_stride()) {
    const int weight = static_cast<int>(i % weights), part = static_cast<int>(i / weights);
    const int o = weight % s.out, k = weight / s.out % s.in;
    const int tap = weight / s.out / s.in;
    const int tap_y = tap / s.kernel_w, tap_x = tap % s.kernel_w;
    const int64_t end = min(static_cast<int64_t>(part + 1) * length, static_cast<int64_t>(pixels));
    Accumulate<T> sum = 0;
    for (int64_t p = static_cast<int64_t>(part) * length; p < end; ++p) {
      const Pixel at = pixel_of(static_cast<int>(p), s.rows, s.columns);
      const int row = input_row(s, at.row, tap_y), column = input_row(s, at.column, tap_x);
      if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
      const int pixel = (at.image * s.height + row) * s.width + column;
      sum += Accumulate<T>(x[static_cast<int64_t>(pixel) * s.in + k]) *
             Accumulate<T>(dy[p * s.out + o]);
    }
    partial[i] = sum;
  }
}

/// dw [weights] = Σ over the parts, in their order.
template <class T>
__global__ void sum_parts_kernel(const Accumulate<T>* partial, int parts, int weights, T* dw) {
  for (int64_t i = first_index(); i < weights; i += index_stride()) {
    Accumulate<T> sum = 0;
    for (int part = 0; part < parts; ++part)
      sum += partial[static_cast<int64_t>(part) * weights + i];
    dw[i] = T(sum);
  }
}

}  // namespace

void forward(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
             Tensor& y) {
  const ConvShape s = conv_shape(x.shape(), y.shape(), window);
  dispatch_cuda(y.dtype(), [&]<class T>(T) {
    launch(forward_kernel<T>, grid_for(y.numel()), x.data<T>(), w.data<T>(), s, Finish<T>(epilogue),
           y.data<T>());
  });
}

void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                Tensor& dx) {
  const ConvShape s = conv_shape(dx.shape(), dy.shape(), window);
  dispatch_cuda(dx.dtype(), [&]<class T>(T) {
    launch(input_grad_kernel<T>, grid_for(dx.numel()), dy.data<T>(), w.data<T>(), s,
           Finish<T>(epilogue), dx.data<T>());
  });
}

void weight_grad(const Tensor& x, const Tensor& dy, const Window& window, Tensor& dw) {
  const ConvShape s = conv_shape(x.shape(), dy.shape(), window);
  // Threads for a whole GPU where there are few weights, but each with some pixels to sum up. By
  // shape alone, so that the bits do not depend on the GPU.
  constexpr int64_t kThreads = 1 << 18, kPixels = 64;
  const int64_t wanted = kThreads / std::max<int64_t>(s.weights(), 1);
  const int64_t most = (s.output_pixels() + kPixels - 1) / kPixels;
  const auto parts = static_cast<int>(std::max<int64_t>(std::min(wanted, most), 1));
  const auto length = static_cast<int>((s.output_pixels() + parts - 1) / parts);
  dispatch_cuda(dw.dtype(), [&]<class T>(T) {
    const Tensor partial = Tensor::empty(
        {parts, s.weights()}, {.dtype = dtype_of<Accumulate<T>>, .device = Device::cuda});
    launch(weight_grad_kernel<T>, grid_for(partial.numel()), x.data<T>(), dy.data<T>(), s, parts,
           length, partial.data<Accumulate<T>>());
    launch(sum_parts_kernel<T>, grid_for(s.weights()), partial.data<Accumulate<T>>(), parts,
           static_cast<int>(s.weights()), dw.data<T>());
  });
}

}  // namespace kintsugi::cuda::naive

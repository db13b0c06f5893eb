#include <algorithm>
#include <limits>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

using namespace cpu;

/// Calls tap(y, x) for the pixels of a map [height, width] that the window of output (oy, ox) sees.
template <class Tap>
void for_window(const Window& window, int64_t height, int64_t width, int64_t oy, int64_t ox,
                Tap tap) {
  for (int64_t i = 0; i < window.kernel_h; ++i) {
    const int64_t y = oy * window.stride + i * window.dilation - window.padding;
    if (y < 0 || y >= height) continue;
    for (int64_t j = 0; j < window.kernel_w; ++j) {
      const int64_t x = ox * window.stride + j * window.dilation - window.padding;
      if (x >= 0 && x < width) tap(y, x);
    }
  }
}

/// Calls pixel(image, y, x, index) for every pixel of a map [N, H, W, C], on all threads; `index`
/// is its first element.
template <class Pixel>
void for_pixels(const Tensor& map, Pixel pixel) {
  const int64_t height = map.size(1), width = map.size(2), channels = map.size(3);
  if (map.numel() == 0) return;
  const int64_t grain = std::max<int64_t>(1, kParallelGrain / 4 / channels);
  parallel_for(map.size(0) * height * width, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      pixel(i / width / height, i / width % height, i % width, i * channels);
  });
}

template <class T>
void max_pool(const Tensor& x_tensor, const Window& window, Tensor& y_tensor,
              Tensor& index_tensor) {
  const int64_t height = x_tensor.size(1), width = x_tensor.size(2), channels = x_tensor.size(3);
  for_pixels(y_tensor, [&](int64_t image, int64_t oy, int64_t ox, int64_t at) {
    const T* x = x_tensor.data<T>() + image * height * width * channels;
    T* __restrict y = y_tensor.data<T>() + at;
    T* __restrict index = index_tensor.data<T>() + at;
    bool first = true;
    for_window(window, height, width, oy, ox, [&](int64_t row, int64_t column) {
      const T* source = x + (row * width + column) * channels;
      const T position = static_cast<T>(row * width + column);
      if (first) {
        std::copy_n(source, channels, y);
        std::fill_n(index, channels, position);
      }
      for (int64_t c = 0; c < channels; ++c) {
        const bool wins = (source[c] > y[c]) | (source[c] != source[c]);
        index[c] = wins ? position : index[c];
        y[c] = wins ? source[c] : y[c];
      }
      first = false;
    });
  });
}

template <class T>
void max_pool_gather(const Tensor& x_tensor, const Tensor& index_tensor, Tensor& y_tensor) {
  const int64_t map_size = x_tensor.size(1) * x_tensor.size(2), channels = x_tensor.size(3);
  for_pixels(y_tensor, [&](int64_t image, int64_t, int64_t, int64_t at) {
    const T* x = x_tensor.data<T>() + image * map_size * channels;
    const T* index = index_tensor.data<T>() + at;
    T* y = y_tensor.data<T>() + at;
    for (int64_t c = 0; c < channels; ++c) y[c] = x[static_cast<int64_t>(index[c]) * channels + c];
  });
}

/// A thread owns some channels of an image: two outputs may share a maximum.
template <class T>
void max_pool_grad(const Tensor& dy_tensor, const Tensor& index_tensor, Tensor& dx_tensor) {
  constexpr int64_t kChannels = 16;
  const int64_t channels = dy_tensor.size(3), blocks = (channels + kChannels - 1) / kChannels;
  const int64_t outputs = dy_tensor.size(1) * dy_tensor.size(2);
  const int64_t pixels = dx_tensor.size(1) * dx_tensor.size(2);
  parallel_for(dy_tensor.size(0) * blocks, 1, [&](int64_t task, int64_t) {
    const int64_t image = task / blocks, first = task % blocks * kChannels;
    const int64_t last = std::min(first + kChannels, channels);
    const T* dy = dy_tensor.data<T>() + image * outputs * channels;
    const T* index = index_tensor.data<T>() + image * outputs * channels;
    T* dx = dx_tensor.data<T>() + image * pixels * channels;
    for (int64_t pixel = 0; pixel < pixels; ++pixel)
      std::fill(dx + pixel * channels + first, dx + pixel * channels + last, T{0});
    for (int64_t output = 0; output < outputs; ++output)
      for (int64_t c = first; c < last; ++c)
        dx[static_cast<int64_t>(index[output * channels + c]) * channels + c] +=
            dy[output * channels + c];
  });
}

template <class T>
void avg_pool(const Tensor& x_tensor, const Window& window, Tensor& y_tensor) {
  const int64_t height = x_tensor.size(1), width = x_tensor.size(2), channels = x_tensor.size(3);
  const T scale = T{1} / static_cast<T>(window.kernel_h * window.kernel_w);
  for_pixels(y_tensor, [&](int64_t image, int64_t oy, int64_t ox, int64_t at) {
    const T* x = x_tensor.data<T>() + image * height * width * channels;
    T* __restrict y = y_tensor.data<T>() + at;
    std::fill_n(y, channels, T{0});
    for_window(window, height, width, oy, ox, [&](int64_t row, int64_t column) {
      const T* source = x + (row * width + column) * channels;
      for (int64_t c = 0; c < channels; ++c) y[c] += source[c];
    });
    for (int64_t c = 0; c < channels; ++c) y[c] *= scale;
  });
}

/// The outputs along one axis whose windows see position `at`: output·stride = at + padding −
/// tap·dilation.
template <class Output>
void for_outputs(const Window& window, int64_t kernel, int64_t outputs, int64_t at, Output output) {
  for (int64_t tap = 0; tap < kernel; ++tap) {
    const int64_t distance = at + window.padding - tap * window.dilation;
    if (distance >= 0 && distance % window.stride == 0 && distance / window.stride < outputs)
      output(distance / window.stride);
  }
}

template <class T>
void avg_pool_grad(const Tensor& dy_tensor, const Window& window, Tensor& dx_tensor) {
  const int64_t rows = dy_tensor.size(1), columns = dy_tensor.size(2);
  const int64_t channels = dy_tensor.size(3);
  const T scale = T{1} / static_cast<T>(window.kernel_h * window.kernel_w);
  for_pixels(dx_tensor, [&](int64_t image, int64_t y, int64_t x, int64_t at) {
    const T* dy = dy_tensor.data<T>() + image * rows * columns * channels;
    T* __restrict dx = dx_tensor.data<T>() + at;
    std::fill_n(dx, channels, T{0});
    for_outputs(window, window.kernel_h, rows, y, [&](int64_t row) {
      for_outputs(window, window.kernel_w, columns, x, [&](int64_t column) {
        const T* source = dy + (row * columns + column) * channels;
        for (int64_t c = 0; c < channels; ++c) dx[c] += source[c];
      });
    });
    for (int64_t c = 0; c < channels; ++c) dx[c] *= scale;
  });
}

}  // namespace

void CpuBackend::max_pool2d(const Tensor& x, const Window& window, Tensor& y, Tensor& index) {
  dispatch(x.dtype(), [&]<class T>(T) { max_pool<T>(x, window, y, index); });
}

void CpuBackend::max_pool2d_gather(const Tensor& x, const Tensor& index, Tensor& y) {
  dispatch(x.dtype(), [&]<class T>(T) { max_pool_gather<T>(x, index, y); });
}

void CpuBackend::max_pool2d_grad(const Tensor& dy, const Tensor& index, Tensor& dx) {
  dispatch(dy.dtype(), [&]<class T>(T) { max_pool_grad<T>(dy, index, dx); });
}

void CpuBackend::avg_pool2d(const Tensor& x, const Window& window, Tensor& y) {
  dispatch(x.dtype(), [&]<class T>(T) { avg_pool<T>(x, window, y); });
}

void CpuBackend::avg_pool2d_grad(const Tensor& dy, const Window& window, Tensor& dx) {
  dispatch(dy.dtype(), [&]<class T>(T) { avg_pool_grad<T>(dy, window, dx); });
}

}  // namespace kintsugi

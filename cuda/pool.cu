#include "cuda/backend.h"
#include "cuda/maps.h"
#include "cuda/types.h"

namespace kintsugi {
namespace {

using namespace cuda;

// x [N, H, W, C], y [N, OH, OW, C]; one thread an element of what is written.

/// Calls tap(row, column) for the pixels of a map that the window of output (oy, ox) sees.
template <class Tap>
__device__ void for_window(const Window& window, const MapShape& map, int64_t oy, int64_t ox,
                           Tap tap) {
  for (int64_t i = 0; i < window.kernel_h; ++i) {
    const int64_t row = oy * window.stride + i * window.dilation - window.padding;
    if (row < 0 || row >= map.height) continue;
    for (int64_t j = 0; j < window.kernel_w; ++j) {
      const int64_t column = ox * window.stride + j * window.dilation - window.padding;
      if (column >= 0 && column < map.width) tap(row, column);
    }
  }
}

// ---- maximum ------------------------------------------------------------------------------------

/// The first maximum of each window; the last NaN where there are any.
template <class T>
struct MaxPool {
  const T* x;
  T *y, *index;
  MapShape in, out;
  Window window;

  __device__ void operator()(int64_t image, int64_t oy, int64_t ox, int64_t channel) const {
    T highest = 0;
    int64_t position = -1;
    for_window(window, in, oy, ox, [&](int64_t row, int64_t column) {
      const T value = x[in.at(image, row, column, channel)];
      if (position >= 0 && !(value > highest) && value == value) return;
      highest = value;
      position = row * in.width + column;
    });
    const int64_t at = out.at(image, oy, ox, channel);
    y[at] = highest;
    index[at] = static_cast<T>(position);
  }
};

/// The number of the element that an index [N, OH, OW, C] names.
template <class T>
__device__ int64_t chosen(const MapShape& map, int64_t image, T index, int64_t channel) {
  return (image * map.height * map.width + static_cast<int64_t>(index)) * map.channels + channel;
}

template <class T>
struct MaxPoolGather {
  const T *x, *index;
  T* y;
  MapShape in, out;

  __device__ void operator()(int64_t image, int64_t oy, int64_t ox, int64_t channel) const {
    const int64_t at = out.at(image, oy, ox, channel);
    y[at] = x[chosen(in, image, index[at], channel)];
  }
};

// The gradient gathers. Any number of outputs may have chosen one element of x; first, every output
// enters the list of the element it chose, then every element adds up its list. A list's order is
// that in which the threads came, so it is added up in the order of its outputs instead.

constexpr int kEnd = -1;

/// heads [N, H, W, C]: the output pixel (oy·OW + ox) that entered last; nexts [N, OH, OW, C]: the
/// one that had entered before.
template <class T>
struct ListOutputs {
  const T* index;
  int *heads, *nexts;
  MapShape in, out;

  __device__ void operator()(int64_t image, int64_t oy, int64_t ox, int64_t channel) const {
    const int64_t at = out.at(image, oy, ox, channel);
    nexts[at] = atomicExch(heads + chosen(in, image, index[at], channel),
                           static_cast<int>(oy * out.width + ox));
  }
};

template <class T>
struct MaxPoolGrad {
  const T* dy;
  const int *heads, *nexts;
  T* dx;
  MapShape in, out;

  __device__ void operator()(int64_t image, int64_t row, int64_t column, int64_t channel) const {
    const int64_t at = in.at(image, row, column, channel);
    const int64_t first = out.at(image, 0, 0, channel);
    Accumulate<T> sum = 0;
    for (int output = next_output(at, first, kEnd); output != kEnd;
         output = next_output(at, first, output))
      sum += static_cast<Accumulate<T>>(dy[first + output * out.channels]);
    dx[at] = static_cast<T>(sum);
  }

  /// The lowest of the list that is above `previous`. Lists are short: no longer than the number of
  /// windows that see one pixel.
  __device__ int next_output(int64_t at, int64_t first, int previous) const {
    int lowest = kEnd;
    for (int entry = heads[at]; entry != kEnd; entry = nexts[first + entry * out.channels])
      if (entry > previous && (lowest == kEnd || entry < lowest)) lowest = entry;
    return lowest;
  }
};

/// Room for `count` int numbers, each with all bits set: −1.
Tensor no_outputs(const Shape& shape) {
  static_assert(sizeof(int) == sizeof(float) && kEnd == -1);
  Tensor room = Tensor::empty(shape, {.dtype = DType::float32, .device = Device::cuda});
  if (room.numel() > 0)
    check(cudaMemsetAsync(room.raw(), 0xff, room.bytes(), context().stream), "cudaMemsetAsync");
  return room;
}

// ---- mean ---------------------------------------------------------------------------------------

template <class T>
struct AvgPool {
  const T* x;
  T* y;
  MapShape in, out;
  Window window;

  __device__ void operator()(int64_t image, int64_t oy, int64_t ox, int64_t channel) const {
    Accumulate<T> sum = 0;
    for_window(window, in, oy, ox, [&](int64_t row, int64_t column) {
      sum += static_cast<Accumulate<T>>(x[in.at(image, row, column, channel)]);
    });
    const auto count = static_cast<Accumulate<T>>(window.kernel_h * window.kernel_w);
    y[out.at(image, oy, ox, channel)] = static_cast<T>(sum / count);
  }
};

/// The outputs along one axis whose windows may see position `at`: those with
/// 0 ≤ at + padding − output·stride ≤ (kernel − 1)·dilation.
__device__ Span outputs_near(const Window& window, int64_t kernel, int64_t outputs, int64_t at) {
  const int64_t last = (at + window.padding) / window.stride;
  const int64_t reach = (kernel - 1) * window.dilation;
  const int64_t first = ceil_divide<int64_t>(at + window.padding - reach, window.stride);
  return {first < 0 ? 0 : first, last < outputs ? last : outputs - 1};
}

template <class T>
struct AvgPoolGrad {
  const T* dy;
  T* dx;
  MapShape in, out;
  Window window;

  __device__ void operator()(int64_t image, int64_t row, int64_t column, int64_t channel) const {
    const Span rows = outputs_near(window, window.kernel_h, out.height, row);
    const Span columns = outputs_near(window, window.kernel_w, out.width, column);
    Accumulate<T> sum = 0;
    for (int64_t oy = rows.first; oy <= rows.last; ++oy) {
      if (!has_tap(oy, row)) continue;
      for (int64_t ox = columns.first; ox <= columns.last; ++ox)
        if (has_tap(ox, column))
          sum += static_cast<Accumulate<T>>(dy[out.at(image, oy, ox, channel)]);
    }
    const auto count = static_cast<Accumulate<T>>(window.kernel_h * window.kernel_w);
    dx[in.at(image, row, column, channel)] = static_cast<T>(sum / count);
  }

  /// Whether one of the window's taps, `dilation` apart, falls on position `at`.
  __device__ bool has_tap(int64_t output, int64_t at) const {
    return (at + window.padding - output * window.stride) % window.dilation == 0;
  }
};

}  // namespace

void CudaBackend::max_pool2d(const Tensor& x, const Window& window, Tensor& y, Tensor& index) {
  const MapShape in(x), out(y);
  dispatch(x.dtype(), [&]<class T>(T) {
    for_each_element(out, MaxPool<T>{x.data<T>(), y.data<T>(), index.data<T>(), in, out, window});
  });
}

void CudaBackend::max_pool2d_gather(const Tensor& x, const Tensor& index, Tensor& y) {
  const MapShape in(x), out(y);
  dispatch(x.dtype(), [&]<class T>(T) {
    for_each_element(out, MaxPoolGather<T>{x.data<T>(), index.data<T>(), y.data<T>(), in, out});
  });
}

void CudaBackend::max_pool2d_grad(const Tensor& dy, const Tensor& index, Tensor& dx) {
  const MapShape in(dx), out(dy);
  const Tensor head_room = no_outputs(dx.shape()), next_room = no_outputs(dy.shape());
  int* heads = static_cast<int*>(head_room.raw());
  int* nexts = static_cast<int*>(next_room.raw());
  dispatch(dy.dtype(), [&]<class T>(T) {
    for_each_element(out, ListOutputs<T>{index.data<T>(), heads, nexts, in, out});
    for_each_element(in, MaxPoolGrad<T>{dy.data<T>(), heads, nexts, dx.data<T>(), in, out});
  });
}

void CudaBackend::avg_pool2d(const Tensor& x, const Window& window, Tensor& y) {
  const MapShape in(x), out(y);
  dispatch(x.dtype(), [&]<class T>(T) {
    for_each_element(out, AvgPool<T>{x.data<T>(), y.data<T>(), in, out, window});
  });
}

void CudaBackend::avg_pool2d_grad(const Tensor& dy, const Window& window, Tensor& dx) {
  const MapShape in(dx), out(dy);
  dispatch(dy.dtype(), [&]<class T>(T) {
    for_each_element(in, AvgPoolGrad<T>{dy.data<T>(), dx.data<T>(), in, out, window});
  });
}

}  // namespace kintsugi

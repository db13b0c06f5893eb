#pragma once
#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/types.h"
#include "tensor/backend.h"

namespace kintsugi::cuda {

/// A convolution as its kernels see it:
/// x [batch, height, width, in], w [kernel_h, kernel_w, in, out], y [batch, rows, columns, out].
/// Extents fit 32 bits, and so does the number of pixels of x and of y, and that of weights;
/// offsets of elements take 64.
struct ConvShape {
  int batch, height, width, in;
  int kernel_h, kernel_w, stride, padding, dilation;
  int rows, columns, out;

  int64_t input_pixels() const { return int64_t{batch} * height * width; }
  int64_t output_pixels() const { return int64_t{batch} * rows * columns; }
  /// Numbers under one window.
  int64_t patch() const { return int64_t{kernel_h} * kernel_w * in; }
  int64_t weights() const { return patch() * out; }
  int64_t multiply_adds() const { return output_pixels() * weights(); }
};

/// x and y are the shapes of the map and of the convolution's output. Throws ShapeError where a
/// number of pixels or of weights does not fit 32 bits.
ConvShape conv_shape(const Shape& x, const Shape& y, const Window& window);

/// One pixel of a batch of maps: pixel number i = (image·rows + row)·columns + column.
struct Pixel {
  int image, row, column;
};
__device__ inline Pixel pixel_of(int i, int rows, int columns) {
  return {i / columns / rows, i / columns % rows, i % columns};
}

/// Row (or column) of x that tap `tap` sees of output row `row`; it may lie outside.
__device__ inline int input_row(const ConvShape& s, int row, int tap) {
  return row * s.stride - s.padding + tap * s.dilation;
}

/// The output row, of `rows`, that sees row `row` of x through this tap; −1 where none does.
__device__ inline int output_row(const ConvShape& s, int row, int tap, int rows) {
  const int distance = row + s.padding - tap * s.dilation;
  const bool reached = distance >= 0 && distance % s.stride == 0 && distance / s.stride < rows;
  return reached ? distance / s.stride : -1;
}

/// An Epilogue in device memory: max(sum + bias[channel], 0).
template <class T>
struct Finish {
  explicit Finish(const Epilogue& epilogue)
      : bias(epilogue.bias.defined() ? epilogue.bias.data<Accumulate<T>>() : nullptr),
        relu(epilogue.relu) {}

  __device__ T operator()(Accumulate<T> sum, int channel) const {
    if (bias) sum += bias[channel];
    return T(relu && sum < 0 ? Accumulate<T>{0} : sum);
  }

  const Accumulate<T>* bias;
  bool relu;
};

}  // namespace kintsugi::cuda

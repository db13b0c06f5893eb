#pragma once
#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/division.h"

/// The two operands of a convolution seen as a matrix product, neither of which is ever written
/// out: each answers where in memory its element (row, depth) lies. Rows of the right operand are
/// the columns of the product; depth is what is summed over.
///
/// An operand splits the question, because most of the answer depends on the row or on the depth
/// alone and is worked out once: at(row(i), depth(k)) is the address, or nullptr where the element
/// is zero (outside the map, beyond the matrix). Elements that follow one another in memory follow
/// along the depth where kDepthInner, else along the rows; where aligned(bytes) they may be read so
/// many bytes at a time.
namespace kintsugi::cuda::implicit {

constexpr int kOutside = -(1 << 30);  ///< a coordinate far from every map

/// Whether a `run` of consecutive elements of T is made of whole pieces of so many bytes.
template <class T>
__host__ __device__ bool is_aligned(const T* start, int run, unsigned bytes) {
  return run * sizeof(T) % bytes == 0 && reinterpret_cast<uintptr_t>(start) % bytes == 0;
}

/// An extent to divide by, though there may be nothing to divide.
__host__ __device__ inline int at_least_one(int extent) { return extent < 1 ? 1 : extent; }

/// How windows stand on one axis of the map that they read: tap j of output i reads position
/// i·step + origin + j·tap_step, which may lie outside [0, size). The i-th output is number
/// first + i·spacing of all outputs, the j-th tap number first_tap + j·tap_spacing of the kernel.
struct Axis {
  int outputs = 0, first = 0, spacing = 1;
  int taps = 0, first_tap = 0, tap_spacing = 1;
  int size = 0;
  int step = 1, origin = 0, tap_step = 1;
};

/// The patches of a map [N, height, width, channels]: for every output pixel the numbers in its
/// window, in the order of the weights (tap row, tap column, channel).
template <class T>
struct Patches {
  const T* map = nullptr;
  Axis y, x;
  int channels = 0;
  int pixels = 0;  ///< N · outputs
  int size = 0;    ///< of one patch
  Divisor<int32_t> by_rows, by_columns, by_taps, by_channels;

  Patches() = default;
  __host__ __device__ Patches(const T* map_, int batch, const Axis& y_, const Axis& x_,
                              int channels_)
      : map(map_),
        y(y_),
        x(x_),
        channels(channels_),
        pixels(batch * y.outputs * x.outputs),
        size(y.taps * x.taps * channels),
        by_rows(at_least_one(y.outputs)),
        by_columns(at_least_one(x.outputs)),
        by_taps(at_least_one(x.taps)),
        by_channels(at_least_one(channels)) {}

  struct Pixel {
    int image, y, x;  ///< of the outputs
  };
  __host__ __device__ Pixel pixel(int number) const {
    const int row = by_columns.quotient(number), image = by_rows.quotient(row);
    return {image, by_rows.remainder(row, image), by_columns.remainder(number, row)};
  }

  struct Tap {
    int y, x, channel;
  };
  __host__ __device__ Tap tap(int number) const {
    const int tap = by_channels.quotient(number), row = by_taps.quotient(tap);
    return {row, by_taps.remainder(tap, row), by_channels.remainder(number, tap)};
  }

  /// A step through the map: from an image's first element to a window's first, or from there to
  /// one of its elements.
  struct Place {
    int64_t offset;
    int y, x;
  };
  __host__ __device__ Place window(int number) const {
    if (number >= pixels) return {0, kOutside, kOutside};
    const Pixel at = pixel(number);
    const int row = at.y * y.step + y.origin, column = at.x * x.step + x.origin;
    const int64_t pixels_before = (int64_t{at.image} * y.size + row) * x.size + column;
    return {pixels_before * channels, row, column};
  }
  __host__ __device__ Place element(int number) const {
    if (number >= size) return {0, kOutside, kOutside};
    const Tap at = tap(number);
    const int row = at.y * y.tap_step, column = at.x * x.tap_step;
    return {(int64_t{row} * x.size + column) * channels + at.channel, row, column};
  }
  __device__ const T* at(const Place& window, const Place& element) const {
    const bool inside =
        static_cast<unsigned>(window.y + element.y) < static_cast<unsigned>(y.size) &&
        static_cast<unsigned>(window.x + element.x) < static_cast<unsigned>(x.size);
    return inside ? map + (window.offset + element.offset) : nullptr;
  }
  __device__ bool aligned(unsigned bytes) const { return is_aligned(map, channels, bytes); }
};

/// Rows are windows, depth their elements.
template <class T>
struct PatchRows : Patches<T> {
  static constexpr bool kDepthInner = true;
  using Place = typename Patches<T>::Place;
  __device__ Place row(int i) const { return this->window(i); }
  __device__ Place depth(int k) const { return this->element(k); }
};

/// The transposed matrix: rows are elements of windows, depth the windows.
template <class T>
struct PatchColumns : Patches<T> {
  static constexpr bool kDepthInner = false;
  using Place = typename Patches<T>::Place;
  __device__ Place row(int i) const { return this->element(i); }
  __device__ Place depth(int k) const { return this->window(k); }
  __device__ const T* at(const Place& row, const Place& depth) const {
    return Patches<T>::at(depth, row);
  }
};

/// A matrix [depths, columns] as it lies in memory, whose columns are the operand's rows.
template <class T>
struct MatrixColumns {
  static constexpr bool kDepthInner = false;
  const T* values;
  int depths, columns;

  __device__ int row(int i) const { return i; }
  __device__ int depth(int k) const { return k; }
  __device__ const T* at(int row, int depth) const {
    return row < columns && depth < depths ? values + (int64_t{depth} * columns + row) : nullptr;
  }
  __device__ bool aligned(unsigned bytes) const { return is_aligned(values, columns, bytes); }
};

/// Weights [kh, kw, in, out] for the way back: a row is an input channel, depth (tap, output
/// channel), of those taps that `gradients`, the patches of dy, have.
template <class T>
struct TapRows {
  static constexpr bool kDepthInner = true;
  const T* weights;
  int kernel_w, in, out;
  Patches<T> gradients;

  __device__ int row(int i) const { return i; }
  __device__ int64_t depth(int k) const {
    if (k >= gradients.size) return -1;
    const auto [j_y, j_x, channel] = gradients.tap(k);
    const int tap_y = gradients.y.first_tap + j_y * gradients.y.tap_spacing;
    const int tap_x = gradients.x.first_tap + j_x * gradients.x.tap_spacing;
    return (int64_t{tap_y} * kernel_w + tap_x) * in * out + channel;
  }
  __device__ const T* at(int row, int64_t depth) const {
    return row < in && depth >= 0 ? weights + (int64_t{row} * out + depth) : nullptr;
  }
  __device__ bool aligned(unsigned bytes) const { return is_aligned(weights, out, bytes); }
};

}  // namespace kintsugi::cuda::implicit

#pragma once
#include <algorithm>
#include <array>
#include <cstdint>

#include "tensor/cpu/parallel.h"
#include "tensor/tensor.h"

namespace kintsugi::cpu {

/// The axes of y = f(a, b) with broadcasting, outermost first, neighbours merged wherever one
/// stride walks both. An operand's stride is 0 along an axis that it is repeated on.
struct BroadcastAxes {
  struct Axis {
    int64_t extent = 1, a = 0, b = 0;
  };
  /// Where element `number` of the outer axes (row-major) lies in both operands.
  struct Offsets {
    int64_t a = 0, b = 0;
  };

  BroadcastAxes(const Shape& a, const Shape& b, const Shape& y);
  /// `number` counts over the first `outer_axes` axes.
  Offsets offsets(int outer_axes, int64_t number) const;
  int64_t extent(int first_axis, int last_axis) const;

  std::array<Axis, Shape::kMaxRank + 2> axes{};
  int count = 0;  ///< at least 2
};

/// `rows` rows of `columns` elements, each element repeat·i + step·j of p, as a contiguous block:
/// p itself, or a copy in `buffer`.
template <class T>
const T* contiguous_rows(const T* p, int64_t row_stride, int64_t column_stride, int64_t rows,
                         int64_t columns, T* buffer) {
  if (column_stride == 1 && (row_stride == columns || rows == 1)) return p;
  if (row_stride == 0 && column_stride == 1) {
    const int64_t total = rows * columns;
    std::copy_n(p, columns, buffer);
    for (int64_t done = columns; done < total; done *= 2)
      std::copy_n(buffer, std::min(done, total - done), buffer + done);
    return buffer;
  }
  T* to = buffer;
  for (int64_t row = 0; row < rows; ++row, p += row_stride)
    for (int64_t column = 0; column < columns; ++column) *to++ = p[column * column_stride];
  return buffer;
}

template <class T, class F>
void broadcast_line(const T* a, bool a_moves, const T* b, bool b_moves, T* __restrict y,
                    int64_t count, F f) {
  if (a_moves && b_moves) {
    for (int64_t i = 0; i < count; ++i) y[i] = f(a[i], b[i]);
  } else if (a_moves) {
    const T constant = *b;
    for (int64_t i = 0; i < count; ++i) y[i] = f(a[i], constant);
  } else if (b_moves) {
    const T constant = *a;
    for (int64_t i = 0; i < count; ++i) y[i] = f(constant, b[i]);
  } else {
    std::fill_n(y, count, f(*a, *b));
  }
}

/// y = f(a, b) with broadcasting. Lines along the last axis are computed in place; where they are
/// short ([C] or [N, H, W, 1] against a picture), blocks of them are first laid out in a small
/// buffer, so that the loop over f is long and flat all the same.
template <class T, class F>
void broadcast(const Tensor& a_tensor, const Tensor& b_tensor, Tensor& y_tensor, F f) {
  constexpr int64_t kBuffer = 1024, kShort = 32;
  const BroadcastAxes axes(a_tensor.shape(), b_tensor.shape(), y_tensor.shape());
  const T* a = a_tensor.data<T>();
  const T* b = b_tensor.data<T>();
  T* y = y_tensor.data<T>();
  if (y_tensor.numel() == 0) return;
  const int planar = axes.count - 2;
  const BroadcastAxes::Axis row_axis = axes.axes[static_cast<size_t>(planar)];
  const BroadcastAxes::Axis column_axis = axes.axes[static_cast<size_t>(planar) + 1];
  const int64_t rows = row_axis.extent, row_a = row_axis.a, row_b = row_axis.b;
  const int64_t columns = column_axis.extent, column_a = column_axis.a, column_b = column_axis.b;

  if (columns < kShort && rows > 1) {
    const int64_t planes = axes.extent(0, planar);
    const int64_t block = std::min(rows, kBuffer / columns), blocks = (rows + block - 1) / block;
    const int64_t grain = std::max<int64_t>(1, kParallelGrain / (block * columns));
    parallel_for(planes * blocks, grain, [&](int64_t begin, int64_t end) {
      std::array<T, kBuffer> buffer_a, buffer_b;
      for (int64_t task = begin; task < end; ++task) {
        const auto at = axes.offsets(planar, task / blocks);
        const int64_t row = task % blocks * block, count = std::min(block, rows - row);
        const T* line_a = contiguous_rows(a + at.a + row * row_a, row_a, column_a, count, columns,
                                          buffer_a.data());
        const T* line_b = contiguous_rows(b + at.b + row * row_b, row_b, column_b, count, columns,
                                          buffer_b.data());
        T* line = y + (task / blocks * rows + row) * columns;
        broadcast_line(line_a, true, line_b, true, line, count * columns, f);
      }
    });
    return;
  }

  const int64_t lines = axes.extent(0, planar + 1);
  const int64_t block = std::min(columns, kParallelGrain), blocks = (columns + block - 1) / block;
  parallel_for(lines * blocks, std::max<int64_t>(1, kParallelGrain / block),
               [&](int64_t begin, int64_t end) {
                 for (int64_t task = begin; task < end; ++task) {
                   const auto at = axes.offsets(planar + 1, task / blocks);
                   const int64_t column = task % blocks * block;
                   broadcast_line(a + at.a + column * column_a, column_a != 0,
                                  b + at.b + column * column_b, column_b != 0,
                                  y + task / blocks * columns + column,
                                  std::min(block, columns - column), f);
                 }
               });
}

}  // namespace kintsugi::cpu

#include <algorithm>
#include <array>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

using namespace cpu;

// lab 4: hide
/// Copies a block [rows, columns] of a matrix into scratch, rows `pitch` apart: rows of the matrix
/// itself, often a power of two apart, would drive each other out of the cache.
template <class T>
void copy_block(const T* from, int64_t stride, int64_t rows, int64_t columns, T* to,
                int64_t pitch) {
  for (int64_t r = 0; r < rows; ++r) std::copy_n(from + r * stride, columns, to + r * pitch);
}
// lab 4: end

/// Rows of the left matrix at most, for which the right one is better read as it lies: packing it
/// would take longer than multiplying it.
constexpr int64_t kFewRows = 32;

template <class T>
void matmul(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b, Tensor& y) {
  const int64_t batch = y.size(0), m = y.size(1), n = y.size(2),
                depth = a.size(transpose_a ? 1 : 2);
  // lab 4: begin y = A·B for each matrix of the batch: y is [batch, m, n], its numbers not set yet
  const Tasks<T> tasks(m, n, depth);
  const int64_t pitch = padded_pitch<T>(transpose_a ? tasks.rows.size : tasks.depth.size);
  // One panel of b passes by a block of a once, which is then best read where it lies.
  const bool copied = transpose_a || n > Panels<T>::size(1, 1);
  parallel_for(
      batch * tasks.count(), 1,
      [&](int64_t task, int64_t) {
        const int64_t image = task / tasks.count();
        const int64_t row_block = task / tasks.columns.count % tasks.rows.count;
        const int64_t column_block = task % tasks.columns.count;
        const int64_t row = tasks.rows.begin(row_block), column = tasks.columns.begin(column_block);
        const int64_t rows = tasks.rows.length(row_block);
        const int64_t columns = tasks.columns.length(column_block);
        const T* from_a = a.data<T>() + image * m * depth;  // [m, depth] or [depth, m]
        const T* from_b = b.data<T>() + image * depth * n;  // [depth, n] or [n, depth]

        T* block = nullptr;
        if (copied)
          block = scratch<T>(Slot::patches, pitch * std::max(tasks.rows.size, tasks.depth.size));
        T* packed = scratch<T>(Slot::panels, Panels<T>::size(tasks.depth.size, columns));
        std::array<T*, kMaxBlockRows> c;
        for (int64_t r = 0; r < rows; ++r)
          c[static_cast<size_t>(r)] = y.data<T>() + (image * m + row + r) * n + column;

        for (int64_t step = 0; step < tasks.depth.count; ++step) {
          const int64_t k = tasks.depth.begin(step), length = tasks.depth.length(step);
          if (transpose_a)
            copy_block(from_a + k * m + row, m, length, rows, block, pitch);
          else if (copied)
            copy_block(from_a + row * depth + k, depth, rows, length, block, pitch);
          const Panels<T> panels{packed, length, columns};
          if (transpose_b)
            pack(from_b + column * depth + k, 1, depth, length, panels);
          else
            pack(from_b + k * n + column, n, 1, length, panels);
          multiply<T>({.rows = rows,
                       .columns = columns,
                       .depth = length,
                       .a = copied ? block : from_a + row * depth + k,
                       .a_stride = copied ? pitch : depth,
                       .a_transposed = transpose_a,
                       .b = packed,
                       .c = c.data(),
                       .accumulate = step > 0});
        }
      },
      batch * m * n * depth);
  // lab 4: end
}

}  // namespace

void CpuBackend::matmul(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b,
                        Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) {
    if (transpose_a || !transpose_b || y.size(1) > kFewRows || y.size(2) <= kFewRows)
      return kintsugi::matmul<T>(a, transpose_a, b, transpose_b, y);
    // a bᵀ = (b aᵀ)ᵀ, in which the large b is the left matrix.
    Tensor transposed = Tensor::empty({y.size(0), y.size(2), y.size(1)}, y.options());
    kintsugi::matmul<T>(b, false, a, true, transposed);
    const int64_t matrix = y.size(1) * y.size(2);
    copy_strided(transposed, {0, {matrix, 1, y.size(1)}}, y, {0, {matrix, y.size(2), 1}},
                 y.shape());
  });
}

}  // namespace kintsugi

#pragma once
#include <cstddef>
#include <cstdint>

namespace kintsugi::cpu {

/// c(r, j) = max(c₀(r, j) + Σ_k a(r, k)·b(k, j) + bias(j), 0) for one block of a matrix product,
/// small enough to stay in a core's L2 cache. Each sum runs over k in ascending order in one
/// accumulator, so how a matrix is cut into blocks of rows and columns does not change a bit.
template <class T>
struct Product {
  int64_t rows = 0, columns = 0, depth = 0;
  const T* a = nullptr;  ///< a(r, k) = a[r·a_stride + k], or a[k·a_stride + r] transposed
  int64_t a_stride = 0;
  bool a_transposed = false;
  const T* b = nullptr;     ///< panels of a matrix [depth, columns]
  int64_t b_depth = 0;      ///< rows of those panels, where they have more than depth
  T* const* c = nullptr;    ///< the address of each row of the result
  bool accumulate = false;  ///< c₀ is what c holds, else 0
  const T* bias = nullptr;  ///< [columns], or none
  bool relu = false;        ///< max(…, 0), or as it is
};

template <class T>
void multiply(const Product<T>& product);

/// A matrix [depth, columns] cut into panels as wide as the register tile, one behind the other,
/// each [depth, width] row by row: the order in which multiply() reads b.
template <class T>
struct Panels {
  T* data = nullptr;
  int64_t depth = 0, columns = 0;

  /// Elements of `data`; the last panel is filled up with zeros.
  static int64_t size(int64_t depth, int64_t columns);
};

/// Rows [first, first + rows) of the panels: b(k, j) = b[k·row_stride + j·column_stride] for k <
/// rows and all columns. One of the strides is 1.
template <class T>
void pack(const T* b, int64_t row_stride, int64_t column_stride, int64_t rows,
          const Panels<T>& panels, int64_t first = 0);

/// [0, total) cut into blocks of one size, at most `limit`; the last may be shorter. Where there
/// are more than half of `multiple`, their number is a multiple of it, so that threads get equal
/// shares.
struct Blocks {
  Blocks(int64_t total, int64_t limit, int64_t multiple = 1);
  int64_t begin(int64_t block) const { return block * size < total ? block * size : total; }
  int64_t length(int64_t block) const { return begin(block + 1) - begin(block); }

  int64_t total, count, size;
};

inline constexpr int64_t kMaxBlockRows = 256;

/// How one product [rows, columns] is cut into tasks for the threads, and its depth into steps, so
/// that a task's part of a stays in L2 (256 KiB) while the panels of b pass by. It depends on the
/// shape alone.
template <class T>
struct Tasks {
  Tasks(int64_t rows, int64_t columns, int64_t depth);
  int64_t count() const { return rows.count * columns.count; }

  Blocks depth, rows, columns;
};

/// Distance of rows of `length` elements in a work buffer: at least that, and never a multiple of
/// a large power of two, which would put all rows into the same few lines of the cache.
template <class T>
int64_t padded_pitch(int64_t length) {
  constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
  return ((length + kLine - 1) / kLine | 1) * kLine;
}

/// A work buffer of this thread, aligned to cache lines, kept from call to call because the page
/// faults of a fresh one cost more than filling it. Contents are not initialised. `slot` tells
/// buffers in use at the same time apart.
enum class Slot { patches, panels };
void* scratch_bytes(Slot slot, size_t bytes);
template <class T>
T* scratch(Slot slot, int64_t count) {
  return static_cast<T*>(scratch_bytes(slot, static_cast<size_t>(count) * sizeof(T)));
}

}  // namespace kintsugi::cpu

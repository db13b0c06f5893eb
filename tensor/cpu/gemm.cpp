#include "tensor/cpu/gemm.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tensor/backend.h"
#include "tensor/cpu/vector.h"
#include "tensor/error.h"

namespace kintsugi::cpu {
namespace {

// The register tile: kTileRows by 2 vectors of sums, beside registers for a row of b and for an
// element of a.
constexpr int kTileRows = kVectorRegisters == 32 ? 14 : 6;
template <class T>
constexpr int kTileColumns = 2 * kLanes<T>;

constexpr int kRowsAhead = 8;  // of a matrix that is packed, fetched before they are needed

constexpr int64_t kTasks = 8;  // at least, where the shape allows: shares for 2, 4 or 8 threads

/// One register tile of a product: kRows rows by kVectors vectors.
template <class T>
struct Tile {
  const Product<T>& product;
  const T* a;
  const T* b;
  T* const* c;
  int64_t column;  ///< where in the rows c the tile begins
  const T* bias;   ///< of the tile's columns, or none
  /// What to fetch into L2 meanwhile, from the next panel, and how much further on for each k. So a
  /// stream of panels from L3 keeps up with the arithmetic.
  const T* ahead;
  int64_t ahead_step;
};

template <class T, int kRows, int kVectors, bool kTransposed>
void multiply_tile(const Tile<T>& tile) {
  const Product<T>& p = tile.product;
  Vector<T> sum[kRows][kVectors] = {};
  const T* a = tile.a;
  const T* b = tile.b;
  const T* ahead = tile.ahead;
  const int64_t stride = p.a_stride;
  for (int r = 0; r < kRows; ++r)
    for (int v = 0; v < kVectors; ++v)
      __builtin_prefetch(tile.c[r] + tile.column + v * kLanes<T>, 1);
#pragma GCC unroll 4
  for (int64_t k = 0; k < p.depth; ++k) {
    __builtin_prefetch(ahead, 0, 2);
    Vector<T> row[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) row[v] = load<Vector<T>>(b + v * kLanes<T>);
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) {
      const T factor = kTransposed ? a[r] : a[r * stride];
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[r][v] += factor * row[v];
    }
    a += kTransposed ? stride : 1;
    b += kTileColumns<T>;
    ahead += tile.ahead_step;
  }

  if (!tile.bias && !p.accumulate && !p.relu) {  // most are: nothing to add and to ask for
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r)
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) store(sum[r][v], tile.c[r] + tile.column + v * kLanes<T>);
    return;
  }
#pragma GCC unroll 2
  for (int v = 0; v < kVectors; ++v) {
    const int64_t first = v * kLanes<T>;
    Vector<T> bias{};
    if (tile.bias) bias = load<Vector<T>>(tile.bias + first);
#pragma GCC unroll 14
    for (int r = 0; r < kRows; ++r) {
      T* c = tile.c[r] + tile.column + first;
      Vector<T> y = sum[r][v] + bias;
      if (p.accumulate) y += load<Vector<T>>(c);
      if (p.relu) y = y < 0 ? Vector<T>{} : y;
      store(y, c);
    }
  }
}

/// The tile kernels of 1, 2, … kTileRows rows.
template <class T, int kVectors, bool kTransposed, int... kRow>
constexpr auto tile_kernels(std::integer_sequence<int, kRow...>) {
  return std::array{&multiply_tile<T, kRow + 1, kVectors, kTransposed>...};
}
template <class T, int kVectors, bool kTransposed>
constexpr auto kTileKernels =
    tile_kernels<T, kVectors, kTransposed>(std::make_integer_sequence<int, kTileRows>{});

/// A tile that reaches beyond the last column works on a copy.
template <class T, class Kernel>
void multiply_edge(Kernel kernel, Tile<T> tile, int64_t rows) {
  const Product<T>& p = tile.product;
  const int64_t first = tile.column, columns = p.columns - first;
  T bias[kTileColumns<T>] = {}, copy[kTileRows][kTileColumns<T>];
  T* copied_rows[kTileRows];
  if (tile.bias) tile.bias = std::copy_n(tile.bias, columns, bias) - columns;
  for (int64_t r = 0; r < rows; ++r) {
    copied_rows[r] = copy[r];
    if (p.accumulate) std::copy_n(tile.c[r] + first, columns, copy[r]);
  }
  T* const* c = std::exchange(tile.c, copied_rows);
  tile.column = 0;
  kernel(tile);
  for (int64_t r = 0; r < rows; ++r) std::copy_n(copy[r], columns, c[r] + first);
}

template <class T, bool kTransposed>
void multiply_tiles(const Product<T>& p) {
  const int64_t tiles = (p.rows + kTileRows - 1) / kTileRows;
  const int64_t even = p.rows / std::max<int64_t>(tiles, 1), longer = p.rows - even * tiles;
  const int64_t panel = kTileColumns<T> * std::max(p.depth, p.b_depth);
  for (int64_t column = 0; column < p.columns; column += kTileColumns<T>) {
    const int64_t columns = p.columns - column;
    const auto& kernels =
        columns > kLanes<T> ? kTileKernels<T, 2, kTransposed> : kTileKernels<T, 1, kTransposed>;
    const bool edge = columns < kTileColumns<T> && columns != kLanes<T>;
    const T* b = p.b + column / kTileColumns<T> * panel;
    const T* bias = p.bias ? p.bias + column : nullptr;
    // Of the next panel's rows the even tiles fetch one half, the odd ones the other. A tile alone
    // asks for each row, whose second line comes with the first: caches fetch lines in pairs.
    const T* next = b + panel;
    const int64_t step = tiles > 1 ? kLanes<T> : kTileColumns<T>;
    for (int64_t tile = 0, first = 0, rows; tile < tiles; ++tile, first += rows) {
      rows = even + (tile < longer);
      const T* a = p.a + first * (kTransposed ? 1 : p.a_stride);
      const auto kernel = kernels[static_cast<size_t>(rows - 1)];
      const T* ahead = next + tile % 2 * p.depth * kLanes<T>;
      const Tile<T> work{p, a, b, p.c + first, column, bias, ahead, step};
      if (edge)
        multiply_edge(kernel, work, rows);
      else
        kernel(work);
    }
  }
}

/// Memory that grows. Large buffers come in whole huge pages: Winograd's transforms write to 36
/// places at once, more than a core remembers addresses of small pages for.
class Buffer {
 public:
  Buffer() = default;
  ~Buffer() { cpu_backend().deallocate(data_, bytes_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  void* reserve(size_t bytes) {
    constexpr size_t kHugePage = size_t{2} << 20;
    if (bytes > bytes_) {
      if (bytes > kHugePage / 4) bytes = (bytes + kHugePage - 1) / kHugePage * kHugePage;
      cpu_backend().deallocate(data_, bytes_);
      data_ = cpu_backend().allocate(bytes);
      if (data_ != nullptr) cpu_backend().block_taken(data_, bytes);  // as one block
      bytes_ = data_ ? bytes : 0;
      check(data_ != nullptr, "out of memory: {:.1f} MiB asked for as a work buffer",
            static_cast<double>(bytes) / (1 << 20));
    }
    return data_;
  }

 private:
  void* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace

template <class T>
void multiply(const Product<T>& product) {
  if (product.a_transposed)
    multiply_tiles<T, true>(product);
  else
    multiply_tiles<T, false>(product);
}
template void multiply(const Product<float>&);
template void multiply(const Product<double>&);

template <class T>
int64_t Panels<T>::size(int64_t depth, int64_t columns) {
  return (columns + kTileColumns<T> - 1) / kTileColumns<T> * kTileColumns<T> * depth;
}
template struct Panels<float>;
template struct Panels<double>;

namespace {

/// Where b's rows are contiguous. They may lie pages apart, so they are fetched ahead by hand.
template <class T>
void pack_rows(const T* b, int64_t row_stride, int64_t rows, const Panels<T>& panels, T* to) {
  constexpr int64_t kWidth = kTileColumns<T>;
  for (int64_t k = 0; k < rows; ++k, b += row_stride)
    for (int64_t column = 0; column < panels.columns; column += kWidth) {
      __builtin_prefetch(b + column + kRowsAhead * row_stride);
      __builtin_prefetch(b + column + kRowsAhead * row_stride + kLanes<T>);
      T* row = to + column * panels.depth + k * kWidth;
      const int64_t width = panels.columns - column;
      if (width >= kWidth) {
        for (int64_t j = 0; j < kWidth; j += kLanes<T>)
          store(load<Vector<T>>(b + column + j), row + j);
        continue;
      }
      std::copy_n(b + column, width, row);
      std::fill(row + width, row + kWidth, T{0});
    }
}

/// Where its columns are.
template <class T>
void pack_columns(const T* b, int64_t column_stride, int64_t rows, const Panels<T>& panels, T* to) {
  constexpr int64_t kWidth = kTileColumns<T>, kLine = 16;  // read by whole cache lines, along k
  for (int64_t column = 0; column < panels.columns; column += kWidth, b += kWidth * column_stride) {
    T* panel = to + column * panels.depth;
    const int64_t width = std::min(kWidth, panels.columns - column);
    for (int64_t line = 0; line < rows; line += kLine)
      for (int64_t j = 0; j < width; ++j)
        for (int64_t k = line; k < std::min(line + kLine, rows); ++k)
          panel[k * kWidth + j] = b[k + j * column_stride];
    for (int64_t k = 0; k < rows; ++k)
      std::fill(panel + k * kWidth + width, panel + (k + 1) * kWidth, T{0});
  }
}

}  // namespace

template <class T>
void pack(const T* b, int64_t row_stride, int64_t column_stride, int64_t rows,
          const Panels<T>& panels, int64_t first) {
  T* to = panels.data + first * kTileColumns<T>;
  if (column_stride == 1)
    pack_rows(b, row_stride, rows, panels, to);
  else
    pack_columns(b, column_stride, rows, panels, to);
}
template void pack(const float*, int64_t, int64_t, int64_t, const Panels<float>&, int64_t);
template void pack(const double*, int64_t, int64_t, int64_t, const Panels<double>&, int64_t);

Blocks::Blocks(int64_t all, int64_t limit, int64_t multiple) : total(all) {
  count = (total + limit - 1) / limit;
  if (2 * count > multiple) count = (count + multiple - 1) / multiple * multiple;
  size = count > 0 ? (total + count - 1) / count : 1;
  count = (total + size - 1) / size;
}

namespace {

/// Columns per task: 256, but fewer where the rows alone make less than kTasks tasks.
template <class T>
int64_t column_limit(int64_t row_blocks, int64_t columns) {
  const int64_t shares = row_blocks > 0 ? (kTasks + row_blocks - 1) / row_blocks : 1;
  const int64_t tiles = (columns + kTileColumns<T> - 1) / kTileColumns<T>;
  const int64_t share = (tiles + shares - 1) / shares * kTileColumns<T>;
  return std::clamp<int64_t>(share, kTileColumns<T>, 256);
}

/// Rows per task: as many whole tiles as keep the block of a in L2.
template <class T>
int64_t row_limit(int64_t depth) {
  constexpr int64_t kBlock = (int64_t{256} << 10) / static_cast<int64_t>(sizeof(T));
  return std::clamp<int64_t>(kBlock / depth / kTileRows, 1, kMaxBlockRows / kTileRows) * kTileRows;
}

}  // namespace

template <class T>
Tasks<T>::Tasks(int64_t all_rows, int64_t all_columns, int64_t all_depth)
    : depth(all_depth, 3072 / static_cast<int64_t>(sizeof(T))),
      rows(all_rows, row_limit<T>(depth.size), kTasks),
      columns(all_columns, column_limit<T>(rows.count, all_columns)) {
  if (depth.count == 0) depth.count = 1;  // a sum of nothing is still written
}
template struct Tasks<float>;
template struct Tasks<double>;

void* scratch_bytes(Slot slot, size_t bytes) {
  thread_local std::array<Buffer, 2> buffers;
  return buffers[static_cast<size_t>(slot)].reserve(bytes);
}

}  // namespace kintsugi::cpu

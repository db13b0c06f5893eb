#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "tensor/cpu/parallel.h"

namespace kintsugi::cpu {

/// Work on the columns of x [outer, rows, columns]: sums over the rows, and maps whose constants
/// differ from column to column. x is cut into pieces that stay in a core's cache; where columns
/// are few, `group` rows side by side are treated as one wide row, so that the inner loops are
/// long whatever the shape.
class ColumnPieces {
 public:
  static constexpr int64_t kMaxWidth = 1024;

  struct Piece {
    int64_t outer, block;           ///< which matrix, which block of its rows
    int64_t rows, column, columns;  ///< its size, and its first column
    int64_t begin;                  ///< index of its first element in x
    int64_t group;                  ///< rows in a wide row
    int64_t width() const { return group * columns; }
  };

  ColumnPieces(int64_t outer, int64_t rows, int64_t columns);

  int64_t outer() const { return outer_; }
  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  int64_t row_blocks() const { return row_blocks_; }
  /// Distance of two wide rows of a piece.
  int64_t pitch() const { return group_ * columns_; }

  /// Calls body(piece) for all pieces, on all threads.
  template <class Body>
  void for_each(Body body) const {
    const int64_t size = std::max<int64_t>(1, row_block_ * chunk_);
    parallel_for(outer_ * row_blocks_ * chunks_, std::max<int64_t>(1, kParallelGrain / size),
                 [&](int64_t begin, int64_t end) {
                   for (int64_t number = begin; number < end; ++number) body(piece(number));
                 });
  }

 private:
  Piece piece(int64_t number) const;

  int64_t outer_, rows_, columns_;
  int64_t chunk_, chunks_;          // columns of a piece; pieces side by side
  int64_t group_;                   // rows in a wide row
  int64_t row_block_, row_blocks_;  // rows of a piece; pieces below each other
};

/// Room for one number per element of a wide row.
template <class T>
using WideRow = std::array<T, ColumnPieces::kMaxWidth>;

/// wide[j] = values[column of j]: a number per column, repeated for every row of a wide row.
template <class T, class Value>
void spread(const ColumnPieces::Piece& piece, WideRow<T>& wide, Value value) {
  for (int64_t c = 0; c < piece.columns; ++c)
    wide[static_cast<size_t>(c)] = static_cast<T>(value(piece.column + c));
  for (int64_t j = piece.columns; j < piece.width(); ++j)
    wide[static_cast<size_t>(j)] = wide[static_cast<size_t>(j - piece.columns)];
}

/// y[i] = f(i, j) for every element i of a piece, j its place in the wide row.
template <class T, class F>
void map_columns(const ColumnPieces& pieces, const ColumnPieces::Piece& piece, T* __restrict y,
                 F f) {
  for (int64_t row = 0; row < piece.rows; row += piece.group) {
    const int64_t first = piece.begin + row * pieces.columns();
    const int64_t width = std::min(piece.group, piece.rows - row) * piece.columns;
    for (int64_t j = 0; j < width; ++j) y[first + j] = f(first + j, j);
  }
}

/// Combines f(i, j) over the rows of a piece, column by column, kCount results at once: results[k·
/// columns + c]. T sums up to 128 rows before the sums are combined in Result (double), so the
/// error does not grow with the number of rows.
template <class T, int kCount, class Result, class F, class Combine>
void combine_columns(const ColumnPieces& pieces, const ColumnPieces::Piece& piece, Result* results,
                     F f, Combine combine) {
  constexpr int64_t kRun = 128, kWorthwhile = 4;
  const int64_t columns = piece.columns, width = piece.width();
  const int64_t wide_rows = piece.rows / piece.group >= kWorthwhile ? piece.rows / piece.group : 0;
  std::fill_n(results, kCount * columns, Result(Combine::kIdentity));

  std::array<WideRow<T>, kCount> wide;
  for (int64_t run = 0; run < wide_rows; run += kRun) {
    for (auto& row : wide) std::fill_n(row.begin(), width, T(Combine::kIdentity));
    for (int64_t row = run; row < std::min(run + kRun, wide_rows); ++row) {
      const int64_t first = piece.begin + row * pieces.pitch();
      for (int64_t j = 0; j < width; ++j) {
        const std::array<T, kCount> values = f(first + j, j);
        for (size_t k = 0; k < kCount; ++k)
          wide[k][static_cast<size_t>(j)] = combine(wide[k][static_cast<size_t>(j)], values[k]);
      }
    }
    for (int k = 0; k < kCount; ++k)
      for (int64_t j = 0; j < width; j += columns)
        for (int64_t c = 0; c < columns; ++c) {
          Result& result = results[k * columns + c];
          result =
              combine(result, Result(wide[static_cast<size_t>(k)][static_cast<size_t>(j + c)]));
        }
  }
  for (int64_t row = wide_rows * piece.group; row < piece.rows; ++row)
    for (int64_t c = 0; c < columns; ++c) {
      const std::array<T, kCount> values = f(piece.begin + row * pieces.columns() + c, c);
      for (int k = 0; k < kCount; ++k) {
        Result& result = results[k * columns + c];
        result = combine(result, Result(values[static_cast<size_t>(k)]));
      }
    }
}

struct Sum {
  static constexpr double kIdentity = 0;
  template <class T>
  T operator()(T a, T b) const {
    return a + b;
  }
};

/// One number for every column of every block of rows, [outer, blocks, columns]: what the pieces
/// leave behind, to be combined in the order of the blocks.
template <class Result>
class BlockResults {
 public:
  explicit BlockResults(const ColumnPieces& pieces)
      : pieces_(pieces),
        numbers_(static_cast<size_t>(pieces.outer() * pieces.row_blocks() * pieces.columns())) {}

  Result* of(const ColumnPieces::Piece& piece) {
    return at(piece.outer, piece.block) + piece.column;
  }

  /// Calls body(outer, column, values) on all threads; values(block) is the block's number.
  template <class Body>
  void for_each_column(Body body) {
    parallel_for(pieces_.outer() * pieces_.columns(), 512, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t outer = i / pieces_.columns(), column = i % pieces_.columns();
        body(outer, column, [&](int64_t block) { return at(outer, block)[column]; });
      }
    });
  }

 private:
  Result* at(int64_t outer, int64_t block) {
    return numbers_.data() + (outer * pieces_.row_blocks() + block) * pieces_.columns();
  }

  const ColumnPieces& pieces_;
  std::vector<Result> numbers_;
};

}  // namespace kintsugi::cpu

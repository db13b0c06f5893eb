#include "tensor/cpu/columns.h"

namespace kintsugi::cpu {
namespace {

constexpr int64_t kMinWidth = 64;
constexpr int64_t kVector = 16;  // a wide row should be whole vectors of float32

/// How many rows make a wide row: at least kMinWidth elements, whole vectors.
int64_t rows_side_by_side(int64_t columns) {
  if (columns == 0 || columns >= kMinWidth) return 1;
  int64_t group = (kMinWidth + columns - 1) / columns;
  while (group * columns % kVector != 0) ++group;
  return group;
}

}  // namespace

ColumnPieces::ColumnPieces(int64_t outer, int64_t rows, int64_t columns)
    : outer_(outer), rows_(rows), columns_(columns) {
  chunk_ = std::clamp<int64_t>(columns, 1, kMaxWidth);
  chunks_ = (columns + chunk_ - 1) / chunk_;
  group_ = rows_side_by_side(columns);
  const int64_t wanted = std::max<int64_t>(1, kParallelGrain / chunk_);
  row_block_ = std::min((wanted + group_ - 1) / group_ * group_, std::max<int64_t>(1, rows));
  row_blocks_ = std::max<int64_t>(1, (rows + row_block_ - 1) / row_block_);
}

ColumnPieces::Piece ColumnPieces::piece(int64_t number) const {
  const int64_t column = number % chunks_ * chunk_;
  const int64_t block = number / chunks_ % row_blocks_;
  const int64_t outer = number / chunks_ / row_blocks_;
  const int64_t row = block * row_block_;
  return {.outer = outer,
          .block = block,
          .rows = std::min(row_block_, rows_ - row),
          .column = column,
          .columns = std::min(chunk_, columns_ - column),
          .begin = (outer * rows_ + row) * columns_ + column,
          .group = group_};
}

}  // namespace kintsugi::cpu

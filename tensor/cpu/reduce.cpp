#include <limits>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/columns.h"

namespace kintsugi {
namespace {

using namespace cpu;

struct Max {
  static constexpr double kIdentity = -std::numeric_limits<double>::infinity();
  template <class T>
  T operator()(T a, T b) const {
    return (a >= b) | (a != a) ? a : b;  // a NaN stays
  }
};

template <class T, class Combine>
void reduce_columns(const ColumnPieces& pieces, const T* x, T* y, Combine combine) {
  const auto value = [x](int64_t i, int64_t) { return std::array<T, 1>{x[i]}; };
  if (pieces.row_blocks() == 1) {
    pieces.for_each([&](const ColumnPieces::Piece& piece) {
      std::array<double, ColumnPieces::kMaxWidth> results;
      combine_columns<T, 1>(pieces, piece, results.data(), value, combine);
      std::copy_n(results.begin(), piece.columns,
                  y + piece.outer * pieces.columns() + piece.column);
    });
    return;
  }
  BlockResults<double> results(pieces);
  pieces.for_each([&](const ColumnPieces::Piece& piece) {
    combine_columns<T, 1>(pieces, piece, results.of(piece), value, combine);
  });
  results.for_each_column([&](int64_t outer, int64_t column, auto values) {
    double result = Combine::kIdentity;
    for (int64_t block = 0; block < pieces.row_blocks(); ++block)
      result = combine(result, values(block));
    y[outer * pieces.columns() + column] = static_cast<T>(result);
  });
}

/// For rows too short to be worth a piece each: y[r] combines x[r·length …].
template <class T, class Combine>
void reduce_short_rows(const T* x, int64_t rows, int64_t length, T* y, Combine combine) {
  constexpr int64_t kLanes = 16;
  parallel_for(rows, std::max<int64_t>(1, kParallelGrain / length),
               [&](int64_t begin, int64_t end) {
                 for (int64_t row = begin; row < end; ++row) {
                   const T* from = x + row * length;
                   T result = T(Combine::kIdentity);
                   int64_t i = 0;
                   if (length >= kLanes) {
                     std::array<T, kLanes> lanes;
                     std::copy_n(from, kLanes, lanes.begin());
                     for (i = kLanes; i + kLanes <= length; i += kLanes)
                       for (size_t lane = 0; lane < kLanes; ++lane)
                         lanes[lane] = combine(lanes[lane], from[i + static_cast<int64_t>(lane)]);
                     for (T lane : lanes) result = combine(result, lane);
                   }
                   for (; i < length; ++i) result = combine(result, from[i]);
                   y[row] = result;
                 }
               });
}

template <class T, class Combine>
void reduce(const T* x, int64_t outer, int64_t reduced, int64_t inner, T* y, Combine combine) {
  constexpr int64_t kShort = 512;
  if (inner == 1 && reduced > 0 && reduced <= kShort)
    reduce_short_rows(x, outer, reduced, y, combine);
  else
    reduce_columns(ColumnPieces(outer, reduced, inner), x, y, combine);
}

}  // namespace

void CpuBackend::reduce(Reduction op, const Tensor& x, int64_t outer, int64_t reduced,
                        int64_t inner, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) {
    if (op == Reduction::sum)
      kintsugi::reduce(x.data<T>(), outer, reduced, inner, y.data<T>(), Sum{});
    else
      kintsugi::reduce(x.data<T>(), outer, reduced, inner, y.data<T>(), Max{});
  });
}

}  // namespace kintsugi

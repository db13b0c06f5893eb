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

}  // namespace

void CpuBackend::reduce(Reduction op, const Tensor& x, int64_t outer, int64_t reduced,
                        int64_t inner, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) {
    const ColumnPieces pieces(outer, reduced, inner);
    if (op == Reduction::sum)
      reduce_columns(pieces, x.data<T>(), y.data<T>(), Sum{});
    else
      reduce_columns(pieces, x.data<T>(), y.data<T>(), Max{});
  });
}

}  // namespace kintsugi

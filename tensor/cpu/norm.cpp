#include <cmath>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/columns.h"

namespace kintsugi {
namespace {

using namespace cpu;
using Piece = ColumnPieces::Piece;

// lab 8: hide
/// Mean and M₂ = Σ (x − mean)² of `count` numbers.
struct Moments {
  double count = 0, mean = 0, m2 = 0;

  /// Both sets together (Chan, Golub & LeVeque 1979).
  Moments operator+(const Moments& other) const {
    const double total = count + other.count, distance = other.mean - mean;
    if (total == 0) return *this;
    const double shift = distance * other.count / total;
    return {total, mean + shift, m2 + other.m2 + distance * shift * count};
  }
};

/// The moments of each column of a piece: a first pass for the mean, a second for the sums of
/// d = x − mean and d², from which what rounding left in the mean is taken out again.
template <class T>
void column_moments(const ColumnPieces& pieces, const Piece& piece, const T* x, Moments* moments) {
  std::array<double, 2 * ColumnPieces::kMaxWidth> sums;
  WideRow<T> mean;
  const auto rows = static_cast<double>(piece.rows);
  combine_columns<T, 1>(
      pieces, piece, sums.data(), [x](int64_t i, int64_t) { return std::array<T, 1>{x[i]}; },
      Sum{});
  spread(piece, mean,
         [&](int64_t c) { return sums[static_cast<size_t>(c - piece.column)] / rows; });
  combine_columns<T, 2>(
      pieces, piece, sums.data(),
      [x, &mean](int64_t i, int64_t j) {
        const T d = x[i] - mean[static_cast<size_t>(j)];
        return std::array<T, 2>{d, d * d};
      },
      Sum{});
  for (int64_t c = 0; c < piece.columns; ++c) {
    const double d = sums[static_cast<size_t>(c)];
    const double d2 = sums[static_cast<size_t>(c + piece.columns)];
    moments[c] = {rows, static_cast<double>(mean[static_cast<size_t>(c)]) + d / rows,
                  std::max(0.0, d2 - d * d / rows)};
  }
}
// lab 8: end

template <class T>
void statistics(const Tensor& x_tensor, double eps, Tensor& mean, Tensor& variance, Tensor& rstd) {
  const ColumnPieces pieces(x_tensor.size(0), x_tensor.size(1), x_tensor.size(2));
  const T* x = x_tensor.data<T>();
  // lab 8: begin mean, variance and rstd [G, C] of x [G, M, C]
  BlockResults<Moments> blocks(pieces);
  pieces.for_each([&](const Piece& piece) { column_moments(pieces, piece, x, blocks.of(piece)); });
  T* means = mean.data<T>();
  T* variances = variance.data<T>();
  T* rstds = rstd.data<T>();
  blocks.for_each_column([&](int64_t outer, int64_t column, auto values) {
    Moments all;
    for (int64_t block = 0; block < pieces.row_blocks(); ++block) all = all + values(block);
    const int64_t at = outer * pieces.columns() + column;
    means[at] = static_cast<T>(all.mean);
    variances[at] = static_cast<T>(all.m2 / all.count);
    rstds[at] = static_cast<T>(1 / std::sqrt(all.m2 / all.count + eps));
  });
  // lab 8: end
}

template <class T, bool kRelu>
void apply(const Tensor& x_tensor, const Tensor& mean_tensor, const Tensor& rstd_tensor,
           const Tensor& gamma_tensor, const Tensor& beta_tensor, Tensor& y_tensor) {
  const ColumnPieces pieces(x_tensor.size(0), x_tensor.size(1), x_tensor.size(2));
  const T* x = x_tensor.data<T>();
  pieces.for_each([&](const Piece& piece) {
    const int64_t offset = piece.outer * pieces.columns();
    const T* rstds = rstd_tensor.data<T>() + offset;
    const T* means = mean_tensor.data<T>() + offset;
    const T* gammas = gamma_tensor.data<T>();
    const T* betas = beta_tensor.data<T>();
    WideRow<T> mean, scale, shift;
    spread(piece, mean, [&](int64_t c) { return means[c]; });
    spread(piece, scale, [&](int64_t c) { return rstds[c] * gammas[c]; });
    spread(piece, shift, [&](int64_t c) { return betas[c]; });
    const T *m = mean.data(), *s = scale.data(), *b = shift.data();
    map_columns(pieces, piece, y_tensor.data<T>(), [x, m, s, b](int64_t i, int64_t j) {
      const T value = (x[i] - m[j]) * s[j] + b[j];
      return kRelu && value < 0 ? T{0} : value;
    });
  });
}

/// dy where the fused ReLU let x through; y is not read where there is none.
template <bool kMasked, class T>
T masked(const T* dy, const T* y, int64_t i) {
  return !kMasked || y[i] > 0 ? dy[i] : T{0};
}

template <class T, bool kMasked>
void grad_sums(const Tensor& dy_tensor, const Tensor& x_tensor, const Tensor& mean_tensor,
               const Tensor& rstd_tensor, const Tensor& y_tensor, Tensor& sums_tensor) {
  const ColumnPieces pieces(x_tensor.size(0), x_tensor.size(1), x_tensor.size(2));
  const T* x = x_tensor.data<T>();
  const T* dy = dy_tensor.data<T>();
  const T* y = kMasked ? y_tensor.data<T>() : nullptr;
  // lab 8: begin sums [2, G, C] over the rows: of dy, and of dy times the normalised x
  BlockResults<std::array<double, 2>> blocks(pieces);
  pieces.for_each([&](const Piece& piece) {
    const T* means = mean_tensor.data<T>() + piece.outer * pieces.columns();
    const T* rstds = rstd_tensor.data<T>() + piece.outer * pieces.columns();
    WideRow<T> mean, rstd;
    spread(piece, mean, [&](int64_t c) { return means[c]; });
    spread(piece, rstd, [&](int64_t c) { return rstds[c]; });
    const T *m = mean.data(), *r = rstd.data();
    std::array<double, 2 * ColumnPieces::kMaxWidth> sums;
    combine_columns<T, 2>(
        pieces, piece, sums.data(),
        [x, dy, y, m, r](int64_t i, int64_t j) {
          const T g = masked<kMasked>(dy, y, i);
          return std::array<T, 2>{g, g * ((x[i] - m[j]) * r[j])};
        },
        Sum{});
    for (int64_t c = 0; c < piece.columns; ++c)
      blocks.of(piece)[c] = {sums[static_cast<size_t>(c)],
                             sums[static_cast<size_t>(c + piece.columns)]};
  });
  T* sums = sums_tensor.data<T>();
  const int64_t half = pieces.outer() * pieces.columns();
  blocks.for_each_column([&](int64_t outer, int64_t column, auto values) {
    double plain = 0, weighted = 0;
    for (int64_t block = 0; block < pieces.row_blocks(); ++block) {
      plain += values(block)[0];
      weighted += values(block)[1];
    }
    sums[outer * pieces.columns() + column] = static_cast<T>(plain);
    sums[half + outer * pieces.columns() + column] = static_cast<T>(weighted);
  });
  // lab 8: end
}

template <class T, bool kMasked>
void grad_input(const Tensor& dy_tensor, const Tensor& x_tensor, const Tensor& mean_tensor,
                const Tensor& rstd_tensor, const Tensor& gamma_tensor, const Tensor& sums_tensor,
                const Tensor& y_tensor, Tensor& dx_tensor) {
  const ColumnPieces pieces(x_tensor.size(0), x_tensor.size(1), x_tensor.size(2));
  const T* x = x_tensor.data<T>();
  const T* dy = dy_tensor.data<T>();
  const T* y = kMasked ? y_tensor.data<T>() : nullptr;
  // lab 8: begin dx [G, M, C], made of dy, x, mean, rstd, gamma and the two sums
  const auto rows = static_cast<T>(pieces.rows());
  pieces.for_each([&](const Piece& piece) {
    const int64_t offset = piece.outer * pieces.columns();
    const T* means = mean_tensor.data<T>() + offset;
    const T* rstds = rstd_tensor.data<T>() + offset;
    const T* gammas = gamma_tensor.data<T>();
    const T* plain = sums_tensor.data<T>() + offset;
    const T* weighted = plain + pieces.outer() * pieces.columns();
    WideRow<T> mean, scale, shift, slope;
    spread(piece, mean, [&](int64_t c) { return means[c]; });
    spread(piece, scale, [&](int64_t c) { return gammas[c] * rstds[c]; });
    spread(piece, shift, [&](int64_t c) { return plain[c] / rows; });
    spread(piece, slope, [&](int64_t c) { return rstds[c] * weighted[c] / rows; });
    const T *m = mean.data(), *s = scale.data(), *p = shift.data(), *q = slope.data();
    map_columns(pieces, piece, dx_tensor.data<T>(), [x, dy, y, m, s, p, q](int64_t i, int64_t j) {
      return s[j] * (masked<kMasked>(dy, y, i) - p[j] - (x[i] - m[j]) * q[j]);
    });
  });
  // lab 8: end
}

}  // namespace

void CpuBackend::norm_statistics(const Tensor& x, double eps, Tensor& mean, Tensor& variance,
                                 Tensor& rstd) {
  dispatch(x.dtype(), [&]<class T>(T) { statistics<T>(x, eps, mean, variance, rstd); });
}

void CpuBackend::norm_apply(const Tensor& x, const Tensor& mean, const Tensor& rstd,
                            const Tensor& gamma, const Tensor& beta, bool relu, Tensor& y) {
  dispatch(x.dtype(), [&]<class T>(T) {
    if (relu)
      apply<T, true>(x, mean, rstd, gamma, beta, y);
    else
      apply<T, false>(x, mean, rstd, gamma, beta, y);
  });
}

void CpuBackend::norm_grad_sums(const Tensor& dy, const Tensor& x, const Tensor& mean,
                                const Tensor& rstd, const Tensor& y, Tensor& sums) {
  dispatch(x.dtype(), [&]<class T>(T) {
    if (y.defined())
      grad_sums<T, true>(dy, x, mean, rstd, y, sums);
    else
      grad_sums<T, false>(dy, x, mean, rstd, y, sums);
  });
}

void CpuBackend::norm_grad_input(const Tensor& dy, const Tensor& x, const Tensor& mean,
                                 const Tensor& rstd, const Tensor& gamma, const Tensor& sums,
                                 const Tensor& y, Tensor& dx) {
  dispatch(x.dtype(), [&]<class T>(T) {
    if (y.defined())
      grad_input<T, true>(dy, x, mean, rstd, gamma, sums, y, dx);
    else
      grad_input<T, false>(dy, x, mean, rstd, gamma, sums, y, dx);
  });
}

}  // namespace kintsugi

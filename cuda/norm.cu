#include <cmath>
#include <type_traits>

#include "cuda/backend.h"
#include "cuda/columns.h"
#include "cuda/pack.h"
#include "cuda/types.h"

namespace kintsugi {
namespace {

using namespace cuda;

// Over the middle axis of x [G, M, C]. mean, rstd: [G, C]; gamma, beta: [C].

// ---- reductions over M --------------------------------------------------------------------------

/// Mean and M₂ = Σ (x − mean)² of `count` numbers.
struct Moments {
  double count = 0, mean = 0, m2 = 0;
};

/// Each run is summed up less its first number, so that a mean far from 0 costs no digits.
template <class T>
struct Statistics {
  using Partial = Moments;
  const T* x;
  double eps;
  T *mean, *variance, *rstd;

  __device__ Moments operator()(const Run& run) const {
    using A = Accumulate<T>;
    const A pivot = static_cast<A>(x[run.first]);
    A sum = 0, squares = 0;
#pragma unroll 8
    for (int k = 0; k < run.count; ++k) {
      const A d = static_cast<A>(x[run.first + k * run.step]) - pivot;
      sum += d;
      squares += d * d;
    }
    const double shift = static_cast<double>(sum) / run.count;
    const double m2 = static_cast<double>(squares) - static_cast<double>(sum) * shift;
    return {static_cast<double>(run.count), static_cast<double>(pivot) + shift, m2 < 0 ? 0 : m2};
  }
  /// Both sets together (Chan, Golub & LeVeque 1979).
  __device__ static Moments combine(Moments a, Moments b) {
    if (a.count == 0) return b;
    if (b.count == 0) return a;
    const double total = a.count + b.count, distance = b.mean - a.mean;
    const double shift = distance * (b.count / total);
    return {total, a.mean + shift, a.m2 + b.m2 + distance * shift * a.count};
  }
  __device__ void store(int64_t column, Moments all) const {
    const double var = all.m2 / all.count;
    mean[column] = static_cast<T>(all.mean);
    variance[column] = static_cast<T>(var);
    rstd[column] = static_cast<T>(1 / ::sqrt(var + eps));
  }
};

struct TwoSums {
  double plain = 0, weighted = 0;
};

/// Σ dy and Σ dy·x̂, x̂ = (x − mean)·rstd. Where there is a y, dy counts only where y > 0.
template <class T, bool kMasked>
struct GradSums {
  using Partial = TwoSums;
  const T *dy, *x, *mean, *rstd, *y;
  T* sums;  // [2, G, C]
  int64_t columns;

  __device__ TwoSums operator()(const Run& run) const {
    using A = Accumulate<T>;
    const A m = static_cast<A>(mean[run.column]), r = static_cast<A>(rstd[run.column]);
    A plain = 0, weighted = 0;
#pragma unroll 4
    for (int k = 0; k < run.count; ++k) {
      const int64_t i = run.first + k * run.step;
      const A g = !kMasked || y[i] > T{0} ? static_cast<A>(dy[i]) : A{0};
      plain += g;
      weighted += g * ((static_cast<A>(x[i]) - m) * r);
    }
    return {plain, weighted};
  }
  __device__ static TwoSums combine(TwoSums a, TwoSums b) {
    return {a.plain + b.plain, a.weighted + b.weighted};
  }
  __device__ void store(int64_t column, TwoSums all) const {
    sums[column] = static_cast<T>(all.plain);
    sums[columns + column] = static_cast<T>(all.weighted);
  }
};

// ---- maps ---------------------------------------------------------------------------------------

// A thread stays in its columns, kPack of them, and keeps their constants in registers.

/// y = (x − mean)·rstd·gamma + beta, then max(y, 0) where `relu`; a NaN comes through. The grid's
/// columns are Packs.
template <class T, int kPack>
__global__ void apply_kernel(const Pack<T, kPack>* __restrict__ x, const T* __restrict__ mean,
                             const T* __restrict__ rstd, const T* __restrict__ gamma,
                             const T* __restrict__ beta, bool relu, ColumnGrid grid,
                             Pack<T, kPack>* __restrict__ y) {
  using A = Accumulate<T>;
  const ColumnThread at(grid);
  if (at.row >= at.end) return;
  A centre[kPack], scale[kPack], shift[kPack];
  for (int k = 0; k < kPack; ++k) {
    const int64_t channel = at.column * kPack + k;
    const int64_t column = at.outer * grid.columns * kPack + channel;
    centre[k] = static_cast<A>(mean[column]);
    scale[k] = static_cast<A>(rstd[column]) * static_cast<A>(gamma[channel]);
    shift[k] = static_cast<A>(beta[channel]);
  }
#pragma unroll 4
  for (int64_t row = at.row; row < at.end; row += grid.down) {
    const int64_t i = (at.outer * grid.rows + row) * grid.columns + at.column;
    Pack<T, kPack> pack = x[i];
    for (int k = 0; k < kPack; ++k) {
      const A value = (static_cast<A>(pack[k]) - centre[k]) * scale[k] + shift[k];
      pack[k] = static_cast<T>(relu && value < 0 ? A{0} : value);
    }
    y[i] = pack;
  }
}

/// dx = gamma·rstd·(dy − (sums[0] + x̂·sums[1]) / M), dy masked by y as above.
template <class T, int kPack, bool kMasked>
__global__ void grad_input_kernel(const Pack<T, kPack>* __restrict__ dy,
                                  const Pack<T, kPack>* __restrict__ x, const T* __restrict__ mean,
                                  const T* __restrict__ rstd, const T* __restrict__ gamma,
                                  const T* __restrict__ sums, const Pack<T, kPack>* __restrict__ y,
                                  ColumnGrid grid, Pack<T, kPack>* __restrict__ dx) {
  using A = Accumulate<T>;
  const ColumnThread at(grid);
  if (at.row >= at.end) return;
  const A rows = static_cast<A>(grid.rows);
  A centre[kPack], scale[kPack], shift[kPack], slope[kPack];
  for (int k = 0; k < kPack; ++k) {
    const int64_t channel = at.column * kPack + k;
    const int64_t column = at.outer * grid.columns * kPack + channel;
    const A deviation = static_cast<A>(rstd[column]);
    centre[k] = static_cast<A>(mean[column]);
    scale[k] = static_cast<A>(gamma[channel]) * deviation;
    shift[k] = static_cast<A>(sums[column]) / rows;
    slope[k] = static_cast<A>(sums[grid.outer * grid.columns * kPack + column]) * deviation / rows;
  }
#pragma unroll 4
  for (int64_t row = at.row; row < at.end; row += grid.down) {
    const int64_t i = (at.outer * grid.rows + row) * grid.columns + at.column;
    Pack<T, kPack> pack = dy[i];
    const Pack<T, kPack> from = x[i];
    if constexpr (kMasked) {
      const Pack<T, kPack> mask = y[i];
      for (int k = 0; k < kPack; ++k)
        if (!(mask[k] > T{0})) pack[k] = T{0};
    }
    for (int k = 0; k < kPack; ++k)
      pack[k] = static_cast<T>(scale[k] * (static_cast<A>(pack[k]) - shift[k] -
                                           (static_cast<A>(from[k]) - centre[k]) * slope[k]));
    dx[i] = pack;
  }
}

/// Calls body(integral constant) with how many channels make an access: 16 bytes of them where
/// whole ones make up a row, else 1.
template <class T, class Body>
void with_pack(int64_t channels, Body body) {
  if (channels % kPackSize<T> == 0)
    body(std::integral_constant<int, kPackSize<T>>{});
  else
    body(std::integral_constant<int, 1>{});
}

ColumnGrid map_grid(const Tensor& x, int pack) {
  return {
      x.size(0), x.size(1), x.size(2) / pack, {.rows_per_thread = 4, .blocks = blocks_at_once()}};
}

template <class T, int kPack>
Pack<T, kPack>* packs(const Tensor& x) {
  return reinterpret_cast<Pack<T, kPack>*>(x.data<T>());
}

template <class T, bool kMasked>
void grad_input(const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& rstd,
                const Tensor& gamma, const Tensor& sums, const Tensor& y, Tensor& dx) {
  with_pack<T>(x.size(2), [&](auto pack) {
    constexpr int kPack = decltype(pack)::value;
    const ColumnGrid grid = map_grid(x, kPack);
    launch(grad_input_kernel<T, kPack, kMasked>, grid.grid(), packs<T, kPack>(dy),
           packs<T, kPack>(x), mean.data<T>(), rstd.data<T>(), gamma.data<T>(), sums.data<T>(),
           kMasked ? packs<T, kPack>(y) : nullptr, grid, packs<T, kPack>(dx));
  });
}

template <class T, bool kMasked>
void grad_sums(const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& rstd,
               const Tensor& y, Tensor& sums) {
  const GradSums<T, kMasked> reduction{
      dy.data<T>(),   x.data<T>(), mean.data<T>(), rstd.data<T>(), kMasked ? y.data<T>() : nullptr,
      sums.data<T>(), mean.numel()};
  reduce_columns(reduction, x.size(0), x.size(1), x.size(2));
}

}  // namespace

void CudaBackend::norm_statistics(const Tensor& x, double eps, Tensor& mean, Tensor& variance,
                                  Tensor& rstd) {
  dispatch(x.dtype(), [&]<class T>(T) {
    reduce_columns(
        Statistics<T>{x.data<T>(), eps, mean.data<T>(), variance.data<T>(), rstd.data<T>()},
        x.size(0), x.size(1), x.size(2));
  });
}

void CudaBackend::norm_apply(const Tensor& x, const Tensor& mean, const Tensor& rstd,
                             const Tensor& gamma, const Tensor& beta, bool relu, Tensor& y) {
  dispatch(x.dtype(), [&]<class T>(T) {
    with_pack<T>(x.size(2), [&](auto pack) {
      constexpr int kPack = decltype(pack)::value;
      const ColumnGrid grid = map_grid(x, kPack);
      launch(apply_kernel<T, kPack>, grid.grid(), packs<T, kPack>(x), mean.data<T>(),
             rstd.data<T>(), gamma.data<T>(), beta.data<T>(), relu, grid, packs<T, kPack>(y));
    });
  });
}

void CudaBackend::norm_grad_sums(const Tensor& dy, const Tensor& x, const Tensor& mean,
                                 const Tensor& rstd, const Tensor& y, Tensor& sums) {
  dispatch(x.dtype(), [&]<class T>(T) {
    if (y.defined())
      grad_sums<T, true>(dy, x, mean, rstd, y, sums);
    else
      grad_sums<T, false>(dy, x, mean, rstd, y, sums);
  });
}

void CudaBackend::norm_grad_input(const Tensor& dy, const Tensor& x, const Tensor& mean,
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

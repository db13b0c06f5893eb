#include <cmath>
#include <type_traits>

#include "cuda/backend.h"
#include "cuda/columns.h"
#include "cuda/pack.h"
#include "cuda/types.h"

namespace kintsugi {
namespace {

using namespace cuda;

// Over the middle axis of x [G, M, C]. mean, rstd: [G, C]; gamma, beta: [C]. x, y and their
// gradients are of T, the others of Accumulate<T>: float32 beside a bfloat16 map.

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
  Accumulate<T>*mean, *variance, *rstd;

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
    using A = Accumulate<T>;
    mean[column] = static_cast<A>(all.mean);
    variance[column] = static_cast<A>(var);
    rstd[column] = static_cast<A>(1 / ::sqrt(var + eps));
  }
};

struct TwoSums {
  double plain = 0, weighted = 0;
};

/// Σ dy and Σ dy·x̂, x̂ = (x − mean)·rstd. Where there is a y, dy counts only where y > 0.
template <class T, bool kMasked>
struct GradSums {
  using Partial = TwoSums;
  const T *dy, *x;
  const Accumulate<T>*mean, *rstd;
  const T* y;
  Accumulate<T>* sums;  // [2, G, C]
  int64_t columns;

  __device__ TwoSums operator()(const Run& run) const {
    using A = Accumulate<T>;
    const A m = mean[run.column], r = rstd[run.column];
    A plain = 0, weighted = 0;
#pragma unroll 4
    for (int k = 0; k < run.count; ++k) {
      const int64_t i = run.first + k * run.step;
      const A g = !kMasked || static_cast<A>(y[i]) > 0 ? static_cast<A>(dy[i]) : A{0};
      plain += g;
      weighted += g * ((static_cast<A>(x[i]) - m) * r);
    }
    return {plain, weighted};
  }
  __device__ static TwoSums combine(TwoSums a, TwoSums b) {
    return {a.plain + b.plain, a.weighted + b.weighted};
  }
  __device__ void store(int64_t column, TwoSums all) const {
    sums[column] = static_cast<Accumulate<T>>(all.plain);
    sums[columns + column] = static_cast<Accumulate<T>>(all.weighted);
  }
};

// ---- maps ---------------------------------------------------------------------------------------

// A thread stays in its columns, kPack of them, and keeps their constants in registers.

/// y = (x − mean)·rstd·gamma + beta, then max(y, 0) where `relu`; a NaN comes through. The grid's
/// columns are Packs.
template <class T, int kPack, class A = Accumulate<T>>
__global__ void apply_kernel(const Pack<T, kPack>* __restrict__ x, const A* __restrict__ mean,
                             const A* __restrict__ rstd, const A* __restrict__ gamma,
                             const A* __restrict__ beta, bool relu, ColumnGrid grid,
                             Pack<T, kPack>* __restrict__ y) {
  const ColumnThread at(grid);
  if (at.row >= at.end) return;
  A centre[kPack], scale[kPack], shift[kPack];
  for (int k = 0; k < kPack; ++k) {
    const int64_t channel = at.column * kPack + k;
    const int64_t column = at.outer * grid.columns * kPack + channel;
    centre[k] = mean[column];
    scale[k] = rstd[column] * gamma[channel];
    shift[k] = beta[channel];
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
template <class T, int kPack, bool kMasked, class A = Accumulate<T>>
__global__ void grad_input_kernel(const Pack<T, kPack>* __restrict__ dy,
                                  const Pack<T, kPack>* __restrict__ x, const A* __restrict__ mean,
                                  const A* __restrict__ rstd, const A* __restrict__ gamma,
                                  const A* __restrict__ sums, const Pack<T, kPack>* __restrict__ y,
                                  ColumnGrid grid, Pack<T, kPack>* __restrict__ dx) {
  const ColumnThread at(grid);
  if (at.row >= at.end) return;
  const A rows = static_cast<A>(grid.rows);
  A centre[kPack], scale[kPack], shift[kPack], slope[kPack];
  for (int k = 0; k < kPack; ++k) {
    const int64_t channel = at.column * kPack + k;
    const int64_t column = at.outer * grid.columns * kPack + channel;
    centre[k] = mean[column];
    scale[k] = gamma[channel] * rstd[column];
    shift[k] = sums[column] / rows;
    slope[k] = sums[grid.outer * grid.columns * kPack + column] * rstd[column] / rows;
  }
#pragma unroll 4
  for (int64_t row = at.row; row < at.end; row += grid.down) {
    const int64_t i = (at.outer * grid.rows + row) * grid.columns + at.column;
    Pack<T, kPack> pack = dy[i];
    const Pack<T, kPack> from = x[i];
    if constexpr (kMasked) {
      const Pack<T, kPack> mask = y[i];
      for (int k = 0; k < kPack; ++k)
        if (!(static_cast<A>(mask[k]) > 0)) pack[k] = static_cast<T>(A{0});
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
    using A = Accumulate<T>;
    launch(grad_input_kernel<T, kPack, kMasked>, grid.grid(), packs<T, kPack>(dy),
           packs<T, kPack>(x), mean.data<A>(), rstd.data<A>(), gamma.data<A>(), sums.data<A>(),
           kMasked ? packs<T, kPack>(y) : nullptr, grid, packs<T, kPack>(dx));
  });
}

template <class T, bool kMasked>
void grad_sums(const Tensor& dy, const Tensor& x, const Tensor& mean, const Tensor& rstd,
               const Tensor& y, Tensor& sums) {
  using A = Accumulate<T>;
  const GradSums<T, kMasked> reduction{
      dy.data<T>(),   x.data<T>(), mean.data<A>(), rstd.data<A>(), kMasked ? y.data<T>() : nullptr,
      sums.data<A>(), mean.numel()};
  reduce_columns(reduction, x.size(0), x.size(1), x.size(2));
}

}  // namespace

void CudaBackend::norm_statistics(const Tensor& x, double eps, Tensor& mean, Tensor& variance,
                                  Tensor& rstd) {
  dispatch_cuda(x.dtype(), [&]<class T>(T) {
    using A = Accumulate<T>;
    reduce_columns(
        Statistics<T>{x.data<T>(), eps, mean.data<A>(), variance.data<A>(), rstd.data<A>()},
        x.size(0), x.size(1), x.size(2));
  });
}

void CudaBackend::norm_apply(const Tensor& x, const Tensor& mean, const Tensor& rstd,
                             const Tensor& gamma, const Tensor& beta, bool relu, Tensor& y) {
  dispatch_cuda(x.dtype(), [&]<class T>(T) {
    with_pack<T>(x.size(2), [&](auto pack) {
      constexpr int kPack = decltype(pack)::value;
      const ColumnGrid grid = map_grid(x, kPack);
      using A = Accumulate<T>;
      launch(apply_kernel<T, kPack>, grid.grid(), packs<T, kPack>(x), mean.data<A>(),
             rstd.data<A>(), gamma.data<A>(), beta.data<A>(), relu, grid, packs<T, kPack>(y));
    });
  });
}

void CudaBackend::norm_grad_sums(const Tensor& dy, const Tensor& x, const Tensor& mean,
                                 const Tensor& rstd, const Tensor& y, Tensor& sums) {
  dispatch_cuda(x.dtype(), [&]<class T>(T) {
    if (y.defined())
      grad_sums<T, true>(dy, x, mean, rstd, y, sums);
    else
      grad_sums<T, false>(dy, x, mean, rstd, y, sums);
  });
}

void CudaBackend::norm_grad_input(const Tensor& dy, const Tensor& x, const Tensor& mean,
                                  const Tensor& rstd, const Tensor& gamma, const Tensor& sums,
                                  const Tensor& y, Tensor& dx) {
  dispatch_cuda(x.dtype(), [&]<class T>(T) {
    if (y.defined())
      grad_input<T, true>(dy, x, mean, rstd, gamma, sums, y, dx);
    else
      grad_input<T, false>(dy, x, mean, rstd, gamma, sums, y, dx);
  });
}

}  // namespace kintsugi

#include <cmath>

#include "cuda/backend.h"
#include "cuda/columns.h"
#include "cuda/division.h"
#include "cuda/types.h"

namespace kintsugi {
namespace {

using namespace cuda;

/// ℓ(x, t) and ∂ℓ/∂x.
template <LossTerm term, class T>
__device__ T error(T x, T t) {
  if constexpr (term == LossTerm::squared_error) return (x - t) * (x - t);
  if constexpr (term == LossTerm::absolute_error) return std::fabs(x - t);
  if constexpr (term == LossTerm::bce_with_logits)  // max(x, 0) − t·x + log(1 + e^−|x|)
    return (x > 0 ? (1 - t) * x : -t * x) + std::log1p(std::exp(-std::fabs(x)));
}
template <LossTerm term, class T>
__device__ T slope(T x, T t) {
  if constexpr (term == LossTerm::squared_error) return 2 * (x - t);
  if constexpr (term == LossTerm::absolute_error) return T(x > t) - T(x < t) + 0 * (x - t);
  if constexpr (term == LossTerm::bce_with_logits) {  // σ(x) − t, without overflow
    const T e = std::exp(-std::fabs(x));
    return (x > 0 ? 1 : e) / (1 + e) - t;
  }
}

/// Element i of a LossInput: x, its target and its weight.
template <class T>
struct Elements {
  using A = Accumulate<T>;
  const T* x;
  const T* targets;
  const T* weights;
  A target;
  Divisor<int64_t> run;  ///< so many elements share a weight

  explicit Elements(const LossInput& in)
      : x(in.x.data<T>()),
        targets(in.targets.defined() ? in.targets.data<T>() : nullptr),
        weights(in.weights.defined() ? in.weights.data<T>() : nullptr),
        target(static_cast<A>(in.target)),
        run(in.weights.defined() ? in.x.numel() / in.weights.numel() : 1) {}

  __device__ A x_at(int64_t i) const { return static_cast<A>(x[i]); }
  __device__ A target_at(int64_t i) const {
    return targets == nullptr ? target : static_cast<A>(targets[i]);
  }
  __device__ A weight_at(int64_t i) const {
    return weights == nullptr ? A{1} : static_cast<A>(weights[run.quotient(i)]);
  }
};

template <LossTerm term, class T>
struct Mean {
  using Partial = double;
  using A = Accumulate<T>;
  Elements<T> in;
  double count;
  T* y;

  __device__ Partial operator()(const Run& run) const {
    A sum = 0;
#pragma unroll 4
    for (int k = 0; k < run.count; ++k) {
      const int64_t i = run.first + k * run.step;
      sum += in.weight_at(i) * error<term>(in.x_at(i), in.target_at(i));
    }
    return sum;
  }
  __device__ static Partial combine(Partial a, Partial b) { return a + b; }
  __device__ void store(int64_t, Partial sum) const { *y = static_cast<T>(sum / count); }
};

template <LossTerm term, class T>
__global__ void loss_grad_kernel(Elements<T> in, int64_t count, const T* __restrict__ dy,
                                 T* __restrict__ dx) {
  using A = Accumulate<T>;
  const A scale = static_cast<A>(*dy) / static_cast<A>(count);
  for (int64_t i = first_index(); i < count; i += index_stride())
    dx[i] = static_cast<T>(scale * in.weight_at(i) * slope<term>(in.x_at(i), in.target_at(i)));
}

/// work(term) with the term as a constant.
template <class Work>
void with_term(LossTerm term, Work&& work) {
  switch (term) {
    case LossTerm::squared_error:
      return work.template operator()<LossTerm::squared_error>();
    case LossTerm::absolute_error:
      return work.template operator()<LossTerm::absolute_error>();
    case LossTerm::bce_with_logits:
      return work.template operator()<LossTerm::bce_with_logits>();
  }
}

}  // namespace

void CudaBackend::loss(LossTerm term, const LossInput& in, Tensor& y) {
  dispatch_cuda(y.dtype(), [&]<class T>(T) {
    with_term(term, [&]<LossTerm kTerm>() {
      const int64_t count = in.x.numel();
      reduce_columns(Mean<kTerm, T>{Elements<T>(in), static_cast<double>(count), y.data<T>()}, 1,
                     count, 1);
    });
  });
}

void CudaBackend::loss_grad(LossTerm term, const LossInput& in, const Tensor& dy, Tensor& dx) {
  dispatch_cuda(dx.dtype(), [&]<class T>(T) {
    with_term(term, [&]<LossTerm kTerm>() {
      launch(loss_grad_kernel<kTerm, T>, grid_for(in.x.numel()), Elements<T>(in), in.x.numel(),
             dy.data<T>(), dx.data<T>());
    });
  });
}

}  // namespace kintsugi

#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

using namespace cpu;

/// ℓ(x, t) and ∂ℓ/∂x.
template <LossTerm term, class T>
T error(T x, T t) {
  if constexpr (term == LossTerm::squared_error) return (x - t) * (x - t);
  if constexpr (term == LossTerm::absolute_error) return std::abs(x - t);
  if constexpr (term == LossTerm::bce_with_logits)  // max(x, 0) − t·x + log(1 + e^−|x|)
    return (x > 0 ? (1 - t) * x : -t * x) + std::log1p(std::exp(-std::abs(x)));
}
template <LossTerm term, class T>
T slope(T x, T t) {
  if constexpr (term == LossTerm::squared_error) return 2 * (x - t);
  if constexpr (term == LossTerm::absolute_error) return T(x > t) - T(x < t) + 0 * (x - t);
  if constexpr (term == LossTerm::bce_with_logits) {  // σ(x) − t, without overflow
    const T e = std::exp(-std::abs(x));
    return (x > 0 ? 1 : e) / (1 + e) - t;
  }
}

/// Calls f(i, x, t, w) for elements begin … end − 1.
template <class T, class F>
void for_each_element(const LossInput& in, int64_t begin, int64_t end, F&& f) {
  const T* x = in.x.data<T>();
  const T* targets = in.targets.defined() ? in.targets.data<T>() : nullptr;
  const T* weights = in.weights.defined() ? in.weights.data<T>() : nullptr;
  const int64_t run = weights == nullptr ? end : in.x.numel() / in.weights.numel();
  const T target = static_cast<T>(in.target);
  for (int64_t i = begin; i < end;) {  // runs of elements that share a weight
    const T weight = weights == nullptr ? T{1} : weights[i / run];
    const int64_t run_end = std::min(end, (i / run + 1) * run);
    for (; i < run_end; ++i) f(i, x[i], targets == nullptr ? target : targets[i], weight);
  }
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

void CpuBackend::loss(LossTerm term, const LossInput& in, Tensor& y) {
  constexpr int64_t kBlock = 4096;  // summed by one thread, so that the bits are any number's
  const int64_t count = in.x.numel(), blocks = (count + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<size_t>(blocks));
  dispatch(y.dtype(), [&]<class T>(T) {
    with_term(term, [&]<LossTerm kTerm>() {
      parallel_for(blocks, kParallelGrain / kBlock + 1, [&](int64_t first, int64_t last) {
        for (int64_t block = first; block < last; ++block) {
          double sum = 0;
          for_each_element<T>(in, block * kBlock, std::min(count, (block + 1) * kBlock),
                              [&](int64_t, T x, T t, T w) { sum += w * error<kTerm>(x, t); });
          sums[static_cast<size_t>(block)] = sum;
        }
      });
    });
    double total = 0;
    for (const double sum : sums) total += sum;
    *y.data<T>() = static_cast<T>(total / static_cast<double>(count));
  });
}

void CpuBackend::loss_grad(LossTerm term, const LossInput& in, const Tensor& dy, Tensor& dx) {
  dispatch(dx.dtype(), [&]<class T>(T) {
    T* out = dx.data<T>();
    const T scale = *dy.data<T>() / static_cast<T>(in.x.numel());
    with_term(term, [&]<LossTerm kTerm>() {
      parallel_for(in.x.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
        for_each_element<T>(in, begin, end, [&](int64_t i, T x, T t, T w) {
          out[i] = scale * w * slope<kTerm>(x, t);
        });
      });
    });
  });
}

}  // namespace kintsugi

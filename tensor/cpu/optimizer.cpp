#include <cmath>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

using cpu::kParallelGrain;
using cpu::parallel_for;

/// step(i) for every element, on all threads.
template <class Step>
void for_elements(const Tensor& weight, Step step) {
  parallel_for(weight.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) step(i);
  });
}

}  // namespace

void CpuBackend::sgd_step(Tensor& weight, const Tensor& grad, Tensor& velocity, double rate,
                          double momentum, double weight_decay) {
  dispatch(weight.dtype(), [&]<class T>(T) {
    T *w = weight.data<T>(), *v = velocity.data<T>();
    const T* g = grad.data<T>();
    const T r = static_cast<T>(rate), m = static_cast<T>(momentum);
    const T decay = static_cast<T>(weight_decay);
    for_elements(weight, [=](int64_t i) {
      v[i] = m * v[i] + (g[i] + decay * w[i]);
      w[i] -= r * v[i];
    });
  });
}

void CpuBackend::adam_step(Tensor& weight, const Tensor& grad, Tensor& mean, Tensor& square,
                           double rate, double beta1, double beta2, double eps, double weight_decay,
                           int64_t step) {
  const double exponent = static_cast<double>(step);
  dispatch(weight.dtype(), [&]<class T>(T) {
    T *w = weight.data<T>(), *m = mean.data<T>(), *s = square.data<T>();
    const T* g = grad.data<T>();
    const T b1 = static_cast<T>(beta1), b2 = static_cast<T>(beta2);
    const T c1 = static_cast<T>(1 - beta1), c2 = static_cast<T>(1 - beta2);
    const T rate_now = static_cast<T>(rate / (1 - std::pow(beta1, exponent)));
    const T root_scale = static_cast<T>(1 / std::sqrt(1 - std::pow(beta2, exponent)));
    const T e = static_cast<T>(eps), decay = static_cast<T>(weight_decay);
    for_elements(weight, [=](int64_t i) {
      const T gradient = g[i] + decay * w[i];
      m[i] = b1 * m[i] + c1 * gradient;
      s[i] = b2 * s[i] + c2 * gradient * gradient;
      w[i] -= rate_now * m[i] / (std::sqrt(s[i]) * root_scale + e);
    });
  });
}

void CpuBackend::adadelta_step(Tensor& weight, const Tensor& grad, Tensor& square_average,
                               Tensor& delta_average, double rate, double rho, double eps,
                               double weight_decay) {
  dispatch(weight.dtype(), [&]<class T>(T) {
    T *w = weight.data<T>(), *s = square_average.data<T>(), *d = delta_average.data<T>();
    const T* g = grad.data<T>();
    const T r = static_cast<T>(rate), keep = static_cast<T>(rho), take = static_cast<T>(1 - rho);
    const T e = static_cast<T>(eps), decay = static_cast<T>(weight_decay);
    for_elements(weight, [=](int64_t i) {
      const T gradient = g[i] + decay * w[i];
      s[i] = keep * s[i] + take * gradient * gradient;
      const T delta = std::sqrt(d[i] + e) / std::sqrt(s[i] + e) * gradient;
      d[i] = keep * d[i] + take * delta * delta;
      w[i] -= r * delta;
    });
  });
}

}  // namespace kintsugi

#include <cmath>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

using cpu::kParallelGrain;
using cpu::parallel_for;

/// step(i) for every element of a parameter, on all threads.
template <class Step>
void for_elements(const Tensor& weight, Step step) {
  parallel_for(weight.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) step(i);
  });
}

/// update(parameter, T{}) for every parameter, T its C++ type.
template <class Update>
void for_parameters(std::span<const ParameterStep> parameters, Update update) {
  for (const ParameterStep& parameter : parameters)
    dispatch(parameter.weight.dtype(), [&]<class T>(T type) { update(parameter, type); });
}

}  // namespace

void CpuBackend::sgd_step(std::span<const ParameterStep> parameters, double rate, double momentum,
                          double weight_decay) {
  for_parameters(parameters, [&]<class T>(const ParameterStep& parameter, T) {
    T *w = parameter.weight.data<T>(), *v = parameter.slots[0].data<T>();
    const T* g = parameter.grad.data<T>();
    const T r = static_cast<T>(rate), m = static_cast<T>(momentum);
    const T decay = static_cast<T>(weight_decay);
    for_elements(parameter.weight, [=](int64_t i) {
      v[i] = m * v[i] + (g[i] + decay * w[i]);
      w[i] -= r * v[i];
    });
  });
}

void CpuBackend::adam_step(std::span<const ParameterStep> parameters, double rate, double beta1,
                           double beta2, double eps, double weight_decay, int64_t step) {
  const double exponent = static_cast<double>(step);
  for_parameters(parameters, [&]<class T>(const ParameterStep& parameter, T) {
    T* w = parameter.weight.data<T>();
    T *m = parameter.slots[0].data<T>(), *s = parameter.slots[1].data<T>();
    const T* g = parameter.grad.data<T>();
    const T b1 = static_cast<T>(beta1), b2 = static_cast<T>(beta2);
    const T c1 = static_cast<T>(1 - beta1), c2 = static_cast<T>(1 - beta2);
    const T rate_now = static_cast<T>(rate / (1 - std::pow(beta1, exponent)));
    const T root_scale = static_cast<T>(1 / std::sqrt(1 - std::pow(beta2, exponent)));
    const T e = static_cast<T>(eps), decay = static_cast<T>(weight_decay);
    for_elements(parameter.weight, [=](int64_t i) {
      const T gradient = g[i] + decay * w[i];
      m[i] = b1 * m[i] + c1 * gradient;
      s[i] = b2 * s[i] + c2 * gradient * gradient;
      w[i] -= rate_now * m[i] / (std::sqrt(s[i]) * root_scale + e);
    });
  });
}

void CpuBackend::adadelta_step(std::span<const ParameterStep> parameters, double rate, double rho,
                               double eps, double weight_decay) {
  for_parameters(parameters, [&]<class T>(const ParameterStep& parameter, T) {
    T* w = parameter.weight.data<T>();
    T *s = parameter.slots[0].data<T>(), *d = parameter.slots[1].data<T>();
    const T* g = parameter.grad.data<T>();
    const T r = static_cast<T>(rate), keep = static_cast<T>(rho), take = static_cast<T>(1 - rho);
    const T e = static_cast<T>(eps), decay = static_cast<T>(weight_decay);
    for_elements(parameter.weight, [=](int64_t i) {
      // lab 9: begin a step of element i: s[i], d[i] and w[i]
      const T gradient = g[i] + decay * w[i];
      s[i] = keep * s[i] + take * gradient * gradient;
      const T delta = std::sqrt(d[i] + e) / std::sqrt(s[i] + e) * gradient;
      d[i] = keep * d[i] + take * delta * delta;
      w[i] -= r * delta;
      // lab 9: end
    });
  });
}

void CpuBackend::average_step(std::span<const ParameterStep> averages, double rate) {
  for_parameters(averages, [&]<class T>(const ParameterStep& average, T) {
    T* w = average.weight.data<T>();
    const T* g = average.grad.data<T>();
    const T r = static_cast<T>(rate);
    for_elements(average.weight, [=](int64_t i) { w[i] += r * (g[i] - w[i]); });
  });
}

}  // namespace kintsugi

#include <cmath>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/broadcast.h"
#include "tensor/cpu/lanes.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

using namespace cpu;

template <class T, class F>
void map(const Tensor& x_tensor, Tensor& y_tensor, F f) {
  const T* x = x_tensor.data<T>();
  T* __restrict y = y_tensor.data<T>();
  parallel_for(x_tensor.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = f(x[i]);
  });
}

template <class T, class F>
void map_with_lanes(const Tensor& x_tensor, Tensor& y_tensor, F f) {
  const T* x = x_tensor.data<T>();
  T* y = y_tensor.data<T>();
  parallel_for(x_tensor.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
    map_lanes(x + begin, y + begin, end - begin, f);
  });
}

// Comparisons are written so that a NaN comes through.
template <class T>
void unary(Unary op, const Tensor& x, T a, T b, Tensor& y) {
  using L = Lane<T>;
  switch (op) {
    case Unary::negate:
      return map<T>(x, y, [](T v) { return -v; });
    case Unary::exp:
      return map_with_lanes<T>(x, y, [](const L& v) { return exp_lane<T>(v); });
    case Unary::log:
      return map_with_lanes<T>(x, y, [](const L& v) -> L { return v.log(); });
    case Unary::sqrt:
      return map<T>(x, y, [](T v) { return std::sqrt(v); });
    case Unary::square:
      return map<T>(x, y, [](T v) { return v * v; });
    case Unary::reciprocal:
      return map<T>(x, y, [](T v) { return 1 / v; });
    case Unary::abs:
      return map<T>(x, y, [](T v) { return std::abs(v); });
    case Unary::sign:
      return map<T>(x, y, [](T v) { return v > 0 ? T{1} : v < 0 ? T{-1} : v; });
    case Unary::tanh:
      return map_with_lanes<T>(x, y, [](const L& v) -> L { return v.tanh(); });
    case Unary::sigmoid:
      return map_with_lanes<T>(x, y,
                               [](const L& v) -> L { return (1 + exp_lane<T>(-v)).inverse(); });
    case Unary::softplus:  // log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|)
      return map_with_lanes<T>(x, y, [](const L& v) -> L {
        L result = log1p_lane<T>(exp_lane<T>(-v.abs()));
        for (int i = 0; i < kLaneSize<T>; ++i) result[i] += v[i] < 0 ? T{0} : v[i];
        return result;
      });
    case Unary::relu:
      return map<T>(x, y, [](T v) { return v < 0 ? T{0} : v; });
    case Unary::leaky_relu:
      return map<T>(x, y, [a](T v) { return v > 0 ? v : a * v; });
    case Unary::clamp:
      return map<T>(x, y, [a, b](T v) { return v > b ? b : v < a ? a : v; });
    case Unary::in_range:
      return map<T>(x, y, [a, b](T v) { return T(a < v) * T(v < b); });
    case Unary::affine:
      return map<T>(x, y, [a, b](T v) { return a * v + b; });
  }
}

template <class T>
void binary(Binary op, const Tensor& a, const Tensor& b, T slope, Tensor& y) {
  switch (op) {
    case Binary::add:
      return broadcast<T>(a, b, y, [](T u, T v) { return u + v; });
    case Binary::subtract:
      return broadcast<T>(a, b, y, [](T u, T v) { return u - v; });
    case Binary::multiply:
      return broadcast<T>(a, b, y, [](T u, T v) { return u * v; });
    case Binary::divide:
      return broadcast<T>(a, b, y, [](T u, T v) { return u / v; });
    case Binary::maximum:
      return broadcast<T>(a, b, y, [](T u, T v) { return (u >= v) | (u != u) ? u : v; });
    case Binary::minimum:
      return broadcast<T>(a, b, y, [](T u, T v) { return (u <= v) | (u != u) ? u : v; });
    case Binary::equal:
      return broadcast<T>(a, b, y, [](T u, T v) { return T(u == v); });
    case Binary::greater:
      return broadcast<T>(a, b, y, [](T u, T v) { return T(u > v); });
    case Binary::relu_grad:
      return broadcast<T>(a, b, y, [](T dy, T v) { return v > 0 ? dy : T{0}; });
    case Binary::leaky_relu_grad:
      return broadcast<T>(a, b, y, [slope](T dy, T v) { return v > 0 ? dy : slope * dy; });
  }
}

template <class T>
void where(const Tensor& condition_tensor, const Tensor& a_tensor, const Tensor& b_tensor,
           Tensor& y_tensor) {
  const T* condition = condition_tensor.data<T>();
  const T* a = a_tensor.data<T>();
  const T* b = b_tensor.data<T>();
  T* __restrict y = y_tensor.data<T>();
  parallel_for(y_tensor.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) y[i] = condition[i] != 0 ? a[i] : b[i];
  });
}

}  // namespace

void CpuBackend::unary(Unary op, const Tensor& x, double a, double b, Tensor& y) {
  dispatch(y.dtype(),
           [&]<class T>(T) { kintsugi::unary<T>(op, x, static_cast<T>(a), static_cast<T>(b), y); });
}

void CpuBackend::binary(Binary op, const Tensor& a, const Tensor& b, double slope, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) { kintsugi::binary<T>(op, a, b, static_cast<T>(slope), y); });
}

void CpuBackend::where(const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) { kintsugi::where<T>(condition, a, b, y); });
}

}  // namespace kintsugi

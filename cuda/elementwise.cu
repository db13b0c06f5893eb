#include <cmath>

#include "cuda/backend.h"
#include "cuda/broadcast.h"
#include "cuda/elementwise.h"

namespace kintsugi {
namespace {

using namespace cuda;

// ---- one operand --------------------------------------------------------------------------------

/// f(v) of every function of one operand, chosen when it is compiled, so that each is a kernel
/// without branches. Comparisons are written so that a NaN comes through.
template <Unary op, class T>
struct Apply {
  T a, b;

  __device__ T operator()(T v) const {
    if constexpr (op == Unary::negate) return -v;
    if constexpr (op == Unary::exp) return std::exp(v);
    if constexpr (op == Unary::log) return std::log(v);
    if constexpr (op == Unary::sqrt) return std::sqrt(v);
    if constexpr (op == Unary::square) return v * v;
    if constexpr (op == Unary::reciprocal) return 1 / v;
    if constexpr (op == Unary::abs) return std::fabs(v);
    if constexpr (op == Unary::sign) return v > 0 ? T{1} : v < 0 ? T{-1} : v;
    if constexpr (op == Unary::tanh) return std::tanh(v);
    if constexpr (op == Unary::sigmoid) return 1 / (1 + std::exp(-v));
    if constexpr (op == Unary::softplus)  // log(1 + eˣ) = max(x, 0) + log(1 + e^−|x|)
      return (v < 0 ? T{0} : v) + std::log1p(std::exp(-std::fabs(v)));
    if constexpr (op == Unary::relu) return v < 0 ? T{0} : v;
    if constexpr (op == Unary::leaky_relu) return v > 0 ? v : a * v;
    if constexpr (op == Unary::clamp) return v > b ? b : v < a ? a : v;
    if constexpr (op == Unary::in_range) return T(a < v) * T(v < b);
    if constexpr (op == Unary::affine) return a * v + b;
  }
};

/// What stands between layers (activations, biases, residual sums) also takes bfloat16.
template <auto op>
constexpr bool kTakesBfloat16 = false;
template <>
constexpr bool kTakesBfloat16<Unary::relu> = true;
template <>
constexpr bool kTakesBfloat16<Unary::leaky_relu> = true;
template <>
constexpr bool kTakesBfloat16<Binary::add> = true;
template <>
constexpr bool kTakesBfloat16<Binary::relu_grad> = true;
template <>
constexpr bool kTakesBfloat16<Binary::leaky_relu_grad> = true;

template <Unary op>
void apply(const Tensor& x, double a, double b, Tensor& y) {
  dispatch_cuda<kTakesBfloat16<op>>(y.dtype(), [&]<class T>(T) {
    using A = Accumulate<T>;
    map(Apply<op, A>{static_cast<A>(a), static_cast<A>(b)}, y.numel(), y.data<T>(), x.data<T>());
  });
}

// ---- two operands, broadcast --------------------------------------------------------------------

template <Binary op, class T>
struct Combine {
  T slope;

  __device__ T operator()(T u, T v) const {
    if constexpr (op == Binary::add) return u + v;
    if constexpr (op == Binary::subtract) return u - v;
    if constexpr (op == Binary::multiply) return u * v;
    if constexpr (op == Binary::divide) return u / v;
    if constexpr (op == Binary::maximum) return u >= v || u != u ? u : v;
    if constexpr (op == Binary::minimum) return u <= v || u != u ? u : v;
    if constexpr (op == Binary::equal) return T(u == v);
    if constexpr (op == Binary::greater) return T(u > v);
    if constexpr (op == Binary::relu_grad) return v > 0 ? u : T{0};
    if constexpr (op == Binary::leaky_relu_grad) return v > 0 ? u : slope * u;
  }
};

/// An operand that broadcasts. Along the innermost axis it moves on element by element (a whole
/// tensor, a bias) or stays where it is (a scalar, a mask of one channel).
template <class T>
struct Operand {
  const T* data;
  bool moves;

  template <int kSize>
  __device__ Pack<T, kSize> load(int64_t at) const {
    if (moves) return load_pack<kSize>(data + at);
    Pack<T, kSize> same;
    for (int i = 0; i < kSize; ++i) same[i] = data[at];
    return same;
  }
};

/// y = f(a, b), where an operand is repeated along some axes. A thread computes kSize neighbours of
/// the innermost axis; `index` counts such packs, `count` of them.
template <int kSize, class T, class F, class Integer>
__global__ void broadcast_kernel(Operand<T> a, Operand<T> b, StridedIndex<2, Integer> index,
                                 Integer count, F f, T* y) {
  const Integer stride = static_cast<Integer>(index_stride());
  for (Integer i = static_cast<Integer>(first_index()); i < count; i += stride) {
    const Array<Integer, 2> at = index(i);
    store_pack(y + int64_t{i} * kSize,
               map_pack<T, kSize>(f, a.template load<kSize>(at[0]), b.template load<kSize>(at[1])));
  }
}

template <int kSize, class T, class F>
void broadcast(const T* a, const T* b, const StridedAxes<2>& axes, const F& f, T* y) {
  const Operand<T> first{a, axes.inner_stride(0) != 0}, second{b, axes.inner_stride(1) != 0};
  const StridedAxes<2> packs = axes.in_packs(kSize);
  with_index(packs, [&]<class Integer>(const StridedIndex<2, Integer>& index) {
    launch(broadcast_kernel<kSize, T, F, Integer>, grid_for(packs.numel()), first, second, index,
           static_cast<Integer>(packs.numel()), f, y);
  });
}

template <Binary op>
void combine(const Tensor& a, const Tensor& b, double slope, Tensor& y) {
  dispatch_cuda<kTakesBfloat16<op>>(y.dtype(), [&]<class T>(T) {
    using F = Combine<op, Accumulate<T>>;
    const F f{static_cast<Accumulate<T>>(slope)};
    if (a.shape() == b.shape()) return map(f, y.numel(), y.data<T>(), a.data<T>(), b.data<T>());
    const StridedAxes<2> axes(y.shape(), {broadcast_strides(a.shape(), y.shape()),
                                          broadcast_strides(b.shape(), y.shape())});
    if (axes.inner_extent() % kPackSize<T> == 0)
      broadcast<kPackSize<T>>(a.data<T>(), b.data<T>(), axes, f, y.data<T>());
    else
      broadcast<1>(a.data<T>(), b.data<T>(), axes, f, y.data<T>());
  });
}

/// condition ≠ 0 ? a : b.
struct Choose {
  template <class T>
  __device__ T operator()(T condition, T a, T b) const {
    return condition != 0 ? a : b;
  }
};

}  // namespace

void CudaBackend::unary(Unary op, const Tensor& x, double a, double b, Tensor& y) {
  switch (op) {
    case Unary::negate:
      return apply<Unary::negate>(x, a, b, y);
    case Unary::exp:
      return apply<Unary::exp>(x, a, b, y);
    case Unary::log:
      return apply<Unary::log>(x, a, b, y);
    case Unary::sqrt:
      return apply<Unary::sqrt>(x, a, b, y);
    case Unary::square:
      return apply<Unary::square>(x, a, b, y);
    case Unary::reciprocal:
      return apply<Unary::reciprocal>(x, a, b, y);
    case Unary::abs:
      return apply<Unary::abs>(x, a, b, y);
    case Unary::sign:
      return apply<Unary::sign>(x, a, b, y);
    case Unary::tanh:
      return apply<Unary::tanh>(x, a, b, y);
    case Unary::sigmoid:
      return apply<Unary::sigmoid>(x, a, b, y);
    case Unary::softplus:
      return apply<Unary::softplus>(x, a, b, y);
    case Unary::relu:
      return apply<Unary::relu>(x, a, b, y);
    case Unary::leaky_relu:
      return apply<Unary::leaky_relu>(x, a, b, y);
    case Unary::clamp:
      return apply<Unary::clamp>(x, a, b, y);
    case Unary::in_range:
      return apply<Unary::in_range>(x, a, b, y);
    case Unary::affine:
      return apply<Unary::affine>(x, a, b, y);
  }
}

void CudaBackend::binary(Binary op, const Tensor& a, const Tensor& b, double slope, Tensor& y) {
  switch (op) {
    case Binary::add:
      return combine<Binary::add>(a, b, slope, y);
    case Binary::subtract:
      return combine<Binary::subtract>(a, b, slope, y);
    case Binary::multiply:
      return combine<Binary::multiply>(a, b, slope, y);
    case Binary::divide:
      return combine<Binary::divide>(a, b, slope, y);
    case Binary::maximum:
      return combine<Binary::maximum>(a, b, slope, y);
    case Binary::minimum:
      return combine<Binary::minimum>(a, b, slope, y);
    case Binary::equal:
      return combine<Binary::equal>(a, b, slope, y);
    case Binary::greater:
      return combine<Binary::greater>(a, b, slope, y);
    case Binary::relu_grad:
      return combine<Binary::relu_grad>(a, b, slope, y);
    case Binary::leaky_relu_grad:
      return combine<Binary::leaky_relu_grad>(a, b, slope, y);
  }
}

void CudaBackend::where(const Tensor& condition, const Tensor& a, const Tensor& b, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) {
    map(Choose{}, y.numel(), y.data<T>(), condition.data<T>(), a.data<T>(), b.data<T>());
  });
}

}  // namespace kintsugi

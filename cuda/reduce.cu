#include <cmath>

#include "cuda/backend.h"
#include "cuda/columns.h"
#include "cuda/types.h"

namespace kintsugi {
namespace {

using namespace cuda;

template <class T>
struct Sum {
  using Partial = double;
  const T* x;  // [outer, reduced, inner]
  T* y;        // [outer, inner]

  __device__ Partial operator()(const Run& run) const {
    Accumulate<T> sum = 0;
#pragma unroll 8
    for (int k = 0; k < run.count; ++k)
      sum += static_cast<Accumulate<T>>(x[run.first + k * run.step]);
    return sum;
  }
  __device__ static Partial combine(Partial a, Partial b) { return a + b; }
  __device__ void store(int64_t column, Partial sum) const { y[column] = static_cast<T>(sum); }
};

template <class T>
struct Highest {
  T value = static_cast<T>(-INFINITY);
};

template <class T>
struct Max {
  using Partial = Highest<T>;
  const T* x;
  T* y;

  __device__ Partial operator()(const Run& run) const {
    Partial highest;
#pragma unroll 8
    for (int k = 0; k < run.count; ++k)
      highest = combine(highest, Partial{x[run.first + k * run.step]});
    return highest;
  }
  __device__ static Partial combine(Partial a, Partial b) {
    return a.value >= b.value || a.value != a.value ? a : b;  // a NaN stays
  }
  __device__ void store(int64_t column, Partial highest) const { y[column] = highest.value; }
};

}  // namespace

void CudaBackend::reduce(Reduction op, const Tensor& x, int64_t outer, int64_t reduced,
                         int64_t inner, Tensor& y) {
  if (op == Reduction::sum)
    return dispatch_cuda(y.dtype(), [&]<class T>(T) {
      reduce_columns(Sum<T>{x.data<T>(), y.data<T>()}, outer, reduced, inner);
    });
  dispatch(y.dtype(), [&]<class T>(T) {
    reduce_columns(Max<T>{x.data<T>(), y.data<T>()}, outer, reduced, inner);
  });
}

}  // namespace kintsugi

#include <cmath>
#include <limits>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/lanes.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

using namespace cpu;

/// y = softmax of one row, or its logarithm.
template <class T>
void softmax_row(const T* x, T* y, int64_t count, bool logarithm) {
  T highest = -std::numeric_limits<T>::infinity();
  for (int64_t i = 0; i < count; ++i) highest = x[i] > highest ? x[i] : highest;
  map_lanes(x, y, count, [highest](const Lane<T>& v) { return exp_lane<T>(Lane<T>(v - highest)); });
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += y[i];
  if (logarithm) {
    const T logarithm_of_sum = static_cast<T>(std::log(sum));
    for (int64_t i = 0; i < count; ++i) y[i] = x[i] - highest - logarithm_of_sum;
  } else {
    const T scale = static_cast<T>(1 / sum);
    for (int64_t i = 0; i < count; ++i) y[i] *= scale;
  }
}

}  // namespace

void CpuBackend::softmax(const Tensor& x, bool logarithm, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) {
    const int64_t count = x.size(-1);
    if (count == 0) return;
    const T* from = x.data<T>();
    T* to = y.data<T>();
    const int64_t grain = std::max<int64_t>(1, kParallelGrain / 4 / count);
    parallel_for(x.numel() / count, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row)
        softmax_row(from + row * count, to + row * count, count, logarithm);
    });
  });
}

}  // namespace kintsugi

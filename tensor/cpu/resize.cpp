#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

using namespace cpu;

/// One axis of a linear map between pictures, as a sparse matrix: output i is the sum of
/// weight · source over its taps. Rows and columns each have one.
struct AxisMap {
  struct Tap {
    int64_t source;
    double weight;
  };
  std::vector<std::vector<Tap>> taps;  // by output

  AxisMap transposed(int64_t sources) const {
    AxisMap result{std::vector<std::vector<Tap>>(static_cast<size_t>(sources))};
    for (size_t output = 0; output < taps.size(); ++output)
      for (const Tap& tap : taps[output])
        result.taps[static_cast<size_t>(tap.source)].push_back(
            {static_cast<int64_t>(output), tap.weight});
    return result;
  }
};

AxisMap interpolation(int64_t from, int64_t to, Interpolation mode) {
  AxisMap result;
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  for (int64_t i = 0; i < to; ++i) {
    if (mode == Interpolation::nearest) {
      result.taps.push_back({{i * from / to, 1.0}});
      continue;
    }
    const double centre = std::max(0.0, (static_cast<double>(i) + 0.5) * scale - 0.5);
    const int64_t low = std::min(static_cast<int64_t>(centre), from - 1);
    const double fraction = centre - static_cast<double>(low);
    if (fraction == 0 || low == from - 1)
      result.taps.push_back({{low, 1.0}});
    else
      result.taps.push_back({{low, 1 - fraction}, {low + 1, fraction}});
  }
  return result;
}

/// y = rows ⊗ columns applied to every channel of x.
template <class T>
void resize(const Tensor& x_tensor, const AxisMap& rows, const AxisMap& columns, Tensor& y_tensor) {
  const int64_t height = x_tensor.size(1), width = x_tensor.size(2), channels = x_tensor.size(3);
  const int64_t out_height = y_tensor.size(1), out_width = y_tensor.size(2);
  const int64_t line = out_width * channels;
  if (y_tensor.numel() == 0) return;
  parallel_for(y_tensor.size(0) * out_height, std::max<int64_t>(1, kParallelGrain / 4 / line),
               [&](int64_t begin, int64_t end) {
                 for (int64_t i = begin; i < end; ++i) {
                   const T* image = x_tensor.data<T>() + i / out_height * height * width * channels;
                   T* __restrict y = y_tensor.data<T>() + i * line;
                   std::fill_n(y, line, T{0});
                   for (const auto& column : columns.taps) {
                     for (const auto& row : rows.taps[static_cast<size_t>(i % out_height)]) {
                       for (const auto& [source, weight] : column) {
                         const T* x = image + (row.source * width + source) * channels;
                         const T factor = static_cast<T>(row.weight * weight);
                         for (int64_t c = 0; c < channels; ++c) y[c] += factor * x[c];
                       }
                     }
                     y += channels;
                   }
                 }
               });
}

}  // namespace

void CpuBackend::resize2d(const Tensor& x, Interpolation mode, Tensor& y) {
  dispatch(x.dtype(), [&]<class T>(T) {
    resize<T>(x, interpolation(x.size(1), y.size(1), mode),
              interpolation(x.size(2), y.size(2), mode), y);
  });
}

void CpuBackend::resize2d_grad(const Tensor& dy, Interpolation mode, Tensor& dx) {
  dispatch(dy.dtype(), [&]<class T>(T) {
    resize<T>(dy, interpolation(dx.size(1), dy.size(1), mode).transposed(dx.size(1)),
              interpolation(dx.size(2), dy.size(2), mode).transposed(dx.size(2)), dx);
  });
}

}  // namespace kintsugi

// The first rung: the definition of a convolution, written down as loops. It defines what the other
// rungs must compute.
#include <algorithm>

#include "tensor/cpu/conv_rungs.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi::cpu {
namespace {

/// Calls body(source pixel, i, j) for every tap (i, j) of the grid's pixel that lies in the map.
template <class T, class Body>
void for_taps(const PatchGrid& grid, const T* source, int64_t pixel, Body&& body) {
  const int64_t x = pixel % grid.columns, y = pixel / grid.columns % grid.rows;
  const int64_t image = pixel / grid.columns / grid.rows;
  for (size_t i = 0; i < grid.tap_y.size(); ++i)
    for (size_t j = 0; j < grid.tap_x.size(); ++j) {
      const int64_t source_y = y * grid.step + grid.tap_y[i];
      const int64_t source_x = x * grid.step + grid.tap_x[j];
      if (source_y < 0 || source_y >= grid.height || source_x < 0 || source_x >= grid.width)
        continue;
      const int64_t at = (image * grid.height + source_y) * grid.width + source_x;
      body(source + at * grid.channels, static_cast<int64_t>(i), static_cast<int64_t>(j));
    }
}

}  // namespace

template <class T>
void convolve_naive(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
                    const Epilogue& epilogue, const OutputMap<T>& y) {
  const T* bias = epilogue.bias.defined() ? epilogue.bias.data<T>() : nullptr;
  parallel_for(grid.pixels(), 64, [&](int64_t begin, int64_t end) {
    for (int64_t pixel = begin; pixel < end; ++pixel)
      for (int64_t o = 0; o < y.channels; ++o) {
        T sum = 0;
        // lab 12: begin the sum over taps and channels
        for_taps(grid, source, pixel, [&](const T* x, int64_t i, int64_t j) {
          const T* w = weights.at(i, j) + o * weights.column_stride;
          for (int64_t c = 0; c < grid.channels; ++c) sum += x[c] * w[c * weights.row_stride];
        });
        // lab 12: end
        if (bias) sum += bias[o];
        y.pixel(grid, pixel)[o] = epilogue.relu && sum < 0 ? T{0} : sum;
      }
  });
}
template void convolve_naive(const PatchGrid&, const float*, const TapMatrices<float>&,
                             const Epilogue&, const OutputMap<float>&);
template void convolve_naive(const PatchGrid&, const double*, const TapMatrices<double>&,
                             const Epilogue&, const OutputMap<double>&);

template <class T>
void weight_grad_naive(const PatchGrid& grid, const T* source, const OutputMap<const T>& dy,
                       T* dw) {
  const int64_t in = grid.channels, out = dy.channels;
  const auto taps_x = static_cast<int64_t>(grid.tap_x.size());
  std::fill_n(dw, grid.patch_size() * out, T{0});
  parallel_for(out, 1, [&](int64_t o, int64_t) {  // a column of dw each
    for (int64_t pixel = 0; pixel < grid.pixels(); ++pixel) {
      const T gradient = dy.pixel(grid, pixel)[o];
      for_taps(grid, source, pixel, [&](const T* x, int64_t i, int64_t j) {
        T* w = dw + (i * taps_x + j) * in * out + o;
        for (int64_t c = 0; c < in; ++c) w[c * out] += x[c] * gradient;
      });
    }
  });
}
template void weight_grad_naive(const PatchGrid&, const float*, const OutputMap<const float>&,
                                float*);
template void weight_grad_naive(const PatchGrid&, const double*, const OutputMap<const double>&,
                                double*);

}  // namespace kintsugi::cpu

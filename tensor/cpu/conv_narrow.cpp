// A side rung for few output channels, such as the picture that a network ends in. Its weights have
// so few columns that most of a register tile would go to waste, so the taps become columns too:
//
//   P[q, (tap, o)] = Σ_c x[q, c]·w[tap, c, o]      one product, without any patches
//   y[p, o] = Σ_tap P[p + tap, (tap, o)]           taps·out additions a pixel
//
// The weight gradient exchanges dy and x, which have the roles of source and cotangent: patches of
// the narrow dy, at the taps turned round, times the wide x.
#include <algorithm>
#include <array>

#include "tensor/cpu/conv_rungs.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi::cpu {
namespace {

/// The weights of all taps beside one another, as one panel matrix [in, taps·out].
template <class T>
Tensor pack_taps(const PatchGrid& grid, const TapMatrices<T>& weights, int64_t out) {
  const auto taps_x = static_cast<int64_t>(grid.tap_x.size());
  const int64_t in = grid.channels, taps = static_cast<int64_t>(grid.tap_y.size()) * taps_x;
  Tensor matrix = Tensor::empty({in, taps * out}, {.dtype = dtype_of<T>});
  for (int64_t c = 0; c < in; ++c)
    for (int64_t tap = 0; tap < taps; ++tap)
      for (int64_t o = 0; o < out; ++o)
        matrix.data<T>()[(c * taps + tap) * out + o] = weights.at(
            tap / taps_x, tap % taps_x)[c * weights.row_stride + o * weights.column_stride];
  Tensor packed = Tensor::empty({Panels<T>::size(in, taps * out)}, {.dtype = dtype_of<T>});
  pack(matrix.data<T>(), taps * out, 1, in, Panels<T>{packed.data<T>(), in, taps * out});
  return packed;
}

/// Row `y` of the output from the products of the source rows first_row, first_row + 1, ….
template <class T>
void add_taps(const PatchGrid& grid, const T* products, int64_t pitch, int64_t first_row, int64_t y,
              int64_t out, T* row) {
  for (size_t i = 0; i < grid.tap_y.size(); ++i) {
    const int64_t source_y = y + grid.tap_y[i];
    if (source_y < 0 || source_y >= grid.height) continue;
    for (size_t j = 0; j < grid.tap_x.size(); ++j) {
      const int64_t shift = grid.tap_x[j];
      const int64_t begin = std::max<int64_t>(0, -shift);
      const int64_t end = std::min(grid.columns, grid.width - shift);
      const T* from = products + ((source_y - first_row) * grid.width + begin + shift) * pitch +
                      static_cast<int64_t>(i * grid.tap_x.size() + j) * out;
      for (int64_t x = begin; x < end; ++x, from += pitch)
        for (int64_t o = 0; o < out; ++o) row[x * out + o] += from[o];
    }
  }
}

}  // namespace

template <class T>
void convolve_narrow(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
                     const Epilogue& epilogue, const OutputMap<T>& y) {
  constexpr int64_t kRows = 8;  // of the output, in one task
  const int64_t in = grid.channels, out = y.channels, width = grid.width;
  const T* bias = epilogue.bias.defined() ? epilogue.bias.data<T>() : nullptr;
  const Tensor packed = pack_taps(grid, weights, out);
  const int64_t pitch = Panels<T>::size(1, grid.patch_size() / in * out);
  const int64_t blocks = (grid.rows + kRows - 1) / kRows;
  const int64_t reach = grid.tap_y.back() - grid.tap_y.front();

  parallel_for(grid.images * blocks, 1, [&](int64_t task, int64_t) {
    const int64_t image = task / blocks, first_y = task % blocks * kRows;
    const int64_t last_y = std::min(first_y + kRows, grid.rows);
    const int64_t begin = std::clamp<int64_t>(first_y + grid.tap_y.front(), 0, grid.height);
    const int64_t end = std::clamp<int64_t>(last_y + grid.tap_y.back(), begin, grid.height);
    T* products = scratch<T>(Slot::patches, (kRows + reach) * width * pitch);
    T* sums = scratch<T>(Slot::panels, grid.columns * out);

    const T* a = source + (image * grid.height + begin) * width * in;
    for (int64_t pixel = 0; pixel < (end - begin) * width; pixel += kMaxBlockRows) {
      const int64_t pixels = std::min(kMaxBlockRows, (end - begin) * width - pixel);
      std::array<T*, kMaxBlockRows> c;
      for (int64_t i = 0; i < pixels; ++i)
        c[static_cast<size_t>(i)] = products + (pixel + i) * pitch;
      multiply<T>({.rows = pixels,
                   .columns = pitch,
                   .depth = in,
                   .a = a + pixel * in,
                   .a_stride = in,
                   .b = packed.data<T>(),
                   .c = c.data()});
    }
    for (int64_t row = first_y; row < last_y; ++row) {
      for (int64_t i = 0; i < grid.columns * out; ++i) sums[i] = bias ? bias[i % out] : T{0};
      add_taps(grid, products, pitch, begin, row, out, sums);
      for (int64_t x = 0; x < grid.columns; ++x)
        for (int64_t o = 0; o < out; ++o) {
          const T value = sums[x * out + o];
          y.pixel(image, row, x)[o] = epilogue.relu && value < 0 ? T{0} : value;
        }
    }
  });
}
template void convolve_narrow(const PatchGrid&, const float*, const TapMatrices<float>&,
                              const Epilogue&, const OutputMap<float>&);
template void convolve_narrow(const PatchGrid&, const double*, const TapMatrices<double>&,
                              const Epilogue&, const OutputMap<double>&);

template <class T>
void weight_grad_narrow(const PatchGrid& grid, const T* source, const OutputMap<const T>& dy,
                        T* dw) {
  const int64_t in = grid.channels, out = dy.channels;
  PatchGrid turned{grid.images, grid.rows, grid.columns, out, grid.height, grid.width, 1, {}, {}};
  for (auto tap = grid.tap_y.rbegin(); tap != grid.tap_y.rend(); ++tap)
    turned.tap_y.push_back(-*tap);
  for (auto tap = grid.tap_x.rbegin(); tap != grid.tap_x.rend(); ++tap)
    turned.tap_x.push_back(-*tap);
  const int64_t taps = grid.patch_size() / in;
  Tensor transposed = Tensor::empty({taps, out, in}, {.dtype = dtype_of<T>});
  weight_grad_blocked(turned, dy.data, OutputMap<const T>{source, grid.height, grid.width, in},
                      transposed.data<T>());
  for (int64_t tap = 0; tap < taps; ++tap)
    for (int64_t c = 0; c < in; ++c)
      for (int64_t o = 0; o < out; ++o)
        dw[(tap * in + c) * out + o] = transposed.data<T>()[((taps - 1 - tap) * out + o) * in + c];
}
template void weight_grad_narrow(const PatchGrid&, const float*, const OutputMap<const float>&,
                                 float*);
template void weight_grad_narrow(const PatchGrid&, const double*, const OutputMap<const double>&,
                                 double*);

}  // namespace kintsugi::cpu

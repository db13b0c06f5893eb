#include "tensor/cpu/winograd.h"

#include <algorithm>
#include <array>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector.h"
#include "tensor/cpu/winograd_tiles.h"

namespace kintsugi::cpu {
namespace {

constexpr int64_t kProducts = 16;
/// U = G g Gᵀ at one place of the packed matrices; g the 3x3 taps, `taps` and `products` apart.
template <class V, class T>
void transform_weights(const T* g, int64_t taps, T* u, int64_t products) {
  V half[4][3];  // G g
  for (int64_t j = 0; j < 3; ++j) {
    const V a = load<V>(g + j * taps), b = load<V>(g + (3 + j) * taps),
            c = load<V>(g + (6 + j) * taps);
    half[0][j] = a;
    half[1][j] = T(0.5) * (a + b + c);
    half[2][j] = T(0.5) * (a - b + c);
    half[3][j] = c;
  }
  for (const V(&row)[3] : half) {
    store<V>(row[0], u);
    store<V>(T(0.5) * (row[0] + row[1] + row[2]), u + products);
    store<V>(T(0.5) * (row[0] - row[1] + row[2]), u + 2 * products);
    store<V>(row[2], u + 3 * products);
    u += 4 * products;
  }
}

/// V = Bᵀ d B at one channel (or a vector of them); d the tile's 4x4 pixels.
template <class V, class T>
void transform_input(const std::array<const T*, 16>& d, int64_t channel, T* v, int64_t products) {
  V half[4][4];  // d B
  for (size_t i = 0; i < 4; ++i) {
    V x[4];
    for (size_t j = 0; j < 4; ++j) x[j] = load<V>(d[4 * i + j] + channel);
    half[i][0] = x[0] - x[2];
    half[i][1] = x[1] + x[2];
    half[i][2] = x[2] - x[1];
    half[i][3] = x[1] - x[3];
  }
  v += channel;
  for (int64_t j = 0; j < 4; ++j, v += products) {
    store<V>(half[0][j] - half[2][j], v);
    store<V>(half[1][j] + half[2][j], v + 4 * products);
    store<V>(half[2][j] - half[1][j], v + 8 * products);
    store<V>(half[1][j] - half[3][j], v + 12 * products);
  }
}

/// Y = Aᵀ m A with the epilogue; y the tile's 2x2 pixels, nullptr beyond the border.
template <class V, class T>
void transform_output(const T* m, int64_t products, int64_t channel, const T* bias, bool relu,
                      const std::array<T*, 4>& y) {
  V half[4][2];  // m A
  m += channel;
  for (size_t i = 0; i < 4; ++i, m += 4 * products) {
    const V b = load<V>(m + products), c = load<V>(m + 2 * products);
    half[i][0] = load<V>(m) + b + c;
    half[i][1] = b - c - load<V>(m + 3 * products);
  }
  const V shift = bias ? load<V>(bias + channel) : V{};
  for (size_t j = 0; j < 2; ++j) {
    const V pair[2] = {half[0][j] + half[1][j] + half[2][j] + shift,
                       half[1][j] - half[2][j] - half[3][j] + shift};
    for (size_t i = 0; i < 2; ++i) {
      if (!y[2 * i + j]) continue;
      store<V>(relu ? (pair[i] < 0 ? V{} : pair[i]) : pair[i], y[2 * i + j] + channel);
    }
  }
}

/// The 16 matrices U [in, out], each as Panels.
template <class T>
Tensor make_products(const TapMatrices<T>& weights, int64_t in, int64_t out) {
  const int64_t width = Panels<T>::size(1, 1), matrix = Panels<T>::size(in, out);
  Tensor u = Tensor::empty({kProducts, matrix}, {.dtype = dtype_of<T>});
  parallel_for((out + width - 1) / width, 1, [&](int64_t panel, int64_t) {
    const int64_t column = panel * width, size = in * width;
    T* taps = scratch<T>(Slot::panels, 9 * size);
    for (int64_t tap = 0; tap < 9; ++tap)
      pack(weights.at(tap / 3, tap % 3) + column * weights.column_stride, weights.row_stride,
           weights.column_stride, in,
           Panels<T>{taps + tap * size, in, std::min(width, out - column)});
    for (int64_t i = 0; i < size; i += kLanes<T>)
      transform_weights<Vector<T>>(taps + i, size, u.data<T>() + panel * size + i, matrix);
  });
  return u;
}

}  // namespace

bool winograd_suits(const PatchGrid& grid, int64_t out) {
  if (grid.step != 1 || grid.tap_y.size() != 3 || grid.tap_x.size() != 3) return false;
  const int64_t dilation = grid.tap_y[1] - grid.tap_y[0];
  for (const auto& taps : {grid.tap_y, grid.tap_x})
    if (taps[1] - taps[0] != dilation || taps[2] - taps[1] != dilation) return false;
  const auto tiles = static_cast<int64_t>(winograd_tile_starts(grid.rows, dilation).size() *
                                          winograd_tile_starts(grid.columns, dilation).size());
  const bool mostly_whole = 16 * tiles * 4 <= 9 * grid.rows * grid.columns * 3;
  return mostly_whole && grid.images * tiles >= 128 && grid.channels >= 16 && out >= 16;
}

template <class T>
void winograd(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
              const Epilogue& epilogue, int64_t out, T* y) {
  const int64_t in = grid.channels;
  const T* bias = epilogue.bias.defined() ? epilogue.bias.data<T>() : nullptr;
  const Tensor u = make_products(weights, in, out);
  const T* products = u.data<T>();
  const WinogradTiles<T> covering(grid, source);
  const int64_t pitch_in = padded_pitch<T>(in), pitch_out = padded_pitch<T>(out);
  const int64_t tile_size = kProducts * (pitch_in + pitch_out);
  const Blocks blocks(covering.count(), winograd_block<T>(tile_size), 8);

  parallel_for(blocks.count, 1, [&](int64_t block, int64_t) {
    const int64_t tiles = blocks.length(block);
    T* v = scratch<T>(Slot::patches, kProducts * tiles * pitch_in);  // [16, tiles, in]
    T* m = scratch<T>(Slot::panels, kProducts * tiles * pitch_out);  // [16, tiles, out]
    for (int64_t i = 0; i < tiles; ++i) {
      const std::array<const T*, 16> d = covering.inputs(blocks.begin(block) + i);
      for_channels<T>(in, [&]<class V>(int64_t channel) {
        transform_input<V>(d, channel, v + i * pitch_in, tiles * pitch_in);
      });
    }
    for (int64_t k = 0; k < kProducts; ++k) {
      std::array<T*, kMaxBlockRows> c;
      for (int64_t i = 0; i < tiles; ++i)
        c[static_cast<size_t>(i)] = m + (k * tiles + i) * pitch_out;
      multiply<T>({.rows = tiles,
                   .columns = out,
                   .depth = in,
                   .a = v + k * tiles * pitch_in,
                   .a_stride = pitch_in,
                   .b = products + k * u.numel() / kProducts,
                   .c = c.data()});
    }
    for (int64_t i = 0; i < tiles; ++i) {
      const std::array<T*, 4> pixels = covering.outputs(blocks.begin(block) + i, y, out);
      for_channels<T>(out, [&]<class V>(int64_t channel) {
        transform_output<V>(m + i * pitch_out, tiles * pitch_out, channel, bias, epilogue.relu,
                            pixels);
      });
    }
  });
}
template void winograd(const PatchGrid&, const float*, const TapMatrices<float>&, const Epilogue&,
                       int64_t, float*);
template void winograd(const PatchGrid&, const double*, const TapMatrices<double>&, const Epilogue&,
                       int64_t, double*);

}  // namespace kintsugi::cpu

#include <algorithm>
#include <array>
#include <vector>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector.h"
#include "tensor/cpu/winograd.h"
#include "tensor/cpu/winograd_tiles.h"

namespace kintsugi::cpu {
namespace {

/// Row `row` of Bᵀ d B, four numbers `products` apart, at one channel or a vector of them.
template <class V, class T>
void transform_input_row(const std::array<const T*, 16>& d, size_t row, int64_t channel, T* v,
                         int64_t products) {
  constexpr size_t kFirst[] = {0, 1, 2, 1}, kSecond[] = {2, 2, 1, 3};
  V x[4];
  for (size_t j = 0; j < 4; ++j) {
    const V a = load<V>(d[4 * kFirst[row] + j] + channel);
    const V b = load<V>(d[4 * kSecond[row] + j] + channel);
    x[j] = row == 1 ? a + b : a - b;
  }
  v += channel;
  store<V>(x[0] - x[2], v);
  store<V>(x[1] + x[2], v + products);
  store<V>(x[2] - x[1], v + 2 * products);
  store<V>(x[1] - x[3], v + 3 * products);
}

/// Row `row` of A dY Aᵀ.
template <class V, class T>
void transform_cotangent_row(const std::array<const T*, 4>& dy, size_t row, int64_t channel, T* m,
                             int64_t products) {
  V x[2];
  for (size_t j = 0; j < 2; ++j) {
    const V a = dy[j] ? load<V>(dy[j] + channel) : V{};
    const V b = dy[2 + j] ? load<V>(dy[2 + j] + channel) : V{};
    x[j] = row == 0 ? a : row == 1 ? a + b : row == 2 ? a - b : -b;
  }
  m += channel;
  store<V>(x[0], m);
  store<V>(x[0] + x[1], m + products);
  store<V>(x[0] - x[1], m + 2 * products);
  store<V>(-x[1], m + 3 * products);
}

/// g = Gᵀ u G; u the 4x4 products and g the 3x3 taps, each `matrix` apart.
template <class V, class T>
void transform_products(const T* u, int64_t matrix, T* g) {
  V half[3][4];  // Gᵀ u
  for (int64_t j = 0; j < 4; ++j) {
    const V b = load<V>(u + (4 + j) * matrix), c = load<V>(u + (8 + j) * matrix);
    half[0][j] = load<V>(u + j * matrix) + T(0.5) * (b + c);
    half[1][j] = T(0.5) * (b - c);
    half[2][j] = load<V>(u + (12 + j) * matrix) + T(0.5) * (b + c);
  }
  for (const V(&row)[4] : half) {
    store<V>(row[0] + T(0.5) * (row[1] + row[2]), g);
    store<V>(T(0.5) * (row[1] - row[2]), g + matrix);
    store<V>(row[3] + T(0.5) * (row[1] + row[2]), g + 2 * matrix);
    g += 3 * matrix;
  }
}

}  // namespace

template <class T>
void winograd_weight_grad(const PatchGrid& grid, const T* source, const T* dy, int64_t out, T* dw) {
  const int64_t in = grid.channels, matrix = in * out;
  const WinogradTiles<T> covering(grid, source);
  const int64_t wanted = std::clamp<int64_t>(131072 / matrix, 2, 4);
  const Blocks parts(covering.count(), (covering.count() + wanted - 1) / wanted);
  const int64_t pitch_in = padded_pitch<T>(in), pitch_out = padded_pitch<T>(out);
  const int64_t limit = winograd_block<T>(4 * (pitch_in + pitch_out));

  // A task makes one row of the 4x4 products [in, out], summed over a part of the tiles.
  Tensor sums = Tensor::empty({parts.count, 16, matrix}, {.dtype = dtype_of<T>});
  parallel_for(4 * parts.count, 1, [&](int64_t task, int64_t) {
    const int64_t part = task / 4, row = task % 4;
    T* u = sums.data<T>() + (part * 16 + row * 4) * matrix;
    const Blocks blocks(parts.length(part), limit);
    std::vector<T*> c(static_cast<size_t>(in));
    for (int64_t block = 0; block < blocks.count; ++block) {
      const int64_t first = parts.begin(part) + blocks.begin(block);
      const int64_t tiles = blocks.length(block);
      T* v = scratch<T>(Slot::patches, 4 * blocks.size * (pitch_in + pitch_out));
      T* m = v + 4 * tiles * pitch_in;  // v [4, tiles, in], m [4, tiles, out]
      for (int64_t i = 0; i < tiles; ++i) {
        const std::array<const T*, 16> d = covering.inputs(first + i);
        const std::array<const T*, 4> cotangent = covering.outputs(first + i, dy, out);
        for_channels<T>(in, [&]<class V>(int64_t channel) {
          transform_input_row<V>(d, static_cast<size_t>(row), channel, v + i * pitch_in,
                                 tiles * pitch_in);
        });
        for_channels<T>(out, [&]<class V>(int64_t channel) {
          transform_cotangent_row<V>(cotangent, static_cast<size_t>(row), channel,
                                     m + i * pitch_out, tiles * pitch_out);
        });
      }
      T* panels = scratch<T>(Slot::panels, Panels<T>::size(blocks.size, out));
      for (int64_t k = 0; k < 4; ++k) {
        for (int64_t r = 0; r < in; ++r) c[static_cast<size_t>(r)] = u + k * matrix + r * out;
        pack(m + k * tiles * pitch_out, pitch_out, 1, tiles, Panels<T>{panels, tiles, out});
        multiply<T>({.rows = in,
                     .columns = out,
                     .depth = tiles,
                     .a = v + k * tiles * pitch_in,
                     .a_stride = pitch_in,
                     .a_transposed = true,
                     .b = panels,
                     .c = c.data(),
                     .accumulate = block > 0});
      }
    }
  });

  parallel_for(in, 8, [&](int64_t begin, int64_t end) {
    T* u = sums.data<T>();
    for (int64_t k = 0; k < 16; ++k)
      for (int64_t part = 1; part < parts.count; ++part)
        for (int64_t i = k * matrix + begin * out; i < k * matrix + end * out; ++i)
          u[i] += u[part * 16 * matrix + i];
    for_channels<T>((end - begin) * out, [&]<class V>(int64_t i) {
      transform_products<V>(u + begin * out + i, matrix, dw + begin * out + i);
    });
  });
}
template void winograd_weight_grad(const PatchGrid&, const float*, const float*, int64_t, float*);
template void winograd_weight_grad(const PatchGrid&, const double*, const double*, int64_t,
                                   double*);

}  // namespace kintsugi::cpu

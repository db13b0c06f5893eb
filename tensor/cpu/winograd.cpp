#include "tensor/cpu/winograd.h"

#include <algorithm>
#include <array>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector.h"
#include "tensor/cpu/winograd_matrices.h"

namespace kintsugi::cpu {
namespace {

/// U = G g Gᵀ at one place of the packed matrices; g the r x r taps, `taps` apart, and U the n x n
/// products, `products` apart.
template <class V, int kOutputs, int kTaps, class T>
void transform_weights(const T* g, int64_t taps, T* u, int64_t products) {
  constexpr auto& kMatrices = kWinograd<kOutputs, kTaps>;
  constexpr int kPoints = kMatrices.kPoints;
  V x[kTaps * kTaps], y[kPoints * kPoints];
  for (int k = 0; k < kTaps * kTaps; ++k) x[k] = load<V>(g + k * taps);
  transform<T>(kMatrices.g, x, y);
  for (int k = 0; k < kPoints * kPoints; ++k) store(y[k], u + k * products);
}

/// Bᵀ d B at one channel (or a vector of them); d the tile's n x n pixels.
template <class V, int kOutputs, int kTaps, class T, size_t kPixels>
void transform_input(const std::array<const T*, kPixels>& d, int64_t channel, T* v,
                     int64_t products) {
  V x[kPixels], y[kPixels];
  for (size_t k = 0; k < kPixels; ++k) x[k] = load<V>(d[k] + channel);
  transform<T>(kWinograd<kOutputs, kTaps>.b, x, y);
  for (size_t k = 0; k < kPixels; ++k) store(y[k], v + static_cast<int64_t>(k) * products);
}

/// Aᵀ M A with the epilogue; y the tile's m x m pixels, nullptr beyond the border.
template <class V, int kOutputs, int kTaps, class T, size_t kPixels>
void transform_output(const T* m, int64_t products, int64_t channel, const T* bias, bool relu,
                      const std::array<T*, kPixels>& y) {
  constexpr auto& kMatrices = kWinograd<kOutputs, kTaps>;
  constexpr int kProducts = kMatrices.kPoints * kMatrices.kPoints;
  V x[kProducts], result[kPixels];
  for (int k = 0; k < kProducts; ++k) x[k] = load<V>(m + channel + k * products);
  transform<T>(kMatrices.a, x, result);
  const V shift = bias ? load<V>(bias + channel) : V{};
  for (size_t k = 0; k < kPixels; ++k) {
    if (!y[k]) continue;
    const V value = result[k] + shift;
    store<V>(relu ? (value < 0 ? V{} : value) : value, y[k] + channel);
  }
}

/// The matrices U [phases·in, out] of all n² products, each as Panels.
template <int kOutputs, int kTaps, class T>
Tensor transformed_weights(const WinogradPlan& plan, const TapMatrices<T>& weights, int64_t in,
                           int64_t out) {
  const int64_t width = Panels<T>::size(1, 1), depth = plan.phases() * in;
  const int64_t matrix = Panels<T>::size(depth, out), size = in * width;
  Tensor u = Tensor::empty({plan.products(), matrix}, {.dtype = dtype_of<T>});
  parallel_for((out + width - 1) / width, 1, [&](int64_t panel, int64_t) {
    const int64_t column = panel * width;
    T* g = scratch<T>(Slot::panels, kTaps * kTaps * size);
    int64_t phase = 0;
    for (const WinogradAxis::Phase& y : plan.y.phases)
      for (const WinogradAxis::Phase& x : plan.x.phases) {
        for (int64_t i = 0; i < kTaps; ++i)
          for (int64_t j = 0; j < kTaps; ++j) {
            T* tap = g + (i * kTaps + j) * size;
            if (i >= y.taps || j >= x.taps) {
              std::fill_n(tap, size, T{0});
              continue;
            }
            const T* from =
                weights.at(y.first_tap + i * plan.y.step, x.first_tap + j * plan.x.step);
            pack(from + column * weights.column_stride, weights.row_stride, weights.column_stride,
                 in, Panels<T>{tap, in, std::min(width, out - column)});
          }
        T* to = u.data<T>() + panel * depth * width + phase * size;
        for (int64_t i = 0; i < size; i += kLanes<T>)
          transform_weights<Vector<T>, kOutputs, kTaps>(g + i, size, to + i, matrix);
        ++phase;
      }
  });
  return u;
}

/// Tiles that are worked on together: few enough for their transforms to stay in the cache, enough
/// to use each of the weights' transforms, which do not, for more than two register tiles.
constexpr int64_t kBlockTiles = 32;

template <int kOutputs, int kTaps, class T>
void convolve(const PatchGrid& grid, const WinogradPlan& plan, const T* source, const Tensor& u,
              const Epilogue& epilogue, const OutputMap<T>& y) {
  constexpr int kPoints = kOutputs + kTaps - 1, kProducts = kPoints * kPoints;
  const T* bias = epilogue.bias.defined() ? epilogue.bias.data<T>() : nullptr;
  const T* products = u.data<T>();
  const int64_t in = grid.channels, out = y.channels, phases = plan.phases(), depth = phases * in;
  const WinogradTiles<T, kOutputs, kTaps> covering(grid, plan, source);
  const int64_t pitch_in = padded_pitch<T>(depth), pitch_out = padded_pitch<T>(out);
  const Blocks blocks(covering.count(), kBlockTiles, 8);

  parallel_for(blocks.count, 1, [&](int64_t block, int64_t) {
    const int64_t tiles = blocks.length(block);
    T* v = scratch<T>(Slot::patches, kProducts * blocks.size * pitch_in);  // [n², tiles, depth]
    T* m = scratch<T>(Slot::panels, kProducts * blocks.size * pitch_out);  // [n², tiles, out]
    for (int64_t i = 0; i < tiles; ++i)
      for (int64_t phase = 0; phase < phases; ++phase) {
        const auto d = covering.inputs(blocks.begin(block) + i, static_cast<size_t>(phase));
        T* to = v + i * pitch_in + phase * in;
        for_channels<T>(in, [&]<class V>(int64_t channel) {
          transform_input<V, kOutputs, kTaps>(d, channel, to + channel, tiles * pitch_in);
        });
      }
    for (int64_t k = 0; k < kProducts; ++k) {
      std::array<T*, kBlockTiles> c;
      for (int64_t i = 0; i < tiles; ++i)
        c[static_cast<size_t>(i)] = m + (k * tiles + i) * pitch_out;
      multiply<T>({.rows = tiles,
                   .columns = out,
                   .depth = depth,
                   .a = v + k * tiles * pitch_in,
                   .a_stride = pitch_in,
                   .b = products + k * u.numel() / kProducts,
                   .c = c.data()});
    }
    for (int64_t i = 0; i < tiles; ++i) {
      const auto pixels = covering.outputs(blocks.begin(block) + i, y);
      for_channels<T>(out, [&]<class V>(int64_t channel) {
        transform_output<V, kOutputs, kTaps>(m + i * pitch_out, tiles * pitch_out, channel, bias,
                                             epilogue.relu, pixels);
      });
    }
  });
}

}  // namespace

template <class T>
void winograd(const PatchGrid& grid, const WinogradPlan& plan, const T* source,
              const TapMatrices<T>& weights, const Epilogue& epilogue, const OutputMap<T>& y,
              Tensor* kept) {
  dispatch_plan(plan, [&]<int kOutputs, int kTaps>() {
    Tensor u = kept ? *kept : Tensor();
    if (!u.defined())
      u = transformed_weights<kOutputs, kTaps>(plan, weights, grid.channels, y.channels);
    if (kept) *kept = u;
    convolve<kOutputs, kTaps>(grid, plan, source, u, epilogue, y);
  });
}
template void winograd(const PatchGrid&, const WinogradPlan&, const float*,
                       const TapMatrices<float>&, const Epilogue&, const OutputMap<float>&,
                       Tensor*);
template void winograd(const PatchGrid&, const WinogradPlan&, const double*,
                       const TapMatrices<double>&, const Epilogue&, const OutputMap<double>&,
                       Tensor*);

}  // namespace kintsugi::cpu

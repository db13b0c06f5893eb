#include <algorithm>
#include <array>
#include <vector>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector.h"
#include "tensor/cpu/winograd.h"
#include "tensor/cpu/winograd_matrices.h"

namespace kintsugi::cpu {
namespace {

/// Y = M X Mᵀ at one channel or a vector of them: X from pixels, zeros where there is none, Y to
/// numbers `products` apart.
template <class V, class T, size_t kRows, size_t kColumns>
void transform_pixels(const double (&matrix)[kRows][kColumns],
                      const std::array<const T*, kColumns * kColumns>& pixels, int64_t channel,
                      T* to, int64_t products) {
  V x[kColumns * kColumns], y[kRows * kRows];
  for (size_t k = 0; k < kColumns * kColumns; ++k)
    x[k] = pixels[k] ? load<V>(pixels[k] + channel) : V{};
  transform<T>(matrix, x, y);
  for (size_t k = 0; k < kRows * kRows; ++k) store(y[k], to + static_cast<int64_t>(k) * products);
}

/// g = Gᵀ U G; U the n x n products, `products` apart, and g the r x r taps, nullptr where the
/// phase has none.
template <class V, class T, size_t kTaps, size_t kPoints>
void transform_products(const double (&matrix)[kTaps][kPoints], const T* u, int64_t products,
                        const std::array<T*, kTaps * kTaps>& g, int64_t channel) {
  V x[kPoints * kPoints], y[kTaps * kTaps];
  for (size_t k = 0; k < kPoints * kPoints; ++k)
    x[k] = load<V>(u + channel + static_cast<int64_t>(k) * products);
  transform<T>(matrix, x, y);
  for (size_t k = 0; k < kTaps * kTaps; ++k)
    if (g[k]) store(y[k], g[k] + channel);
}

/// The transforms of some tiles: V = Bᵀ d B as n² matrices [tiles, depth], rows `pitch` apart, and
/// Z = A dY Aᵀ as n² matrices [tiles, out], each as Panels. As many tiles as make one product's V
/// and Z fit into half a core's L2 cache.
template <class T>
struct Transforms {
  Transforms(int64_t products, int64_t all_tiles, int64_t depth, int64_t out)
      : pitch(padded_pitch<T>(depth)),
        limit(std::clamp<int64_t>(kFitting / (depth + out), 64, std::max<int64_t>(all_tiles, 1))),
        v_size(limit * pitch),
        z_size(Panels<T>::size(limit, out)),
        v(Tensor::empty({products, v_size}, {.dtype = dtype_of<T>})),
        z(Tensor::empty({products, z_size}, {.dtype = dtype_of<T>})) {}

  static constexpr int64_t kFitting = int64_t{512} * 1024 / sizeof(T);
  int64_t pitch, limit;
  int64_t v_size, z_size;  ///< of one product
  Tensor v, z;
};

/// Fills the transforms with those of tiles [first, first + tiles).
template <int kOutputs, int kTaps, class T>
void transform_tiles(const WinogradTiles<T, kOutputs, kTaps>& covering, const PatchGrid& grid,
                     int64_t phases, const OutputMap<const T>& dy, int64_t first, int64_t tiles,
                     Transforms<T>& transforms) {
  const int64_t in = grid.channels;
  constexpr auto& kMatrices = kWinograd<kOutputs, kTaps>;
  const int64_t width = Panels<T>::size(1, 1), panel = tiles * width;
  parallel_for(tiles, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      for (int64_t phase = 0; phase < phases; ++phase) {
        const auto d = covering.inputs(first + i, static_cast<size_t>(phase));
        T* v = transforms.v.template data<T>() + i * transforms.pitch + phase * in;
        for_channels<T>(in, [&]<class V>(int64_t channel) {
          transform_pixels<V>(kMatrices.b, d, channel, v + channel, transforms.v_size);
        });
      }
      const auto cotangent = covering.outputs(first + i, grid, dy);
      T* z = transforms.z.template data<T>() + i * width;
      for_channels<T>(dy.channels, [&]<class V>(int64_t channel) {
        T* to = z + channel / width * panel + channel % width;
        transform_pixels<V>(kMatrices.a_transposed, cotangent, channel, to, transforms.z_size);
      });
      for (int64_t channel = dy.channels; channel % width != 0; ++channel)  // the last panel's end
        for (int64_t k = 0; k < transforms.z.size(0); ++k)
          z[channel / width * panel + channel % width + k * transforms.z_size] = T{0};
    }
  });
}

template <int kOutputs, int kTaps, class T>
void weight_grad(const PatchGrid& grid, const WinogradPlan& plan, const T* source,
                 const OutputMap<const T>& dy, T* dw) {
  constexpr int64_t kProducts = (kOutputs + kTaps - 1) * (kOutputs + kTaps - 1);
  constexpr int64_t kRows = 128;  // of a task of a product
  const int64_t in = grid.channels, out = dy.channels, depth = plan.phases() * in;
  const int64_t matrix = depth * out;
  const WinogradTiles<T, kOutputs, kTaps> covering(grid, plan, source);
  Transforms<T> transforms(kProducts, covering.count(), depth, out);
  Tensor sums = Tensor::empty({kProducts, matrix}, {.dtype = dtype_of<T>});  // U = Σ Vᵀ Z

  const Blocks steps(covering.count(), transforms.limit), rows(depth, kRows);
  for (int64_t step = 0; step < steps.count; ++step) {
    const int64_t tiles = steps.length(step);
    transform_tiles(covering, grid, plan.phases(), dy, steps.begin(step), tiles, transforms);
    parallel_for(kProducts * rows.count, 1, [&](int64_t task, int64_t) {
      const int64_t k = task / rows.count, row = rows.begin(task % rows.count);
      std::array<T*, kRows> c;
      for (int64_t r = 0; r < rows.size; ++r)
        c[static_cast<size_t>(r)] = sums.data<T>() + k * matrix + (row + r) * out;
      multiply<T>({.rows = rows.length(task % rows.count),
                   .columns = out,
                   .depth = tiles,
                   .a = transforms.v.template data<T>() + k * transforms.v_size + row,
                   .a_stride = transforms.pitch,
                   .a_transposed = true,
                   .b = transforms.z.template data<T>() + k * transforms.z_size,
                   .c = c.data(),
                   .accumulate = step > 0});
    });
  }

  parallel_for(depth, 8, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const auto phase = static_cast<size_t>(row / in);
      const WinogradAxis::Phase& y = plan.y.phases[phase / plan.x.phases.size()];
      const WinogradAxis::Phase& x = plan.x.phases[phase % plan.x.phases.size()];
      std::array<T*, kTaps * kTaps> taps{};
      for (int64_t i = 0; i < y.taps; ++i)
        for (int64_t j = 0; j < x.taps; ++j) {
          const int64_t tap_y = y.first_tap + i * plan.y.step;
          const int64_t tap_x = x.first_tap + j * plan.x.step;
          const int64_t tap = tap_y * static_cast<int64_t>(grid.tap_x.size()) + tap_x;
          taps[static_cast<size_t>(i * kTaps + j)] = dw + (tap * in + row % in) * out;
        }
      for_channels<T>(out, [&]<class V>(int64_t channel) {
        transform_products<V>(kWinograd<kOutputs, kTaps>.g_transposed, sums.data<T>() + row * out,
                              matrix, taps, channel);
      });
    }
  });
}

}  // namespace

template <class T>
void winograd_weight_grad(const PatchGrid& grid, const WinogradPlan& plan, const T* source,
                          const OutputMap<const T>& dy, T* dw) {
  dispatch_plan(plan, [&]<int kOutputs, int kTaps>() {
    weight_grad<kOutputs, kTaps>(grid, plan, source, dy, dw);
  });
}
template void winograd_weight_grad(const PatchGrid&, const WinogradPlan&, const float*,
                                   const OutputMap<const float>&, float*);
template void winograd_weight_grad(const PatchGrid&, const WinogradPlan&, const double*,
                                   const OutputMap<const double>&, double*);

}  // namespace kintsugi::cpu

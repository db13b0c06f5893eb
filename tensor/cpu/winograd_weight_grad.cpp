#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector.h"
#include "tensor/cpu/winograd.h"
#include "tensor/cpu/winograd_matrices.h"

namespace kintsugi::cpu {
namespace {

/// Row kRow of Bᵀ d B, n numbers `products` apart, at one channel or a vector of them.
template <class V, int kOutputs, int kTaps, size_t kRow, class T, size_t kPixels>
void transform_input_row(const std::array<const T*, kPixels>& d, int64_t channel, T* v,
                         int64_t products) {
  constexpr int kPoints = kOutputs + kTaps - 1;
  V x[kPixels], y[kPoints];
#pragma GCC unroll 36
  for (size_t k = 0; k < kPixels; ++k) x[k] = load<V>(d[k] + channel);
  transform_row<kRow, T>(kWinograd<kOutputs, kTaps>.b, x, y);
#pragma GCC unroll 36
  for (int k = 0; k < kPoints; ++k) store(y[k], v + k * products);
}

// lab 12: hide
// lab 12: instead /// Row kRow of the gradient of M; dy that of the tile's m x m pixels Y.
/// Row kRow of A dY Aᵀ.
// lab 12: end
template <class V, int kOutputs, int kTaps, size_t kRow, class T, size_t kPixels>
void transform_cotangent_row(const std::array<const T*, kPixels>& dy, int64_t channel, T* m,
                             int64_t products) {
  constexpr int kPoints = kOutputs + kTaps - 1;
  // lab 12: begin what Aᵀ M A becomes backwards: row kRow
  V x[kPixels], y[kPoints];
#pragma GCC unroll 36
  for (size_t k = 0; k < kPixels; ++k) x[k] = dy[k] ? load<V>(dy[k] + channel) : V{};
  transform_row<kRow, T>(kWinograd<kOutputs, kTaps>.a_transposed, x, y);
#pragma GCC unroll 36
  for (int k = 0; k < kPoints; ++k) store(y[k], m + k * products);
  // lab 12: end
}

// lab 12: hide
// lab 12: instead /// g, the gradient of the r x r taps (nullptr: the phase has none), from
// lab 12: instead /// u, that of the n x n products U, `matrix` apart.
/// g = Gᵀ u G; u the n x n products, `matrix` apart, and g the r x r taps, nullptr where the phase
/// has none.
// lab 12: end
template <class V, int kOutputs, int kTaps, class T>
void transform_products(const T* u, int64_t matrix, const std::array<T*, size_t{kTaps} * kTaps>& g,
                        int64_t at) {
  constexpr int kPoints = kOutputs + kTaps - 1;
  // lab 12: begin what G g Gᵀ becomes backwards, into the taps that there are
  V x[kPoints * kPoints], y[kTaps * kTaps];
#pragma GCC unroll 36
  for (int k = 0; k < kPoints * kPoints; ++k) x[k] = load<V>(u + at + k * matrix);
  transform<T>(kWinograd<kOutputs, kTaps>.g_transposed, x, y);
#pragma GCC unroll 36
  for (size_t k = 0; k < g.size(); ++k)
    if (g[k]) store(y[k], g[k] + at);
  // lab 12: end
}

/// Tiles whose transforms lie in the cache together. They never leave it: transforms that are
/// written out for all tiles and multiplied afterwards take up to twice the time, for want of
/// bandwidth. The price is that each row of products reads the maps anew.
constexpr int64_t kBlockTiles = 128;
constexpr int64_t kCachedSums = 262144;  // numbers that lie in L2 with them

/// body.operator()<row>(): for a row that is known when compiled, so are the factors, and zeros
/// cost nothing.
template <size_t kRows, class Body>
void dispatch_row(size_t row, Body&& body) {
  [&]<size_t... kRow>(std::index_sequence<kRow...>) {
    ((kRow == row ? body.template operator()<kRow>() : void()), ...);
  }
  (std::make_index_sequence<kRows>{});
}

/// The n² products [phases·in, out], summed over the tiles: [parts, n², phases·in, out], of which
/// the parts are still to be added up. A task makes one row of n products over one part; of some
/// phases alone, where the sums of all would not stay in the cache.
template <int kOutputs, int kTaps, class T>
Tensor partial_products(const PatchGrid& grid, const WinogradPlan& plan, const WinogradRuns& runs,
                        const T* source, const OutputMap<const T>& dy) {
  constexpr int kPoints = kOutputs + kTaps - 1;
  const int64_t in = grid.channels, out = dy.channels, phases = plan.phases();
  const int64_t matrix = phases * in * out;
  int64_t groups = 1;
  while (phases % (2 * groups) == 0 && kPoints * matrix > kCachedSums * groups) groups *= 2;
  const int64_t depth = phases / groups * in;
  const WinogradTiles<T, kOutputs, kTaps> covering(grid, plan, source);
  const int64_t wanted = std::clamp<int64_t>(131072 / matrix, groups > 1 ? 1 : 2, 4);
  const Blocks parts(covering.count(), (covering.count() + wanted - 1) / wanted);
  const int64_t pitch_in = padded_pitch<T>(depth), pitch_out = padded_pitch<T>(out);

  Tensor sums = Tensor::empty({parts.count, kPoints * kPoints, matrix}, {.dtype = dtype_of<T>});
  parallel_for(parts.count * kPoints * groups, 1, [&](int64_t task, int64_t) {
    const int64_t part = task / groups / kPoints, row = task / groups % kPoints;
    const int64_t first_phase = task % groups * (phases / groups);
    const WinogradRun in_row = runs[static_cast<size_t>(row * kPoints)].back();
    if (first_phase >= in_row.first + in_row.count) return;  // the last row leaves them out
    T* u = sums.data<T>() + (part * kPoints + row) * kPoints * matrix + first_phase * in * out;
    const Blocks blocks(parts.length(part), kBlockTiles);
    std::vector<T*> c(static_cast<size_t>(depth));
    for (int64_t block = 0; block < blocks.count; ++block) {
      const int64_t first = parts.begin(part) + blocks.begin(block);
      const int64_t tiles = blocks.length(block);
      T* v = scratch<T>(Slot::patches, kPoints * blocks.size * (pitch_in + pitch_out));
      T* m = v + kPoints * tiles * pitch_in;  // v [n, tiles, depth], m [n, tiles, out]
      dispatch_row<kPoints>(static_cast<size_t>(row), [&]<size_t kRow>() {
        for (int64_t i = 0; i < tiles; ++i) {
          for (int64_t at = 0; at < depth; at += in) {
            const auto d = covering.inputs(first + i, static_cast<size_t>(first_phase + at / in));
            T* to = v + i * pitch_in + at;
            for_channels<T>(in, [&]<class V>(int64_t channel) {
              transform_input_row<V, kOutputs, kTaps, kRow>(d, channel, to + channel,
                                                            tiles * pitch_in);
            });
          }
          const auto cotangent = covering.outputs(first + i, grid, dy);
          T* to = m + i * pitch_out;
          for_channels<T>(out, [&]<class V>(int64_t channel) {
            transform_cotangent_row<V, kOutputs, kTaps, kRow>(cotangent, channel, to + channel,
                                                              tiles * pitch_out);
          });
        }
      });
      T* panels = scratch<T>(Slot::panels, Panels<T>::size(blocks.size, out));
      for (int64_t k = 0; k < kPoints; ++k) {
        for (int64_t r = 0; r < depth; ++r) c[static_cast<size_t>(r)] = u + k * matrix + r * out;
        pack(m + k * tiles * pitch_out, pitch_out, 1, tiles, Panels<T>{panels, tiles, out});
        for (const WinogradRun& run : runs[static_cast<size_t>(row * kPoints + k)]) {
          const int64_t begin = std::max(run.first, first_phase) - first_phase;
          const int64_t end = std::min(run.first + run.count - first_phase, depth / in);
          if (begin >= end) continue;
          multiply<T>({.rows = (end - begin) * in,
                       .columns = out,
                       .depth = tiles,
                       .a = v + k * tiles * pitch_in + begin * in,
                       .a_stride = pitch_in,
                       .a_transposed = true,
                       .b = panels,
                       .c = c.data() + begin * in,
                       .accumulate = block > 0});
        }
      }
    }
  });
  return sums;
}

template <int kOutputs, int kTaps, class T>
void weight_grad(const PatchGrid& grid, const WinogradPlan& plan, const T* source,
                 const OutputMap<const T>& dy, T* dw) {
  constexpr int kPoints = kOutputs + kTaps - 1, kProducts = kPoints * kPoints;
  const int64_t in = grid.channels, out = dy.channels;
  const int64_t matrix = plan.phases() * in * out;
  const auto kernel_width = static_cast<int64_t>(grid.tap_x.size());
  const WinogradRuns runs = winograd_runs(plan.y, plan.x, kTaps, kPoints);
  Tensor sums = partial_products<kOutputs, kTaps>(grid, plan, runs, source, dy);
  const int64_t parts = sums.size(0);
  parallel_for(plan.phases() * in, 8, [&](int64_t begin, int64_t end) {
    T* u = sums.data<T>();
    for (int64_t k = 0; k < kProducts; ++k)
      for (const WinogradRun& run : runs[static_cast<size_t>(k)]) {
        const int64_t first = k * matrix + std::max(begin, run.first * in) * out;
        const int64_t last = k * matrix + std::min(end, (run.first + run.count) * in) * out;
        for (int64_t part = 1; part < parts; ++part)
          for (int64_t i = first; i < last; ++i) u[i] += u[part * kProducts * matrix + i];
      }
    for (int64_t row = begin; row < end; ++row) {
      const auto phase = static_cast<size_t>(row / in);
      const WinogradAxis::Phase& y = plan.y.phases[phase / plan.x.phases.size()];
      const WinogradAxis::Phase& x = plan.x.phases[phase % plan.x.phases.size()];
      std::array<T*, size_t{kTaps} * kTaps> taps{};
      for (int64_t i = 0; i < y.taps; ++i)
        for (int64_t j = 0; j < x.taps; ++j) {
          const int64_t tap_y = y.first_tap + i * plan.y.step;
          const int64_t tap_x = x.first_tap + j * plan.x.step;
          taps[static_cast<size_t>(i * kTaps + j)] =
              dw + ((tap_y * kernel_width + tap_x) * in + row % in) * out;
        }
      for_channels<T>(out, [&]<class V>(int64_t channel) {
        // Products that the phase was left out of were not set; nor do its taps depend on them.
        transform_products<V, kOutputs, kTaps>(u + row * out, matrix, taps, channel);
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

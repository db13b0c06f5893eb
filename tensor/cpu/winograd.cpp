#include "tensor/cpu/winograd.h"

#include <algorithm>
#include <array>
#include <vector>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector.h"
#include "tensor/cpu/winograd_matrices.h"

namespace kintsugi::cpu {
namespace {

// A block of tiles keeps its transformed inputs in the L2 cache while all weights pass by, for some
// output channels at a time, whose products stay there too. The weights' transforms do not fit: the
// more tiles a block has, the less often they are read. 28 tiles are two whole register tiles.
constexpr int64_t kBlockTiles = 28, kBlockChannels = 64;

/// U = G g Gᵀ at one place of the packed matrices; g the r x r taps, `taps` apart, and U the n x n
/// products, `products` apart.
template <class V, int kOutputs, int kTaps, class T>
void transform_weights(const T* g, int64_t taps, T* u, int64_t products) {
  // lab 12: begin U = G g Gᵀ
  constexpr auto& kMatrices = kWinograd<kOutputs, kTaps>;
  constexpr int kPoints = kMatrices.kPoints;
  V x[kTaps * kTaps], y[kPoints * kPoints];
#pragma GCC unroll 36
  for (int k = 0; k < kTaps * kTaps; ++k) x[k] = load<V>(g + k * taps);
  transform<T>(kMatrices.g, x, y);
#pragma GCC unroll 36
  for (int k = 0; k < kPoints * kPoints; ++k) store(y[k], u + k * products);
  // lab 12: end
}

/// Bᵀ d B at one channel (or a vector of them); d the tile's n x n pixels.
template <class V, int kOutputs, int kTaps, class T, size_t kPixels>
void transform_input(const std::array<const T*, kPixels>& d, int64_t channel, T* v,
                     int64_t products) {
  // lab 12: begin V = Bᵀ d B
  V x[kPixels], y[kPixels];
#pragma GCC unroll 36
  for (size_t k = 0; k < kPixels; ++k) x[k] = load<V>(d[k] + channel);
  transform<T>(kWinograd<kOutputs, kTaps>.b, x, y);
#pragma GCC unroll 36
  for (size_t k = 0; k < kPixels; ++k) store(y[k], v + static_cast<int64_t>(k) * products);
  // lab 12: end
}

/// Aᵀ M A with the epilogue; y the tile's m x m pixels, nullptr beyond the border.
template <class V, int kOutputs, int kTaps, class T, size_t kPixels>
void transform_output(const T* m, int64_t products, int64_t channel, const T* bias, bool relu,
                      const std::array<T*, kPixels>& y) {
  // lab 12: begin Aᵀ M A, plus bias, ReLU where wanted, into the pixels that there are
  constexpr auto& kMatrices = kWinograd<kOutputs, kTaps>;
  constexpr int kProducts = kMatrices.kPoints * kMatrices.kPoints;
  V x[kProducts], result[kPixels];
#pragma GCC unroll 36
  for (int k = 0; k < kProducts; ++k) x[k] = load<V>(m + channel + k * products);
  transform<T>(kMatrices.a, x, result);
  const V shift = bias ? load<V>(bias + channel) : V{};
#pragma GCC unroll 36
  for (size_t k = 0; k < kPixels; ++k) {
    if (!y[k]) continue;
    const V value = result[k] + shift;
    store<V>(relu ? (value < 0 ? V{} : value) : value, y[k] + channel);
  }
  // lab 12: end
}

/// The matrices U of all n² products, as WinogradWeights.
template <int kOutputs, int kTaps, class T>
Tensor transformed_weights(const typename WinogradJob<T>::Filter& filter) {
  constexpr int kPoints = kOutputs + kTaps - 1;
  const TapMatrices<T>& weights = filter.part->weights;
  const int64_t in = filter.part->grid.channels, out = filter.part->y.channels;
  const auto phases = static_cast<int64_t>(filter.y.phases.size() * filter.x.phases.size());
  const int64_t width = Panels<T>::size(1, 1), depth = phases * in;
  const WinogradWeights<T> layout(kPoints * kPoints, depth, out);
  const int64_t size = in * width;
  Tensor u = Tensor::empty(layout.shape(), {.dtype = dtype_of<T>});
  parallel_for((out + width - 1) / width, 1, [&](int64_t panel, int64_t) {
    const int64_t column = panel * width;
    T* g = scratch<T>(Slot::panels, int64_t{kTaps} * kTaps * size);
    T* to = u.data<T>() + layout.index(0, 0, column);
    for (const WinogradAxis::Phase& y : filter.y.phases)
      for (const WinogradAxis::Phase& x : filter.x.phases) {
        for (int64_t i = 0; i < kTaps; ++i)
          for (int64_t j = 0; j < kTaps; ++j) {
            T* tap = g + (i * kTaps + j) * size;
            if (i >= y.taps || j >= x.taps) {
              std::fill_n(tap, size, T{0});
              continue;
            }
            const T* from =
                weights.at(y.first_tap + i * filter.y.step, x.first_tap + j * filter.x.step);
            pack(from + column * weights.column_stride, weights.row_stride, weights.column_stride,
                 in, Panels<T>{tap, in, std::min(width, out - column)});
          }
        for (int64_t i = 0; i < size; i += kLanes<T>)
          transform_weights<Vector<T>, kOutputs, kTaps>(g + i, size, to + i, layout.matrix);
        to += size;
      }
  });
  return u;
}

/// Every filter's transformed weights, from `kept` where they are there.
template <int kOutputs, int kTaps, class T>
std::vector<Tensor> all_transformed_weights(const WinogradJob<T>& job, const T* w,
                                            KeptWeights* kept) {
  std::vector<Tensor> all;
  for (const auto& filter : job.filters) {
    const auto make = [&] { return transformed_weights<kOutputs, kTaps, T>(filter); };
    const PatchGrid& grid = filter.part->grid;
    const TapMatrices<T>& taps = filter.part->weights;
    const std::vector<int64_t> key{taps.first - w,
                                   taps.tap_y_stride,
                                   taps.row_stride,
                                   grid.step,
                                   static_cast<int64_t>(grid.tap_y.size()),
                                   static_cast<int64_t>(grid.tap_x.size()),
                                   kOutputs,
                                   kTaps};
    all.push_back(kept ? kept->get(key, make) : make());
  }
  return all;
}

template <int kOutputs, int kTaps, class T>
void convolve(const WinogradJob<T>& job, const T* source, const std::vector<Tensor>& weights,
              const Epilogue& epilogue) {
  constexpr int kPoints = kOutputs + kTaps - 1, kProducts = kPoints * kPoints;
  const T* bias = epilogue.bias.defined() ? epilogue.bias.data<T>() : nullptr;
  const int64_t in = job.grid.channels, out = job.filters[0].part->y.channels;
  const int64_t phases = job.plan.phases(), depth = phases * in;
  const WinogradTiles<T, kOutputs, kTaps> covering(job.grid, job.plan, source);
  const int64_t pitch_in = padded_pitch<T>(depth);
  const WinogradWeights<T> layout(kProducts, depth, out);
  const int64_t pitch_out = padded_pitch<T>(layout.columns);
  const Blocks blocks(covering.count(), kBlockTiles, 2);
  std::vector<WinogradRuns> runs;
  for (const auto& filter : job.filters)
    runs.push_back(winograd_runs(filter.y, filter.x, kTaps, kPoints));

  parallel_for(blocks.count, 1, [&](int64_t block, int64_t) {
    const int64_t first = blocks.begin(block), tiles = blocks.length(block);
    T* v = scratch<T>(Slot::patches, kProducts * blocks.size * pitch_in);  // [n², tiles, depth]
    T* m = scratch<T>(Slot::panels, kProducts * blocks.size * pitch_out);  // [n², tiles, columns]
    std::array<T*, kProducts * kBlockTiles> rows;
    for (int64_t i = 0; i < kProducts * tiles; ++i)
      rows[static_cast<size_t>(i)] = m + i * pitch_out;

    for (int64_t i = 0; i < tiles; ++i)
      for (int64_t phase = 0; phase < phases; ++phase) {
        const auto d = covering.inputs(first + i, static_cast<size_t>(phase));
        T* to = v + i * pitch_in + phase * in;
        for_channels<T>(in, [&]<class V>(int64_t channel) {
          transform_input<V, kOutputs, kTaps>(d, channel, to + channel, tiles * pitch_in);
        });
      }
    for (size_t filter = 0; filter < weights.size(); ++filter) {
      const auto& [part, own_y, own_x, shift_y, shift_x] = job.filters[filter];
      const Tensor& u = weights[filter];
      const int64_t next_tile = kOutputs * job.plan.x.dilation * part->y.step * part->y.channels;
      for (int64_t column = 0; column < out; column += layout.columns) {
        const int64_t columns = std::min(layout.columns, out - column);
        for (int64_t k = 0; k < kProducts; ++k)
          for (const WinogradRun& run : runs[filter][static_cast<size_t>(k)]) {
            const int64_t from = run.first * in;
            const T* matrix = u.data<T>() + layout.index(k, from, column);
            // lab 12: begin product k of the block, of the transforms' channels from `from` on
            multiply<T>({.rows = tiles,
                         .columns = columns,
                         .depth = run.count * in,
                         .a = v + k * tiles * pitch_in + from,
                         .a_stride = pitch_in,
                         .b = matrix,
                         .b_depth = depth,
                         .c = rows.data() + k * tiles,
                         .accumulate = from > 0});
            // lab 12: end
          }
        for (int64_t i = 0; i < tiles; ++i) {
          auto pixels = covering.outputs(first + i, part->grid, part->y, shift_y, shift_x);
          for (T*& pixel : pixels)
            if (pixel) pixel += column;
          for_channels<T>(columns, [&]<class V>(int64_t channel) {
            for (T* pixel : pixels)  // the next tile's: memory beyond L2 is slow to write to
              if (pixel) __builtin_prefetch(pixel + channel + next_tile, 1);
            transform_output<V, kOutputs, kTaps>(m + i * pitch_out, tiles * pitch_out, channel,
                                                 bias ? bias + column : nullptr, epilogue.relu,
                                                 pixels);
          });
        }
      }
    }
  });
}

/// The smallest grid that all parts' tiles and taps lie in.
template <class T>
PatchGrid joint_grid(const std::vector<ConvPart<T>>& parts) {
  PatchGrid joint = parts[0].grid;
  const auto join = [&](std::vector<int64_t> PatchGrid::*taps, int64_t PatchGrid::*count) {
    int64_t first = (joint.*taps)[0];
    for (const ConvPart<T>& part : parts) {
      if ((part.grid.*taps).size() > (joint.*taps).size()) joint.*taps = part.grid.*taps;
      first = std::min(first, (part.grid.*taps)[0]);
    }
    const int64_t move = first - (joint.*taps)[0];
    for (int64_t& tap : joint.*taps) tap += move;
    for (const ConvPart<T>& part : parts)
      joint.*count = std::max(joint.*count, part.grid.*count + (part.grid.*taps)[0] - first);
  };
  join(&PatchGrid::tap_y, &PatchGrid::rows);
  join(&PatchGrid::tap_x, &PatchGrid::columns);
  return joint;
}

/// The axes of each part.
template <class T>
std::vector<std::array<WinogradAxis, 2>> axes_of(const std::vector<ConvPart<T>>& parts) {
  std::vector<std::array<WinogradAxis, 2>> axes;
  for (const auto& [grid, weights, y] : parts)
    axes.push_back({WinogradAxis(grid.tap_y, grid.step), WinogradAxis(grid.tap_x, grid.step)});
  return axes;
}

}  // namespace

template <class T>
WinogradJob<T>::WinogradJob(const std::vector<ConvPart<T>>& parts)
    : WinogradJob(parts, axes_of(parts)) {}

template <class T>
WinogradJob<T>::WinogradJob(const std::vector<ConvPart<T>>& parts,
                            const std::vector<std::array<WinogradAxis, 2>>& axes)
    : grid(joint_grid(parts)),
      plan(grid, static_cast<int64_t>(parts.size()) * parts[0].y.channels, axes) {
  for (size_t i = 0; i < parts.size(); ++i)
    filters.push_back({&parts[i], axes[i][0], axes[i][1], parts[i].grid.tap_y[0] - grid.tap_y[0],
                       parts[i].grid.tap_x[0] - grid.tap_x[0]});
}
template struct WinogradJob<float>;
template struct WinogradJob<double>;

template <class T>
WinogradWeights<T>::WinogradWeights(int64_t all_products, int64_t all_depth, int64_t all_out)
    : products(all_products), depth(all_depth), out(all_out) {
  const int64_t width = Panels<T>::size(1, 1);
  columns = std::min(kBlockChannels, (out + width - 1) / width * width);
  matrix = Panels<T>::size(depth, columns) + kLanes<T>;
}

template <class T>
int64_t WinogradWeights<T>::index(int64_t k, int64_t row, int64_t column) const {
  const int64_t width = Panels<T>::size(1, 1), in_block = column % columns;
  return (column / columns * products + k) * matrix + in_block / width * width * depth +
         row * width + in_block % width;
}
template struct WinogradWeights<float>;
template struct WinogradWeights<double>;

template <class T>
void winograd(const WinogradJob<T>& job, const T* source, const T* w, const Epilogue& epilogue,
              KeptWeights* kept) {
  dispatch_plan(job.plan, [&]<int kOutputs, int kTaps>() {
    convolve<kOutputs, kTaps>(job, source, all_transformed_weights<kOutputs, kTaps>(job, w, kept),
                              epilogue);
  });
}
template void winograd(const WinogradJob<float>&, const float*, const float*, const Epilogue&,
                       KeptWeights*);
template void winograd(const WinogradJob<double>&, const double*, const double*, const Epilogue&,
                       KeptWeights*);

}  // namespace kintsugi::cpu

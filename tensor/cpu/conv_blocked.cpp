// The third rung: patches are gathered into a block that stays in the cache, multiplied with
// weights that are packed once, and forgotten.
#include <algorithm>
#include <array>

#include "tensor/cpu/conv_rungs.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi::cpu {
namespace {

/// Packs the weights of entries first … of the patches, as many as the panels are deep, from
/// `column` on.
template <class T>
void pack_weights(const TapMatrices<T>& weights, const PatchGrid& grid, int64_t first,
                  int64_t column, const Panels<T>& panels) {
  const auto taps_x = static_cast<int64_t>(grid.tap_x.size());
  for (int64_t packed = 0; packed < panels.depth;) {
    const int64_t tap = (first + packed) / grid.channels;
    const int64_t channel = (first + packed) % grid.channels;
    const int64_t rows = std::min(grid.channels - channel, panels.depth - packed);
    const T* matrix = weights.at(tap / taps_x, tap % taps_x);
    pack(matrix + channel * weights.row_stride + column * weights.column_stride, weights.row_stride,
         weights.column_stride, rows, panels, packed);
    packed += rows;
  }
}

constexpr int64_t kFewPatches = int64_t{1} << 22;  // elements

}  // namespace

template <class T>
void convolve_blocked(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
                      const Epilogue& epilogue, const OutputMap<T>& y) {
  const int64_t patch_size = grid.patch_size();
  const T* bias = epilogue.bias.defined() ? epilogue.bias.data<T>() : nullptr;
  const bool identity = grid.is_identity();
  const Tasks<T> tasks(grid.pixels(), y.channels, patch_size);
  const int64_t pitch = identity ? patch_size : padded_pitch<T>(tasks.depth.size);

  // Weights that many tasks use are packed once, those that few use where they are used.
  const int64_t panels_size = Panels<T>::size(tasks.depth.size, tasks.columns.size);
  Tensor packed;
  if (tasks.rows.count > 2) {
    packed = Tensor::empty({tasks.columns.count * tasks.depth.count, panels_size},
                           {.dtype = dtype_of<T>});
    parallel_for(packed.size(0), 1, [&](int64_t block, int64_t) {
      const int64_t column_block = block / tasks.depth.count, step = block % tasks.depth.count;
      pack_weights(weights, grid, tasks.depth.begin(step), tasks.columns.begin(column_block),
                   Panels<T>{packed.data<T>() + block * panels_size, tasks.depth.length(step),
                             tasks.columns.length(column_block)});
    });
  }

  // So are patches that many tasks use, where they are few.
  Tensor gathered;
  const int64_t gathered_pitch = padded_pitch<T>(patch_size);
  if (!identity && tasks.columns.count > 2 && grid.pixels() * gathered_pitch <= kFewPatches) {
    gathered = Tensor::empty({grid.pixels(), gathered_pitch}, {.dtype = dtype_of<T>});
    parallel_for(grid.pixels(), 16, [&](int64_t begin, int64_t end) {
      gather_patches(grid, source, begin, end - begin, 0, patch_size,
                     gathered.data<T>() + begin * gathered_pitch, gathered_pitch);
    });
  }

  parallel_for(
      tasks.count(), 1,
      [&](int64_t task, int64_t) {
        const int64_t row_block = task / tasks.columns.count;
        const int64_t column_block = task % tasks.columns.count;
        const int64_t pixel = tasks.rows.begin(row_block), pixels = tasks.rows.length(row_block);
        const int64_t column = tasks.columns.begin(column_block);
        std::array<T*, kMaxBlockRows> c;
        for (int64_t i = 0; i < pixels; ++i)
          c[static_cast<size_t>(i)] = y.pixel(grid, pixel + i) + column;

        for (int64_t step = 0; step < tasks.depth.count; ++step) {
          const int64_t entry = tasks.depth.begin(step), entries = tasks.depth.length(step);
          const T* a = source + pixel * patch_size + entry;
          int64_t a_stride = pitch;
          if (gathered.defined()) {
            a = gathered.data<T>() + pixel * gathered_pitch + entry;
            a_stride = gathered_pitch;
          } else if (!identity) {
            T* patches = scratch<T>(Slot::patches, pixels * pitch);
            gather_patches(grid, source, pixel, pixels, entry, entries, patches, pitch);
            a = patches;  // [pixels, entries]
          }
          Panels<T> panels{nullptr, entries, tasks.columns.length(column_block)};
          if (packed.defined()) {
            panels.data =
                packed.data<T>() + (column_block * tasks.depth.count + step) * panels_size;
          } else {
            panels.data = scratch<T>(Slot::panels, panels_size);
            pack_weights(weights, grid, entry, column, panels);
          }
          const bool last = step + 1 == tasks.depth.count;
          multiply<T>({.rows = pixels,
                       .columns = panels.columns,
                       .depth = entries,
                       .a = a,
                       .a_stride = a_stride,
                       .b = panels.data,
                       .c = c.data(),
                       .accumulate = step > 0,
                       .bias = last && bias ? bias + column : nullptr,
                       .relu = last && epilogue.relu});
        }
      },
      grid.pixels() * patch_size * y.channels);
}

template void convolve_blocked(const PatchGrid&, const float*, const TapMatrices<float>&,
                               const Epilogue&, const OutputMap<float>&);
template void convolve_blocked(const PatchGrid&, const double*, const TapMatrices<double>&,
                               const Epilogue&, const OutputMap<double>&);

/// A task owns some rows of dw and a part of the pixels; the parts are added in order. A part is
/// worked through in steps, whose pixels of dy are packed once where several tasks multiply by
/// them.
template <class T>
void weight_grad_blocked(const PatchGrid& grid, const T* source, const OutputMap<const T>& dy,
                         T* dw) {
  constexpr int64_t kEntries = 192, kMinTasks = 16, kMinPixels = 512;
  const int64_t out = dy.channels, pixels = grid.pixels();
  const int64_t matrix = grid.patch_size() * out;
  const Blocks entries(grid.patch_size(), kEntries, kMinTasks / 2);
  const int64_t wanted = entries.count > 0 ? (kMinTasks + entries.count - 1) / entries.count : 1;
  const Blocks parts(pixels, std::max((pixels + wanted - 1) / wanted, kMinPixels));
  const int64_t step_limit = std::clamp<int64_t>(65536 / std::max<int64_t>(out, 1), 64, 256);
  const int64_t pitch = padded_pitch<T>(entries.size);
  if (pixels == 0) {
    std::fill_n(dw, matrix, T{0});
    return;
  }

  const int64_t panels_size = Panels<T>::size(std::min(step_limit, parts.size), out);
  const int64_t most_steps = Blocks(parts.size, step_limit).count;
  const auto pack_step = [&](int64_t part, const Blocks& steps, int64_t step, T* panels) {
    const int64_t length = steps.length(step);
    pack(dy.data + (parts.begin(part) + steps.begin(step)) * out, out, 1, length,
         Panels<T>{panels, length, out});
  };
  Tensor packed;
  if (entries.count > 1) {
    packed = Tensor::empty({parts.count * most_steps, panels_size}, {.dtype = dtype_of<T>});
    parallel_for(parts.count * most_steps, 1, [&](int64_t index, int64_t) {
      const Blocks steps(parts.length(index / most_steps), step_limit);
      if (index % most_steps < steps.count)
        pack_step(index / most_steps, steps, index % most_steps,
                  packed.data<T>() + index * panels_size);
    });
  }

  Tensor partial;
  if (parts.count > 1) partial = Tensor::empty({parts.count, matrix}, {.dtype = dtype_of<T>});
  T* sums = parts.count > 1 ? partial.data<T>() : dw;
  parallel_for(
      entries.count * parts.count, 1,
      [&](int64_t task, int64_t) {
        const int64_t part = task / entries.count, block = task % entries.count;
        const int64_t entry = entries.begin(block), rows = entries.length(block);
        std::array<T*, kEntries> c;
        for (int64_t r = 0; r < rows; ++r)
          c[static_cast<size_t>(r)] = sums + part * matrix + (entry + r) * out;

        const Blocks steps(parts.length(part), step_limit);
        T* patches = scratch<T>(Slot::patches, steps.size * pitch);
        for (int64_t step = 0; step < steps.count; ++step) {
          const int64_t pixel = parts.begin(part) + steps.begin(step), length = steps.length(step);
          gather_patches(grid, source, pixel, length, entry, rows, patches, pitch);
          T* panels;
          if (packed.defined()) {
            panels = packed.data<T>() + (part * most_steps + step) * panels_size;
          } else {
            panels = scratch<T>(Slot::panels, panels_size);
            pack_step(part, steps, step, panels);
          }
          multiply<T>({.rows = rows,
                       .columns = out,
                       .depth = length,
                       .a = patches,
                       .a_stride = pitch,
                       .a_transposed = true,
                       .b = panels,
                       .c = c.data(),
                       .accumulate = step > 0});
        }
      },
      pixels * matrix);
  if (parts.count == 1) return;
  parallel_for(matrix, kParallelGrain, [&](int64_t begin, int64_t end) {
    std::copy(sums + begin, sums + end, dw + begin);
    for (int64_t part = 1; part < parts.count; ++part)
      for (int64_t i = begin; i < end; ++i) dw[i] += sums[part * matrix + i];
  });
}
template void weight_grad_blocked(const PatchGrid&, const float*, const OutputMap<const float>&,
                                  float*);
template void weight_grad_blocked(const PatchGrid&, const double*, const OutputMap<const double>&,
                                  double*);

}  // namespace kintsugi::cpu

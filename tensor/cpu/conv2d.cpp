#include <algorithm>
#include <array>
#include <vector>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/conv_patches.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/winograd.h"

namespace kintsugi {
namespace {

using namespace cpu;

/// Where the results of a grid's pixels go: pixel (n, y, x) of the grid is pixel
/// (n, y·step + first_y, x·step + first_x) of a map [N, height, width, channels].
template <class T>
struct Target {
  Target(Tensor& y, int64_t y_step = 1, int64_t y_first = 0, int64_t x_first = 0)
      : map(y.data<T>()),
        height(y.size(1)),
        width(y.size(2)),
        channels(y.size(3)),
        step(y_step),
        first_y(y_first),
        first_x(x_first) {}

  T* pixel(const PatchGrid& grid, int64_t index) const {
    const int64_t x = index % grid.columns * step + first_x;
    const int64_t y = index / grid.columns % grid.rows * step + first_y;
    const int64_t image = index / grid.columns / grid.rows;
    return map + ((image * height + y) * width + x) * channels;
  }

  T* map;
  int64_t height, width, channels;
  int64_t step, first_y, first_x;
};

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

/// target = patches · weights, with the epilogue.
template <class T>
void convolve(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
              const Epilogue& epilogue, const Target<T>& target) {
  if (target.step == 1 && winograd_suits(grid, target.channels)) {
    winograd(grid, source, weights, epilogue, target.channels, target.map);
    return;
  }
  const int64_t patch_size = grid.patch_size();
  const T* bias = epilogue.bias.defined() ? epilogue.bias.data<T>() : nullptr;
  const bool identity = grid.is_identity();
  const Tasks<T> tasks(grid.pixels(), target.channels, patch_size);
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

  parallel_for(
      tasks.count(), 1,
      [&](int64_t task, int64_t) {
        const int64_t row_block = task / tasks.columns.count;
        const int64_t column_block = task % tasks.columns.count;
        const int64_t pixel = tasks.rows.begin(row_block), pixels = tasks.rows.length(row_block);
        const int64_t column = tasks.columns.begin(column_block);
        std::array<T*, kMaxBlockRows> c;
        for (int64_t i = 0; i < pixels; ++i)
          c[static_cast<size_t>(i)] = target.pixel(grid, pixel + i) + column;

        for (int64_t step = 0; step < tasks.depth.count; ++step) {
          const int64_t entry = tasks.depth.begin(step), entries = tasks.depth.length(step);
          const T* a = source + pixel * patch_size + entry;
          if (!identity) {
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
                       .a_stride = pitch,
                       .b = panels.data,
                       .c = c.data(),
                       .accumulate = step > 0,
                       .bias = last && bias ? bias + column : nullptr,
                       .relu = last && epilogue.relu});
        }
      },
      grid.pixels() * patch_size * target.channels);
}

/// One of the stride² classes of pixels of conv2d's input, those with (y mod stride, x mod stride)
/// = (class_y, class_x). Output pixel o reaches input pixel y through tap i where
///   o·stride + i·dilation − padding = y,
/// so within a class the same taps reach every pixel, from outputs that move by 1 from one pixel of
/// the class to the next: a convolution of dy without any stride.
struct ClassTaps {
  std::vector<int64_t> offsets;         ///< o for y = class_y, ascending, one for each tap
  int64_t first_tap = 0, tap_step = 0;  ///< the taps are first_tap, first_tap + tap_step, …
};

ClassTaps class_taps(int64_t class_y, int64_t kernel, const Window& window) {
  ClassTaps result;
  int64_t last_tap = 0;
  for (int64_t tap = kernel - 1; tap >= 0; --tap) {
    const int64_t distance = class_y + window.padding - tap * window.dilation;
    if (distance % window.stride != 0) continue;
    if (result.offsets.empty()) result.first_tap = tap;
    if (result.offsets.size() == 1) result.tap_step = tap - last_tap;
    result.offsets.push_back(distance / window.stride);
    last_tap = tap;
  }
  return result;
}

template <class T>
void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                Tensor& dx) {
  const int64_t in = w.size(2), out = w.size(3), stride = window.stride;
  for (int64_t first_y = 0; first_y < std::min(stride, dx.size(1)); ++first_y) {
    const ClassTaps y = class_taps(first_y, window.kernel_h, window);
    for (int64_t first_x = 0; first_x < std::min(stride, dx.size(2)); ++first_x) {
      const ClassTaps x = class_taps(first_x, window.kernel_w, window);
      const PatchGrid grid{dy.size(0),
                           dy.size(1),
                           dy.size(2),
                           out,
                           (dx.size(1) - first_y + stride - 1) / stride,
                           (dx.size(2) - first_x + stride - 1) / stride,
                           1,
                           y.offsets,
                           x.offsets};
      // Every tap's matrix transposed: [out, in].
      const int64_t row = window.kernel_w * in * out;
      const TapMatrices<T> matrices{w.data<T>() + y.first_tap * row + x.first_tap * in * out,
                                    y.tap_step * row, x.tap_step * in * out, 1, out};
      convolve(grid, dy.data<T>(), matrices, epilogue, Target<T>(dx, stride, first_y, first_x));
    }
  }
}

/// dw [patch size, out] = patchesᵀ · dy. A task owns some rows of dw and a part of the pixels; the
/// parts are added in order.
template <class T>
void weight_grad(const PatchGrid& grid, const T* source, const Tensor& dy, Tensor& dw) {
  if (winograd_suits(grid, dy.size(3))) {
    winograd_weight_grad(grid, source, dy.data<T>(), dy.size(3), dw.data<T>());
    return;
  }
  constexpr int64_t kEntries = 192, kMinTasks = 16, kMinPixels = 512;
  const int64_t out = dy.size(3), pixels = grid.pixels();
  const Blocks entries(grid.patch_size(), kEntries, kMinTasks / 2);
  const int64_t wanted = entries.count > 0 ? (kMinTasks + entries.count - 1) / entries.count : 1;
  const Blocks parts(pixels, std::max((pixels + wanted - 1) / wanted, kMinPixels));
  const int64_t steps_of = std::clamp<int64_t>(65536 / std::max<int64_t>(out, 1), 64, 256);
  const int64_t pitch = padded_pitch<T>(entries.size);
  if (pixels == 0) {
    std::fill_n(dw.data<T>(), dw.numel(), T{0});
    return;
  }

  Tensor partial = parts.count > 1 ? Tensor::empty({parts.count, dw.numel()}, dw.options()) : dw;
  parallel_for(
      entries.count * parts.count, 1,
      [&](int64_t task, int64_t) {
        const int64_t part = task / entries.count, block = task % entries.count;
        const int64_t entry = entries.begin(block), rows = entries.length(block);
        std::array<T*, kEntries> c;
        for (int64_t r = 0; r < rows; ++r)
          c[static_cast<size_t>(r)] = partial.data<T>() + part * dw.numel() + (entry + r) * out;

        const Blocks steps(parts.length(part), steps_of);
        T* patches = scratch<T>(Slot::patches, steps.size * pitch);
        T* panels = scratch<T>(Slot::panels, Panels<T>::size(steps.size, out));
        for (int64_t step = 0; step < steps.count; ++step) {
          const int64_t pixel = parts.begin(part) + steps.begin(step), length = steps.length(step);
          gather_patches(grid, source, pixel, length, entry, rows, patches, pitch);
          pack(dy.data<T>() + pixel * out, out, 1, length, Panels<T>{panels, length, out});
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
      pixels * dw.numel());
  if (parts.count == 1) return;
  parallel_for(dw.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
    T* sum = dw.data<T>();
    const T* addend = partial.data<T>();
    std::copy(addend + begin, addend + end, sum + begin);
    for (int64_t part = 1; part < parts.count; ++part) {
      addend += dw.numel();
      for (int64_t i = begin; i < end; ++i) sum[i] += addend[i];
    }
  });
}

}  // namespace

void CpuBackend::conv2d(const Tensor& x, const Tensor& w, const Window& window,
                        const Epilogue& epilogue, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) {
    const int64_t in = w.size(2), out = w.size(3);
    const TapMatrices<T> matrices{w.data<T>(), window.kernel_w * in * out, in * out, out, 1};
    convolve(forward_grid(x.shape(), y.shape(), window), x.data<T>(), matrices, epilogue,
             Target<T>(y));
  });
}

void CpuBackend::conv2d_input_grad(const Tensor& dy, const Tensor& w, const Window& window,
                                   const Epilogue& epilogue, Tensor& dx) {
  dispatch(dx.dtype(), [&]<class T>(T) { input_grad<T>(dy, w, window, epilogue, dx); });
}

void CpuBackend::conv2d_weight_grad(const Tensor& x, const Tensor& dy, const Window& window,
                                    Tensor& dw) {
  dispatch(dw.dtype(), [&]<class T>(T) {
    weight_grad(forward_grid(x.shape(), dy.shape(), window), x.data<T>(), dy, dw);
  });
}

}  // namespace kintsugi

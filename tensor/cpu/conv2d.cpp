// The convolution family on the CPU: what a convolution, its transpose and its weight gradient are
// in terms of patches (conv_patches.h), and which rung of the ladder computes them (conv_rungs.h).
#include <algorithm>
#include <utility>
#include <vector>

#include "tensor/cpu/backend.h"
#include "tensor/cpu/conv_choice.h"
#include "tensor/cpu/conv_rungs.h"
#include "tensor/cpu/winograd.h"

namespace kintsugi {
namespace {

using namespace cpu;

/// The taps [first, last) that touch the map from some of `count` grid pixels. A dilation as large
/// as the map leaves the middle one alone.
std::pair<int64_t, int64_t> live_taps(const std::vector<int64_t>& taps, int64_t count, int64_t step,
                                      int64_t size) {
  // lab 6: begin dead(tap): whether it is outside of [0, size) for every pixel of the grid
  // lab 6: instead auto dead = [&](int64_t) -> bool {
  // lab 6: instead   throw std::logic_error("lab 6, part 3: not written yet");
  // lab 6: instead };
  auto dead = [&](int64_t tap) { return tap + (count - 1) * step < 0 || tap >= size; };
  // lab 6: end
  auto first = static_cast<int64_t>(0), last = static_cast<int64_t>(taps.size());
  while (first < last && dead(taps[static_cast<size_t>(first)])) ++first;
  while (first < last && dead(taps[static_cast<size_t>(last - 1)])) --last;
  return {first, last};
}

/// The same grid without taps that only ever see zeros, and where they begin.
struct LiveGrid {
  explicit LiveGrid(const PatchGrid& all) : grid(all) {
    const auto y = live_taps(all.tap_y, all.rows, all.step, all.height);
    const auto x = live_taps(all.tap_x, all.columns, all.step, all.width);
    grid.tap_y.assign(all.tap_y.begin() + y.first, all.tap_y.begin() + y.second);
    grid.tap_x.assign(all.tap_x.begin() + x.first, all.tap_x.begin() + x.second);
    first_y = y.first;
    first_x = x.first;
  }

  PatchGrid grid;
  int64_t first_y = 0, first_x = 0;
};

template <class T>
OutputMap<T> map_of(const Tensor& tensor) {
  return {tensor.data<std::remove_const_t<T>>(), tensor.size(1), tensor.size(2), tensor.size(3)};
}

/// y = patches · weights, with the epilogue, by itself.
template <class T>
void convolve_part(const ConvPart<T>& part, const T* source, const T* w, const Epilogue& epilogue,
                   KeptWeights* kept) {
  const auto& [grid, weights, y] = part;
  if (grid.patch_size() == 0) return convolve_blocked(grid, source, weights, epilogue, y);
  const std::vector alone{part};
  const WinogradJob<T> job(alone);
  switch (choose_algorithm(grid, y.channels, job.plan, dtype_of<T>)) {
    case ConvAlgorithm::naive:
      return convolve_naive(grid, source, weights, epilogue, y);
    case ConvAlgorithm::patches:
      return convolve_patches(grid, source, weights, epilogue, y);
    case ConvAlgorithm::narrow:
      return convolve_narrow(grid, source, weights, epilogue, y);
    case ConvAlgorithm::winograd:
      return winograd(job, source, w, epilogue, kept);
    default:
      return convolve_blocked(grid, source, weights, epilogue, y);
  }
}

/// All parts: together where they are worth it, else each by itself.
template <class T>
void convolve(std::vector<ConvPart<T>> parts, const T* source, const T* w, const Epilogue& epilogue,
              KeptWeights* kept) {
  double plain = 0;
  bool any_dead = false;
  for (ConvPart<T>& part : parts) {
    const LiveGrid live(part.grid);
    part.grid = live.grid;
    part.weights.first = part.weights.at(live.first_y, live.first_x);
    plain += static_cast<double>(part.grid.pixels() * part.grid.patch_size() * part.y.channels);
    any_dead = any_dead || part.grid.patch_size() == 0;
  }
  if (parts.size() > 1 && !any_dead) {
    const WinogradJob<T> job(parts);
    if (joins(job.plan, plain, dtype_of<T>)) return winograd(job, source, w, epilogue, kept);
  }
  for (const ConvPart<T>& part : parts) convolve_part(part, source, w, epilogue, kept);
}

template <class T>
void live_weight_grad(const PatchGrid& grid, const T* source, const OutputMap<const T>& dy, T* dw) {
  const WinogradPlan plan(grid, dy.channels);
  switch (choose_algorithm(grid, dy.channels, plan, dtype_of<T>)) {
    case ConvAlgorithm::naive:
      return weight_grad_naive(grid, source, dy, dw);
    case ConvAlgorithm::patches:
      return weight_grad_patches(grid, source, dy, dw);
    case ConvAlgorithm::narrow:
      return weight_grad_narrow(grid, source, dy, dw);
    case ConvAlgorithm::winograd:
      return winograd_weight_grad(grid, plan, source, dy, dw);
    default:
      return weight_grad_blocked(grid, source, dy, dw);
  }
}

/// dw [taps, in, out] = patchesᵀ · dy.
template <class T>
void weight_grad(const PatchGrid& all, const T* source, const OutputMap<const T>& dy, T* dw) {
  const LiveGrid live(all);
  if (live.grid.tap_y == all.tap_y && live.grid.tap_x == all.tap_x)
    return live_weight_grad(all, source, dy, dw);
  const int64_t matrix = all.channels * dy.channels;
  const auto taps_y = static_cast<int64_t>(live.grid.tap_y.size());
  const auto row = static_cast<int64_t>(live.grid.tap_x.size()) * matrix;
  Tensor part = Tensor::empty({taps_y, row}, {.dtype = dtype_of<T>});
  live_weight_grad(live.grid, source, dy, part.data<T>());
  std::fill_n(dw, all.patch_size() * dy.channels, T{0});
  for (int64_t i = 0; i < taps_y; ++i) {
    const auto at = (live.first_y + i) * static_cast<int64_t>(all.tap_x.size()) + live.first_x;
    std::copy_n(part.data<T>() + i * row, row, dw + at * matrix);
  }
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
  // lab 5: begin the taps that reach the class, and from which outputs
  int64_t last_tap = 0;
  for (int64_t tap = kernel - 1; tap >= 0; --tap) {
    const int64_t distance = class_y + window.padding - tap * window.dilation;
    if (distance % window.stride != 0) continue;
    if (result.offsets.empty()) result.first_tap = tap;
    if (result.offsets.size() == 1) result.tap_step = tap - last_tap;
    result.offsets.push_back(distance / window.stride);
    last_tap = tap;
  }
  // lab 5: end
  return result;
}

template <class T>
void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                KeptWeights* kept, Tensor& dx) {
  const int64_t in = w.size(2), out = w.size(3), stride = window.stride;
  std::vector<ConvPart<T>> parts;
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
      OutputMap<T> map = map_of<T>(dx);
      map.step = stride;
      map.first_y = first_y;
      map.first_x = first_x;
      parts.push_back({grid, matrices, map});
    }
  }
  convolve(std::move(parts), dy.data<T>(), w.data<T>(), epilogue, kept);
}

}  // namespace

void CpuBackend::conv2d(const Tensor& x, const Tensor& w, const Window& window,
                        const Epilogue& epilogue, KeptWeights* kept, Tensor& y) {
  dispatch(y.dtype(), [&]<class T>(T) {
    const int64_t in = w.size(2), out = w.size(3);
    const TapMatrices<T> matrices{w.data<T>(), window.kernel_w * in * out, in * out, out, 1};
    convolve<T>({{forward_grid(x.shape(), y.shape(), window), matrices, map_of<T>(y)}}, x.data<T>(),
                w.data<T>(), epilogue, kept);
  });
}

void CpuBackend::conv2d_input_grad(const Tensor& dy, const Tensor& w, const Window& window,
                                   const Epilogue& epilogue, KeptWeights* kept, Tensor& dx) {
  dispatch(dx.dtype(), [&]<class T>(T) { input_grad<T>(dy, w, window, epilogue, kept, dx); });
}

void CpuBackend::conv2d_weight_grad(const Tensor& x, const Tensor& dy, const Window& window,
                                    Tensor& dw) {
  dispatch(dw.dtype(), [&]<class T>(T) {
    weight_grad(forward_grid(x.shape(), dy.shape(), window), x.data<T>(), map_of<const T>(dy),
                dw.data<T>());
  });
}

}  // namespace kintsugi

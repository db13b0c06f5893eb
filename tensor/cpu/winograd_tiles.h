#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "tensor/cpu/conv_patches.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/vector.h"
#include "tensor/error.h"

namespace kintsugi::cpu {

/// One axis of a convolution, seen as sums of convolutions without stride: with stride s, the taps
/// that reach pixels of one phase (row mod s) move over the rows of that phase one by one. Tap i of
/// a phase of a pixel y of the grid lies at row y·s + offset + i·s·dilation of the source, and is
/// the kernel's tap first_tap + i·s.
struct WinogradAxis {
  struct Phase {
    int64_t offset, first_tap, taps;
  };

  /// Not possible (no phases) where the taps are not evenly spaced, or s > 1 and dilation > 1.
  WinogradAxis(const std::vector<int64_t>& taps, int64_t step);

  int64_t step = 1, dilation = 1;
  int64_t taps = 0;  ///< of the longest phase
  std::vector<Phase> phases;
};

/// Consecutive phases.
struct WinogradRun {
  int64_t first, count;
};

/// Which phases each of the n² products of F(m, r) sums over, r = taps and n = points. At the last
/// point, infinity, only a kernel's tap r − 1 counts, so there the transforms of phases with fewer
/// taps are zero: products in the last row or column of the n x n leave them out. At least one run
/// for a product; it may be empty.
using WinogradRuns = std::vector<std::vector<WinogradRun>>;
WinogradRuns winograd_runs(const WinogradAxis& y, const WinogradAxis& x, int64_t taps,
                           int64_t points);

/// The tiles that cover a grid: each of outputs x outputs pixels, `dilation` apart. Pixels that lie
/// a dilation apart are a convolution without dilation of their own.
struct WinogradPlan {
  /// Of a convolution to `out` channels, or of several on one grid, whose own axes are in `parts`,
  /// to `out` channels together.
  WinogradPlan(const PatchGrid& grid, int64_t out,
               const std::vector<std::array<WinogradAxis, 2>>& parts = {});

  bool possible() const { return outputs > 0; }
  int64_t points() const { return outputs + taps - 1; }
  int64_t products() const { return points() * points(); }
  int64_t phases() const { return static_cast<int64_t>(y.phases.size() * x.phases.size()); }
  int64_t tiles(const PatchGrid& grid) const;
  /// The m that there are for this r, the largest first.
  std::vector<int64_t> tile_sizes() const;

  WinogradAxis y, x;
  int64_t taps = 0;     ///< r of F(m x m, r x r): 2 or 3
  int64_t outputs = 0;  ///< m
  double cost = 0;      ///< in multiply-adds, transforms included
};

/// First pixels, along one axis, of the tiles that cover it.
std::vector<int64_t> winograd_tile_starts(int64_t size, int64_t outputs, int64_t dilation);

template <class T, int kOutputs, int kTaps>
class WinogradTiles {
 public:
  static constexpr int kPoints = kOutputs + kTaps - 1;

  WinogradTiles(const PatchGrid& grid, const WinogradPlan& plan, const T* source)
      : grid_(grid),
        plan_(plan),
        source_(source),
        starts_y_(winograd_tile_starts(grid.rows, kOutputs, plan.y.dilation)),
        starts_x_(winograd_tile_starts(grid.columns, kOutputs, plan.x.dilation)),
        zeros_(static_cast<size_t>(grid.channels)) {}

  int64_t count() const {
    return grid_.images * static_cast<int64_t>(starts_y_.size() * starts_x_.size());
  }

  /// The channels of the tile's n x n pixels of one phase of the source, row by row; zeros outside.
  std::array<const T*, size_t{kPoints} * kPoints> inputs(int64_t tile, size_t phase) const {
    const Place place = place_of(tile);
    const WinogradAxis &y_axis = plan_.y, &x_axis = plan_.x;
    const int64_t first_y =
        place.y * grid_.step + y_axis.phases[phase / x_axis.phases.size()].offset;
    const int64_t first_x =
        place.x * grid_.step + x_axis.phases[phase % x_axis.phases.size()].offset;
    std::array<const T*, size_t{kPoints} * kPoints> pixels;
    for (int64_t i = 0; i < kPoints; ++i) {
      const int64_t y = first_y + i * grid_.step * y_axis.dilation;
      const T* row = source_ + (place.image * grid_.height + y) * grid_.width * grid_.channels;
      for (int64_t j = 0; j < kPoints; ++j) {
        const int64_t x = first_x + j * grid_.step * x_axis.dilation;
        const bool inside = y >= 0 && y < grid_.height && x >= 0 && x < grid_.width;
        pixels[static_cast<size_t>(i * kPoints + j)] =
            inside ? row + x * grid_.channels : zeros_.data();
      }
    }
    return pixels;
  }

  /// The channels of the tile's m x m pixels in a map of outputs, for a grid whose tiles begin
  /// shift_y rows and shift_x columns earlier; nullptr beyond its border.
  template <class Y>
  std::array<Y*, size_t{kOutputs} * kOutputs> outputs(int64_t tile, const PatchGrid& grid,
                                                      const OutputMap<Y>& map, int64_t shift_y = 0,
                                                      int64_t shift_x = 0) const {
    const Place place = place_of(tile);
    std::array<Y*, size_t{kOutputs} * kOutputs> pixels{};
    for (int64_t i = 0; i < kOutputs; ++i)
      for (int64_t j = 0; j < kOutputs; ++j) {
        const int64_t y = place.y - shift_y + i * plan_.y.dilation;
        const int64_t x = place.x - shift_x + j * plan_.x.dilation;
        if (y >= 0 && y < grid.rows && x >= 0 && x < grid.columns)
          pixels[static_cast<size_t>(i * kOutputs + j)] = map.pixel(place.image, y, x);
      }
    return pixels;
  }

 private:
  struct Place {
    int64_t image, y, x;  ///< of the first output
  };
  Place place_of(int64_t tile) const {
    const auto rows = static_cast<int64_t>(starts_y_.size());
    const auto columns = static_cast<int64_t>(starts_x_.size());
    return {tile / columns / rows, starts_y_[static_cast<size_t>(tile / columns % rows)],
            starts_x_[static_cast<size_t>(tile % columns)]};
  }

  const PatchGrid& grid_;
  const WinogradPlan& plan_;
  const T* source_;
  std::vector<int64_t> starts_y_, starts_x_;
  std::vector<T> zeros_;
};

/// Calls body.operator()<V>(channel) for all channels: first vectors of them, then single ones.
template <class T, class Body>
void for_channels(int64_t channels, Body&& body) {
  int64_t channel = 0;
  for (; channel + kLanes<T> <= channels; channel += kLanes<T>)
    body.template operator()<Vector<T>>(channel);
  for (; channel < channels; ++channel) body.template operator()<T>(channel);
}

/// body.operator()<m, r>() for the plan's F(m, r). Throws Error where there is none.
template <class Body>
void dispatch_plan(const WinogradPlan& plan, Body&& body) {
  if (plan.taps == 3 && plan.outputs == 4) return body.template operator()<4, 3>();
  if (plan.taps == 3 && plan.outputs == 2) return body.template operator()<2, 3>();
  check(plan.taps == 2 && plan.outputs == 3, "winograd: there is no F({}, {})", plan.outputs,
        plan.taps);
  return body.template operator()<3, 2>();
}

}  // namespace kintsugi::cpu

#include "tensor/cpu/conv_patches.h"

#include <algorithm>

namespace kintsugi::cpu {
namespace {

/// Consecutive entries of a patch that are consecutive in a row of the source.
struct Run {
  int64_t tap_y;   ///< row of the source, relative to the pixel's
  int64_t start;   ///< elements into that row, relative to the pixel's
  int64_t entry;   ///< where it goes
  int64_t length;  ///< elements
};

std::vector<Run> find_runs(const PatchGrid& grid, int64_t first_entry, int64_t entries) {
  std::vector<Run> runs;
  // lab 5: begin the runs that these entries consist of, in their order
  const auto taps_x = static_cast<int64_t>(grid.tap_x.size());
  const int64_t last_entry = first_entry + entries;
  for (int64_t entry = first_entry; entry < last_entry;) {
    const int64_t tap = entry / grid.channels, channel = entry % grid.channels;
    const int64_t tap_y = grid.tap_y[static_cast<size_t>(tap / taps_x)];
    const int64_t start = grid.tap_x[static_cast<size_t>(tap % taps_x)] * grid.channels + channel;
    const int64_t length = std::min(grid.channels - channel, last_entry - entry);
    if (!runs.empty() && tap % taps_x != 0 && runs.back().start + runs.back().length == start)
      runs.back().length += length;
    else
      runs.push_back({tap_y, start, entry - first_entry, length});
    entry += length;
  }
  // lab 5: end
  return runs;
}

}  // namespace

bool PatchGrid::is_identity() const {
  const std::vector<int64_t> here{0};
  return step == 1 && tap_y == here && tap_x == here && rows == height && columns == width;
}

template <class T>
void gather_patches(const PatchGrid& grid, const T* source, int64_t first_pixel, int64_t pixels,
                    int64_t first_entry, int64_t entries, T* patches, int64_t pitch) {
  const std::vector<Run> runs = find_runs(grid, first_entry, entries);
  const int64_t row_size = grid.width * grid.channels;
  int64_t x = first_pixel % grid.columns;
  int64_t y = first_pixel / grid.columns % grid.rows;
  int64_t image = first_pixel / grid.columns / grid.rows;
  for (int64_t pixel = 0; pixel < pixels; ++pixel, patches += pitch) {
    const T* map = source + image * grid.height * row_size;
    for (const Run& run : runs) {
      T* to = patches + run.entry;
      // lab 5: begin the run's elements for pixel (image, y, x), from `map` to `to`
      const int64_t source_y = y * grid.step + run.tap_y;
      const int64_t start = x * grid.step * grid.channels + run.start;
      if (source_y < 0 || source_y >= grid.height) {
        std::fill_n(to, run.length, T{0});
      } else if (start >= 0 && start + run.length <= row_size) {
        std::copy_n(map + source_y * row_size + start, run.length, to);
      } else {
        const int64_t inside = std::clamp<int64_t>(-start, 0, run.length);
        const int64_t beyond = std::clamp<int64_t>(row_size - start, inside, run.length);
        const T* from = map + source_y * row_size + start;
        std::fill(to, to + inside, T{0});
        std::copy(from + inside, from + beyond, to + inside);
        std::fill(to + beyond, to + run.length, T{0});
      }
      // lab 5: end
    }
    if (++x == grid.columns) {
      x = 0;
      if (++y == grid.rows) {
        y = 0;
        ++image;
      }
    }
  }
}
template void gather_patches(const PatchGrid&, const float*, int64_t, int64_t, int64_t, int64_t,
                             float*, int64_t);
template void gather_patches(const PatchGrid&, const double*, int64_t, int64_t, int64_t, int64_t,
                             double*, int64_t);

PatchGrid forward_grid(const Shape& x, const Shape& y, const Window& window) {
  PatchGrid grid{x[0], x[1], x[2], x[3], y[1], y[2], window.stride, {}, {}};
  // lab 6: begin where the taps of pixel (0, 0) lie: tap_y and tap_x
  for (int64_t i = 0; i < window.kernel_h; ++i)
    grid.tap_y.push_back(i * window.dilation - window.padding);
  for (int64_t j = 0; j < window.kernel_w; ++j)
    grid.tap_x.push_back(j * window.dilation - window.padding);
  // lab 6: end
  return grid;
}

}  // namespace kintsugi::cpu

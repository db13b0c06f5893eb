#pragma once
#include <algorithm>
#include <array>
#include <vector>

#include "tensor/cpu/conv_patches.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/vector.h"

namespace kintsugi::cpu {

/// First pixels, along one axis, of the tiles that cover it: each makes outputs at y and
/// y + dilation.
inline std::vector<int64_t> winograd_tile_starts(int64_t size, int64_t dilation) {
  std::vector<int64_t> starts;
  for (int64_t first = 0; first < std::min(dilation, size); ++first)
    for (int64_t y = first; y < size; y += 2 * dilation) starts.push_back(y);
  return starts;
}

/// The tiles that cover the outputs of a 3x3 convolution: 4x4 pixels of its source, 2x2 of its
/// output, `dilation` apart.
template <class T>
class WinogradTiles {
 public:
  WinogradTiles(const PatchGrid& grid, const T* source)
      : grid_(grid),
        source_(source),
        dilation_(grid.tap_y[1] - grid.tap_y[0]),
        starts_y_(winograd_tile_starts(grid.rows, dilation_)),
        starts_x_(winograd_tile_starts(grid.columns, dilation_)),
        zeros_(static_cast<size_t>(grid.channels)) {}

  int64_t count() const {
    return grid_.images * static_cast<int64_t>(starts_y_.size() * starts_x_.size());
  }

  /// The channels of the tile's 4x4 pixels, row by row; zeros outside the source.
  std::array<const T*, 16> inputs(int64_t tile) const {
    const Place place = place_of(tile);
    std::array<const T*, 16> pixels;
    for (int64_t k = 0; k < 16; ++k) {
      const int64_t y = place.y + grid_.tap_y[0] + k / 4 * dilation_;
      const int64_t x = place.x + grid_.tap_x[0] + k % 4 * dilation_;
      const bool inside = y >= 0 && y < grid_.height && x >= 0 && x < grid_.width;
      const int64_t pixel = (place.image * grid_.height + y) * grid_.width + x;
      pixels[static_cast<size_t>(k)] = inside ? source_ + pixel * grid_.channels : zeros_.data();
    }
    return pixels;
  }

  /// The channels of the tile's 2x2 pixels in a map of outputs; nullptr beyond its border.
  template <class Y>
  std::array<Y*, 4> outputs(int64_t tile, Y* map, int64_t channels) const {
    const Place place = place_of(tile);
    std::array<Y*, 4> pixels{};
    for (int64_t k = 0; k < 4; ++k) {
      const int64_t y = place.y + k / 2 * dilation_, x = place.x + k % 2 * dilation_;
      if (y < grid_.rows && x < grid_.columns)
        pixels[static_cast<size_t>(k)] =
            map + ((place.image * grid_.rows + y) * grid_.columns + x) * channels;
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
  const T* source_;
  int64_t dilation_;
  std::vector<int64_t> starts_y_, starts_x_;
  std::vector<T> zeros_;
};

/// Tiles that are worked on together: where one takes `elements` of T, those that fit into 768 KiB
/// of a core's 1 MiB of L2 cache.
template <class T>
int64_t winograd_block(int64_t elements) {
  const auto fitting = int64_t{768} * 1024 / static_cast<int64_t>(sizeof(T)) / elements;
  return std::clamp<int64_t>(fitting, 14, kMaxBlockRows);
}

/// Calls body.operator()<V>(channel) for all channels: first vectors of them, then single ones.
template <class T, class Body>
void for_channels(int64_t channels, Body&& body) {
  int64_t channel = 0;
  for (; channel + kLanes<T> <= channels; channel += kLanes<T>)
    body.template operator()<Vector<T>>(channel);
  for (; channel < channels; ++channel) body.template operator()<T>(channel);
}

}  // namespace kintsugi::cpu

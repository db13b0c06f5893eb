#include "glcic/pictures/raster.h"

#include <algorithm>
#include <cstring>

namespace kintsugi {
namespace {

constexpr int64_t kTile = 8;

int64_t tiles(int64_t pixels) { return (pixels + kTile - 1) / kTile; }

}  // namespace

Raster Raster::sized(int64_t height, int64_t width, int channels, int depth) {
  Raster raster{height, width, channels, depth, {}};
  raster.bytes.resize(static_cast<size_t>(height) * raster.row_bytes());
  return raster;
}

int Raster::sample(Corner place, int channel) const {
  const int64_t index = place.x * channels + channel;
  if (depth == 8) return row(place.y)[index];
  uint16_t value;
  std::memcpy(&value, row(place.y) + 2 * index, sizeof value);
  return value;
}

void Raster::set_sample(Corner place, int channel, int value) {
  const int64_t index = place.x * channels + channel;
  if (depth == 8) {
    row(place.y)[index] = static_cast<uint8_t>(value);
    return;
  }
  const auto narrow = static_cast<uint16_t>(value);
  std::memcpy(row(place.y) + 2 * index, &narrow, sizeof narrow);
}

Corner Orientation::stored(const Raster& raster, Corner upright) const {
  Corner place = transposes() ? Corner{upright.y, upright.x} : upright;
  if (tag == 2 || tag == 3 || tag == 7 || tag == 8) place.x = raster.width - 1 - place.x;
  if (tag == 3 || tag == 4 || tag == 6 || tag == 7) place.y = raster.height - 1 - place.y;
  return place;
}

Raster upright(const Raster& raster, Orientation orientation) {
  if (orientation.tag == 1) return raster;
  const bool turned = orientation.transposes();
  Raster result =
      Raster::sized(turned ? raster.width : raster.height, turned ? raster.height : raster.width,
                    raster.channels, raster.depth);
  for (int64_t y = 0; y < result.height; ++y)
    for (int64_t x = 0; x < result.width; ++x)
      for (int c = 0; c < raster.channels; ++c)
        result.set_sample({x, y}, c, raster.sample(orientation.stored(raster, {x, y}), c));
  return result;
}

Raster with_depth_8(const Raster& raster) {
  if (raster.depth == 8) return raster;
  Raster result = Raster::sized(raster.height, raster.width, raster.channels, 8);
  for (int64_t y = 0; y < raster.height; ++y)
    for (int64_t x = 0; x < raster.width; ++x)
      for (int c = 0; c < raster.channels; ++c)
        result.set_sample({x, y}, c, (raster.sample({x, y}, c) * 255 + 32767) / 65535);
  return result;
}

FilledTiles::FilledTiles(int64_t height, int64_t width)
    : height_(height),
      width_(width),
      columns_(tiles(width)),
      tiles_(static_cast<size_t>(columns_ * tiles(height))) {}

void FilledTiles::mark(Corner place) {
  tiles_[static_cast<size_t>(place.y / kTile * columns_ + place.x / kTile)] = true;
}

bool FilledTiles::any(const Hole& rectangle) const {
  const int64_t bottom = tiles(std::min(rectangle.y + rectangle.height, height_));
  const int64_t right = tiles(std::min(rectangle.x + rectangle.width, width_));
  for (int64_t y = rectangle.y / kTile; y < bottom; ++y)
    for (int64_t x = rectangle.x / kTile; x < right; ++x)
      if (tiles_[static_cast<size_t>(y * columns_ + x)]) return true;
  return false;
}

Hole FilledTiles::bounds() const {
  int64_t left = width_, top = height_, right = 0, bottom = 0;
  for (size_t i = 0; i < tiles_.size(); ++i) {
    if (!tiles_[i]) continue;
    const int64_t x = static_cast<int64_t>(i) % columns_ * kTile;
    const int64_t y = static_cast<int64_t>(i) / columns_ * kTile;
    left = std::min(left, x);
    top = std::min(top, y);
    right = std::max(right, std::min(x + kTile, width_));
    bottom = std::max(bottom, std::min(y + kTile, height_));
  }
  return right == 0 ? Hole{} : Hole{left, top, right - left, bottom - top};
}

}  // namespace kintsugi

#pragma once
#include <cstdint>
#include <vector>

#include "glcic/mask.h"

namespace kintsugi {

/// Pixels in memory, row by row, in the order in which a file stores them.
struct Raster {
  int64_t height = 0, width = 0;
  int channels = 3;  ///< 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha
  int depth = 8;     ///< bits a sample: 8, or 16 in the machine's byte order
  std::vector<uint8_t> bytes;

  /// Room for that many pixels, all 0.
  static Raster sized(int64_t height, int64_t width, int channels, int depth);

  bool has_alpha() const { return channels % 2 == 0; }
  bool is_grey() const { return channels <= 2; }
  /// The sample that stands for 1.
  int max_sample() const { return (1 << depth) - 1; }
  size_t row_bytes() const { return static_cast<size_t>(width * channels * depth / 8); }
  uint8_t* row(int64_t y) { return bytes.data() + static_cast<size_t>(y) * row_bytes(); }
  const uint8_t* row(int64_t y) const {
    return bytes.data() + static_cast<size_t>(y) * row_bytes();
  }

  int sample(Corner place, int channel) const;
  void set_sample(Corner place, int channel, int value);
};

/// How a file's rows and columns lie to those that viewers show: EXIF's tag 0x0112, 1 to 8
/// (CIPA DC-008, 4.6.5.1). 1: as they are; 2 to 4: mirrored, turned by half, mirrored top to
/// bottom; 5 to 8: rows are columns.
struct Orientation {
  int tag = 1;

  bool transposes() const { return tag >= 5; }
  /// Where the raster holds the upright picture's pixel (x, y).
  Corner stored(const Raster& raster, Corner upright) const;
};

/// The raster as viewers show it.
Raster upright(const Raster& raster, Orientation orientation);
/// The raster with 8 bits a sample, rounded.
Raster with_depth_8(const Raster& raster);

/// Which tiles of 8 × 8 pixels of a raster hold a filled pixel.
class FilledTiles {
 public:
  FilledTiles(int64_t height, int64_t width);

  void mark(Corner place);
  /// Whether a filled pixel's tile meets the rectangle (pixels; clipped to the raster).
  bool any(const Hole& rectangle) const;
  /// The smallest rectangle that holds all marked tiles, clipped to the raster; empty (0 × 0)
  /// where nothing was filled.
  Hole bounds() const;

 private:
  int64_t height_, width_, columns_;
  std::vector<bool> tiles_;
};

}  // namespace kintsugi

#pragma once
#include <cstdint>
#include <vector>

#include "glcic/mask.h"
#include "tensor/tensor.h"

namespace kintsugi {

/// The hole of a large picture, a byte a pixel: 1 = hole, 0 = keep, row by row.
class PixelMask {
 public:
  /// Nothing to fill.
  PixelMask(int64_t height, int64_t width)
      : height_(height), width_(width), pixels_(static_cast<size_t>(height * width), 0) {}
  /// mask [H, W] or [H, W, 1]: what is not 0 is hole.
  explicit PixelMask(const Tensor& mask);

  int64_t height() const { return height_; }
  int64_t width() const { return width_; }
  uint8_t* row(int64_t y) { return pixels_.data() + y * width_; }
  const uint8_t* row(int64_t y) const { return pixels_.data() + y * width_; }

  /// Pixels of the hole.
  int64_t count() const;
  /// The smallest rectangle that holds all of the hole; {} where there is none.
  Hole bounding_box() const;
  /// Whether the hole has a pixel in the picture's first or last row or column.
  bool touches_border() const;
  /// A window as [h, w, 1] float32.
  Tensor tensor(const Hole& window) const;
  /// Adds a rectangle. Throws Error where it leaves the picture.
  void add(const Hole& rectangle);

  bool operator==(const PixelMask&) const = default;

 private:
  int64_t height_, width_;
  std::vector<uint8_t> pixels_;
};

}  // namespace kintsugi

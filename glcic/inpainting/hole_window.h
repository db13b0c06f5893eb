#pragma once
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace kintsugi {

/// The part of a picture that a method works on, as plain numbers: the hole's bounding box and some
/// known pixels around it. Nothing further away is read, so that the cost depends on the hole.
struct HoleWindow {
  int64_t top = 0, left = 0;  ///< of the window in the picture
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> hole;   ///< [height·width], 1 = hole
  std::vector<double> values;  ///< [height·width·channels], 0 under the hole

  bool contains(int64_t row, int64_t column) const {
    return row >= 0 && row < height && column >= 0 && column < width;
  }
};

/// picture [H, W, C] in float32 or float64, mask [H, W, 1] or [H, W], 1 = hole; `margin` known
/// pixels around the bounding box as far as the picture goes. An empty mask gives an empty window.
/// Throws ShapeError where the shapes disagree, Error where the hole covers the whole picture or a
/// known value in the window is not finite; `op` begins the sentence.
HoleWindow hole_window(const char* op, const Tensor& picture, const Tensor& mask, int64_t margin);

/// What lies in the window in another picture [H, W, C] of the same shape: [height·width·channels].
std::vector<double> values_in(const HoleWindow& window, const Tensor& picture);

/// The picture with the window's values under the hole, and bit for bit itself elsewhere.
Tensor with_hole_filled(const Tensor& picture, const HoleWindow& window);

}  // namespace kintsugi

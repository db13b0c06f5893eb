#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tensor/tensor.h"

/// What the drawn faces are painted with: colours, signed distances, and a canvas that evaluates
/// them at every pixel. Coordinates run from −1 to 1, x to the right and y down; a distance is
/// negative inside its shape.
namespace kintsugi {

struct Colour {
  float r = 0, g = 0, b = 0;
};

inline Colour operator*(Colour c, float s) { return {c.r * s, c.g * s, c.b * s}; }
inline Colour operator*(Colour a, Colour b) { return {a.r * b.r, a.g * b.g, a.b * b.b}; }
inline Colour mix(Colour a, Colour b, float t) {
  return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}
/// 0xRRGGBB
inline Colour rgb(uint32_t hex) {
  return Colour{float(hex >> 16 & 255), float(hex >> 8 & 255), float(hex & 255)} * (1.0f / 255.0f);
}

inline float square(float x) { return x * x; }
inline float clamp01(float x) { return std::clamp(x, 0.0f, 1.0f); }
/// 0 below `from`, 1 above `to`, 3t² − 2t³ between; from > to falls instead.
inline float smoothstep(float from, float to, float x) {
  const float t = clamp01((x - from) / (to - from));
  return t * t * (3.0f - 2.0f * t);
}
/// exp(−(x/width)²)
inline float bump(float x, float width) { return std::exp(-square(x / width)); }
/// max(a, b) with a corner rounded over a length k.
inline float smooth_max(float a, float b, float k) {
  const float h = std::max(k - std::abs(a - b), 0.0f) / k;
  return std::max(a, b) + h * h * k * 0.25f;
}
inline float smooth_min(float a, float b, float k) { return -smooth_max(-a, -b, k); }

/// Distance to an ellipse at the origin, exact to first order.
inline float ellipse(float x, float y, float rx, float ry) {
  const float f = std::hypot(x / rx, y / ry);
  const float slope = std::hypot(x / (rx * rx), y / (ry * ry));
  return f < 1e-3f ? -std::min(rx, ry) : f * (f - 1.0f) / slope;
}
/// Distance to a box at the origin with rounded corners.
inline float rounded_box(float x, float y, float half_width, float half_height, float radius) {
  const float dx = std::abs(x) - half_width + radius, dy = std::abs(y) - half_height + radius;
  return std::hypot(std::max(dx, 0.0f), std::max(dy, 0.0f)) + std::min(std::max(dx, dy), 0.0f) -
         radius;
}
/// Distance to the piece of straight line from (ax, ay) to (bx, by).
inline float segment(float x, float y, float ax, float ay, float bx, float by) {
  const float dx = bx - ax, dy = by - ay;
  const float t = clamp01(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy));
  return std::hypot(x - ax - t * dx, y - ay - t * dy);
}

/// A slightly turned and shifted view of what is painted.
struct Pose {
  float angle = 0;       ///< radians, clockwise
  float dx = 0, dy = 0;  ///< shift
};

struct Box {
  float left = -2, top = -2, right = 2, bottom = 2;
};

class Canvas {
 public:
  Canvas(int64_t size, Pose pose)
      : size_(size),
        pixel_(2.0f / static_cast<float>(size)),
        pose_(pose),
        cos_(std::cos(pose.angle)),
        sin_(std::sin(pose.angle)),
        picture_(Tensor::empty({size, size, 3})),
        pixels_(picture_.data<float>()) {}

  /// A pixel's width.
  float pixel() const { return pixel_; }
  /// How much of a pixel a shape covers whose boundary is `distance` away: the anti-aliasing.
  float cover(float distance) const { return clamp01(0.5f - distance / pixel_); }
  /// How much is left of a pattern with `frequency` waves a unit when pixels average it.
  float visible(float frequency) const { return std::exp(-square(2.0f * frequency * pixel_)); }

  /// Calls brush(x, y, colour) for every pixel of a box; the brush changes the colour in place.
  template <class Brush>
  void paint(const Box& box, Brush&& brush) {
    // The box, turned by the pose, in pixels.
    const float cx = 0.5f * (box.left + box.right), cy = 0.5f * (box.top + box.bottom);
    const float hx = 0.5f * (box.right - box.left), hy = 0.5f * (box.bottom - box.top);
    const float px = cos_ * cx - sin_ * cy + pose_.dx, py = sin_ * cx + cos_ * cy + pose_.dy;
    const float wx = std::abs(cos_) * hx + std::abs(sin_) * hy;
    const float wy = std::abs(sin_) * hx + std::abs(cos_) * hy;
    const int64_t first_column = column(px - wx), last_column = column(px + wx + pixel_);
    const int64_t first_row = column(py - wy), last_row = column(py + wy + pixel_);
    for (int64_t row = first_row; row < last_row; ++row) {
      float* to = pixels_ + (row * size_ + first_column) * 3;
      const float v = (static_cast<float>(row) + 0.5f) * pixel_ - 1.0f - pose_.dy;
      for (int64_t i = first_column; i < last_column; ++i, to += 3) {
        const float u = (static_cast<float>(i) + 0.5f) * pixel_ - 1.0f - pose_.dx;
        Colour colour{to[0], to[1], to[2]};
        brush(cos_ * u + sin_ * v, cos_ * v - sin_ * u, colour);
        to[0] = colour.r;
        to[1] = colour.g;
        to[2] = colour.b;
      }
    }
  }

  const Tensor& picture() const { return picture_; }

 private:
  int64_t column(float x) const {
    return std::clamp(static_cast<int64_t>(std::floor((x + 1.0f) / pixel_)), int64_t{0}, size_);
  }

  int64_t size_;
  float pixel_;
  Pose pose_;
  float cos_, sin_;
  Tensor picture_;
  float* pixels_;
};

}  // namespace kintsugi

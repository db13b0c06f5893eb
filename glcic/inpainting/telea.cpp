#include "glcic/inpainting/telea.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "glcic/inpainting/fast_marching.h"
#include "glcic/inpainting/hole_window.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

struct Vec {
  double y, x;
};

/// A pixel's neighbour, seen from it.
struct Offset {
  int64_t y, x;
};

std::vector<Offset> disc(int64_t radius) {
  std::vector<Offset> offsets;
  for (int64_t y = -radius; y <= radius; ++y)
    for (int64_t x = -radius; x <= radius; ++x)
      if ((y != 0 || x != 0) && y * y + x * x <= radius * radius) offsets.push_back({y, x});
  return offsets;
}

/// Central where both sides can be used, one-sided where one can, else 0.
template <class Usable, class Value>
double derivative(Usable&& usable, Value&& value, double here) {
  const bool before = usable(-1), after = usable(1);
  if (before && after) return 0.5 * (value(1) - value(-1));
  if (after) return value(1) - here;
  return before ? here - value(-1) : 0.0;
}

class TeleaFill {
 public:
  TeleaFill(HoleWindow& window, TeleaOptions options)
      : window_(window),
        slope_(options.slope),
        offsets_(disc(options.radius)),
        front_(march_from_edge(window.hole, window.height, window.width,
                               static_cast<double>(options.radius))) {}

  void run() {
    for (const int64_t pixel : front_.order) fill(pixel / window_.width, pixel % window_.width);
  }

 private:
  double time(int64_t row, int64_t column) const { return front_.distance[at(row, column)]; }
  double value(int64_t row, int64_t column, int64_t c) const {
    return window_
        .values[at(row, column) * static_cast<size_t>(window_.channels) + static_cast<size_t>(c)];
  }
  size_t at(int64_t row, int64_t column) const {
    return static_cast<size_t>(row * window_.width + column);
  }
  /// Known, or filled before the front came to the time `now`.
  bool usable(int64_t row, int64_t column, double now) const {
    return window_.contains(row, column) &&
           (window_.hole[at(row, column)] == 0 || time(row, column) < now);
  }

  /// ∇T, the front's way.
  Vec time_gradient(int64_t row, int64_t column) const {
    const double here = time(row, column);
    return {derivative([&](int64_t d) { return window_.contains(row + d, column); },
                       [&](int64_t d) { return time(row + d, column); }, here),
            derivative([&](int64_t d) { return window_.contains(row, column + d); },
                       [&](int64_t d) { return time(row, column + d); }, here)};
  }

  Vec value_gradient(int64_t row, int64_t column, int64_t c, double now) const {
    const double here = value(row, column, c);
    return {derivative([&](int64_t d) { return usable(row + d, column, now); },
                       [&](int64_t d) { return value(row + d, column, c); }, here),
            derivative([&](int64_t d) { return usable(row, column + d, now); },
                       [&](int64_t d) { return value(row, column + d, c); }, here)};
  }

  void fill(int64_t row, int64_t column) {
    const double now = time(row, column);
    const Vec normal = time_gradient(row, column);
    const auto channels = static_cast<size_t>(window_.channels);
    double weights = 0.0;
    std::vector<double> sums(channels, 0.0);
    for (const Offset offset : offsets_) {
      const int64_t y = row + offset.y, x = column + offset.x;
      if (!usable(y, x, now)) continue;
      const Vec way{static_cast<double>(-offset.y), static_cast<double>(-offset.x)};  // p − q
      const double squared = way.y * way.y + way.x * way.x;
      // Where fronts meet ∇T can vanish; then all directions count the same.
      const double dir =
          std::max(1e-6, std::abs(normal.y * way.y + normal.x * way.x) / std::sqrt(squared));
      const double dst = 1.0 / squared;
      const double lev = 1.0 / (1.0 + std::abs(now - time(y, x)));
      const double weight = dir * dst * lev;
      weights += weight;
      for (int64_t c = 0; c < window_.channels; ++c) {
        double seen = value(y, x, c);
        if (slope_ != 0.0) {
          const Vec gradient = value_gradient(y, x, c, now);
          seen += slope_ * (gradient.y * way.y + gradient.x * way.x);
        }
        sums[static_cast<size_t>(c)] += weight * seen;
      }
    }
    for (size_t c = 0; c < channels; ++c)
      window_.values[at(row, column) * channels + c] = std::clamp(sums[c] / weights, 0.0, 1.0);
  }

  HoleWindow& window_;
  double slope_;
  std::vector<Offset> offsets_;
  FastMarch front_;
};

}  // namespace

Tensor telea_fill(const Tensor& picture, const Tensor& mask, TeleaOptions options) {
  check(options.radius >= 1, "telea_fill: the radius is at least 1, not {}", options.radius);
  // ∇I of a pixel at the radius asks for one pixel more.
  HoleWindow window = hole_window("telea_fill", picture, mask, options.radius + 1);
  if (!window.hole.empty()) TeleaFill(window, options).run();
  return with_hole_filled(picture, window);
}

}  // namespace kintsugi

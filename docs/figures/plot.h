#pragma once
#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "docs/figures/svg.h"

/// Plots on a Drawing.
namespace kintsugi::figures {

namespace colour {
constexpr const char* kRed = "#c8372d";
constexpr const char* kViolet = "#7a4bc2";
}  // namespace colour

/// What an axis runs over, from low to high.
struct Axis {
  double low = 0, high = 1;
  std::vector<double> ticks = {};
  bool logarithmic = false;

  /// 0 at low, 1 at high.
  double part(double value) const {
    return logarithmic ? std::log(value / low) / std::log(high / low)
                       : (value - low) / (high - low);
  }
};

/// A field with an axis along its lower and its left edge. What lies outside of the axes is left
/// out of curves.
class Plot {
 public:
  Plot(Drawing& drawing, Point corner, double width, double height, Axis x, Axis y,
       const std::string& title = "")
      : drawing_(drawing),
        corner_(corner),
        width_(width),
        height_(height),
        x_(std::move(x)),
        y_(std::move(y)) {
    drawing_.rectangle(corner_, width_, height_, "#ffffff", colour::kPale);
    drawing_.text({corner_.x, corner_.y - 8}, title);
    for (const double tick : x_.ticks) {
      const Point at = place({tick, y_.low});
      drawing_.line(at, {at.x, corner_.y}, {.colour = colour::kPale});
      drawing_.text({at.x, at.y + 15}, fmt::format("{:g}", tick),
                    {.size = 11, .colour = colour::kGrey, .anchor = "middle"});
    }
    for (const double tick : y_.ticks) {
      const Point at = place({x_.low, tick});
      drawing_.line(at, {corner_.x + width_, at.y}, {.colour = colour::kPale});
      drawing_.text({at.x - 5, at.y + 4}, fmt::format("{:g}", tick),
                    {.size = 11, .colour = colour::kGrey, .anchor = "end"});
    }
  }

  /// Where numbers lie in the drawing.
  Point place(Point p) const {
    return {corner_.x + width_ * x_.part(p.x), corner_.y + height_ * (1 - y_.part(p.y))};
  }
  bool contains(Point p) const {
    const double x = x_.part(p.x), y = y_.part(p.y);
    return x >= 0 && x <= 1 && y >= 0 && y <= 1;
  }

  void curve(const std::vector<Point>& points, const Stroke& stroke) {
    std::vector<Point> piece;
    const auto end_piece = [&] {
      if (piece.size() > 1) drawing_.path(piece, stroke);
      piece.clear();
    };
    for (const Point& p : points) {
      if (contains(p))
        piece.push_back(place(p));
      else
        end_piece();
    }
    end_piece();
  }
  void dot(Point at, double radius, const char* fill) {
    if (contains(at)) drawing_.ellipse(place(at), radius, radius, fill, "none");
  }
  /// From the x axis's 0 to `top`, over x from left to right.
  void bar(double left, double right, double top, const char* fill) {
    const Point a = place({left, std::fmax(top, 0)}), b = place({right, std::fmin(top, 0)});
    drawing_.rectangle(a, b.x - a.x, b.y - a.y, fill);
  }
  void x_label(const std::string& words) {
    drawing_.text({corner_.x + width_, corner_.y + height_ + 29}, words,
                  {.size = 12, .colour = colour::kGrey, .anchor = "end"});
  }
  /// The name of a curve, on line n from the top, `in` units from the right edge.
  void name(int n, const std::string& words, const char* colour, double in = 8) {
    drawing_.text({corner_.x + width_ - in, corner_.y + 17 + 16.0 * n}, words,
                  {.size = 12, .colour = colour, .anchor = "end"});
  }

 private:
  Drawing& drawing_;
  Point corner_;
  double width_, height_;
  Axis x_, y_;
};

/// f at `count` places from low to high.
template <class Function>
std::vector<Point> sampled(double low, double high, int count, Function f) {
  std::vector<Point> points;
  for (int i = 0; i < count; ++i) {
    const double x = low + (high - low) * i / (count - 1);
    points.push_back({x, f(x)});
  }
  return points;
}

/// The folder that a figure program is given.
inline std::string folder_of(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "{}: give one folder, for the figures\n", argv[0]);
    std::exit(2);
  }
  return argv[1];
}

}  // namespace kintsugi::figures

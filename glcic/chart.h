#pragma once
#include <string>
#include <vector>

namespace kintsugi {

/// A line of a chart: y over x, both in the order of x.
struct Curve {
  std::string name;   ///< in the legend; "" keeps it out of there
  std::string style;  ///< CSS classes of the line: what colour it has
  std::vector<double> x, y;
};

/// A vertical line with a name, where something new begins.
struct ChartMark {
  std::string name;
  double x = 0.0;
};

struct Chart {
  std::string title;
  std::string x_label, y_label;
  std::vector<Curve> curves = {};
  std::vector<ChartMark> marks = {};
  bool log_y = false;     ///< needs positive values
  bool from_zero = true;  ///< the y axis has 0 on it, unless it is logarithmic
};

/// The curve as at most `points` averages over equal stretches of x; values that are not finite are
/// left out.
Curve smoothed(const Curve& curve, int points);

/// An <svg> element, 640 x 260 units, that scales with its place on the page. Text and lines take
/// their colours from the page's style sheet (classes axis, grid, mark, label, and each curve's
/// own). Empty text where there is nothing to draw.
std::string svg_chart(const Chart& chart);

/// 1, 2 or 5 times a power of ten, spaced so that about `count` of them lie in [low, high].
std::vector<double> linear_ticks(double low, double high, int count);
/// The same numbers on a logarithmic axis: all of 1, 2, 5 · 10^k in [low, high], or every 10^k
/// where there are more than two decades.
std::vector<double> log_ticks(double low, double high);

}  // namespace kintsugi

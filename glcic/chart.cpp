#include "glcic/chart.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr double kWidth = 640, kHeight = 260;
constexpr double kLeft = 56, kRight = 16, kTop = 30, kBottom = 40;

/// From numbers to units of the picture, along one axis.
struct Scale {
  double low, high;   ///< numbers
  double start, end;  ///< units
  bool logarithmic = false;

  double operator()(double value) const {
    const auto f = [this](double v) { return logarithmic ? std::log10(v) : v; };
    return start + (f(value) - f(low)) / (f(high) - f(low)) * (end - start);
  }
};

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(const std::vector<double>& values) {
    for (const double value : values) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
};

std::string line(const char* style, double x1, double y1, double x2, double y2) {
  return fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
                     style, x1, y1, x2, y2);
}

std::string text(const char* anchor, double x, double y, const std::string& words,
                 const std::string& style = "label") {
  return fmt::format("<text class=\"{}\" text-anchor=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
                     style, anchor, x, y, words);
}

std::string axes(const Chart& chart, const Scale& x, const Scale& y) {
  std::string svg;
  for (const double tick : chart.log_y ? log_ticks(y.low, y.high) : linear_ticks(y.low, y.high, 5))
    svg += line("grid", kLeft, y(tick), kWidth - kRight, y(tick)) +
           text("end", kLeft - 6, y(tick) + 4, fmt::format("{:.4g}", tick));
  for (const double tick : linear_ticks(x.low, x.high, 8))
    svg += line("axis", x(tick), kHeight - kBottom, x(tick), kHeight - kBottom + 4) +
           text("middle", x(tick), kHeight - kBottom + 17, fmt::format("{:.4g}", tick));
  svg += line("axis", kLeft, kHeight - kBottom, kWidth - kRight, kHeight - kBottom);
  svg += text("end", kWidth - kRight, kHeight - 6, chart.x_label);
  return svg + text("start", 4, 14, chart.y_label);
}

/// Names that would run into each other are set one below the other.
std::string marks(const std::vector<ChartMark>& marks, const Scale& x) {
  constexpr double kNameWidth = 70, kLineHeight = 16;
  std::string svg;
  double last = -kWidth, name_y = 0.0;
  for (const ChartMark& mark : marks) {
    const double at = x(mark.x);
    name_y = at - last < kNameWidth ? name_y + kLineHeight : kTop + 12;
    svg += line("mark", at, kTop, at, kHeight - kBottom) + text("start", at + 5, name_y, mark.name);
    last = at;
  }
  return svg;
}

std::string path(const Curve& curve, const Scale& x, const Scale& y) {
  std::string points;
  for (size_t i = 0; i < curve.x.size(); ++i)
    points += fmt::format("{}{:.1f},{:.1f}", i == 0 ? "" : " ", x(curve.x[i]), y(curve.y[i]));
  return fmt::format("<polyline class=\"curve {}\" points=\"{}\"/>", curve.style, points);
}

/// The curves' names, right-aligned above the plot.
std::string legend(const std::vector<Curve>& curves) {
  std::string svg = fmt::format("<text class=\"label\" text-anchor=\"end\" x=\"{:.1f}\" y=\"14\">",
                                kWidth - kRight);
  int gap = 0;
  for (const Curve& curve : curves) {
    if (curve.name.empty()) continue;
    svg += fmt::format("<tspan class=\"{}\" dx=\"{}\">&#9473; {}</tspan>", curve.style, gap,
                       curve.name);
    gap = 14;
  }
  return svg + "</text>";
}

}  // namespace

Curve smoothed(const Curve& curve, int points) {
  check(curve.x.size() == curve.y.size(), "smoothed: {} places for {} values", curve.x.size(),
        curve.y.size());
  check(points > 0, "smoothed: {} points", points);
  Curve result{curve.name, curve.style, {}, {}};
  if (curve.x.empty()) return result;
  const double first = curve.x.front(), stretch = (curve.x.back() - first) / points;
  size_t i = 0;
  for (int point = 0; point < points; ++point) {
    const double end = first + stretch * (point + 1);
    double x = 0.0, y = 0.0;
    int count = 0;
    for (; i < curve.x.size() && (curve.x[i] < end || point == points - 1); ++i) {
      if (!std::isfinite(curve.x[i]) || !std::isfinite(curve.y[i])) continue;
      x += curve.x[i];
      y += curve.y[i];
      ++count;
    }
    if (count == 0) continue;
    result.x.push_back(x / count);
    result.y.push_back(y / count);
  }
  return result;
}

std::vector<double> linear_ticks(double low, double high, int count) {
  check(low < high && count > 0, "linear_ticks: {} ticks from {} to {}", count, low, high);
  const double rough = (high - low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(rough)));
  const double lead = rough / power;
  const double step = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
  std::vector<double> ticks;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
    ticks.push_back(k * step + 0.0);  // + 0: no −0
  return ticks;
}

std::vector<double> log_ticks(double low, double high) {
  check(0 < low && low < high, "log_ticks: from {} to {}", low, high);
  const bool decades_only = high / low > 100;
  std::vector<double> ticks;
  for (double k = std::floor(std::log10(low)); k <= std::ceil(std::log10(high)); ++k)
    for (const double lead : {1.0, 2.0, 5.0}) {
      const double tick = lead * std::pow(10.0, k);
      if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9) && (lead == 1.0 || !decades_only))
        ticks.push_back(tick);
    }
  return ticks;
}

std::string svg_chart(const Chart& chart) {
  Range across, up;
  for (const Curve& curve : chart.curves) {
    across.include(curve.x);
    up.include(curve.y);
  }
  if (!(across.low < across.high) || (chart.log_y && up.low <= 0)) return "";
  if (!chart.log_y && chart.from_zero) up.low = std::min(up.low, 0.0);
  if (!(up.low < up.high)) up.high = up.low + (up.low == 0 ? 1.0 : std::abs(up.low));
  const Scale x{across.low, across.high, kLeft, kWidth - kRight};
  const Scale y{up.low, up.high, kHeight - kBottom, kTop, chart.log_y};

  std::string svg =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"><title>{}</title>",
                  kWidth, kHeight, chart.title, chart.title);
  svg += axes(chart, x, y);
  svg += marks(chart.marks, x);
  for (const Curve& curve : chart.curves)
    if (!curve.x.empty()) svg += path(curve, x, y);
  return svg + legend(chart.curves) + "</svg>";
}

}  // namespace kintsugi

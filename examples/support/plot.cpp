#include "examples/support/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "glcic/chart.h"
#include "glcic/html.h"
#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {
namespace {

constexpr double kLeft = 48, kRight = 18, kTop = 28, kBottom = 40;
constexpr double kInside = kPlotSize - kLeft - kRight;  // width of the axes
constexpr double kHeight = kPlotSize - kTop - kBottom;

double scaled(const Axis& axis, double value) {
  const auto f = [&](double v) { return axis.logarithmic ? std::log10(v) : v; };
  return (f(value) - f(axis.low)) / (f(axis.high) - f(axis.low));
}

std::vector<double> ticks(const Axis& axis) {
  return axis.logarithmic ? log_ticks(axis.low, axis.high) : linear_ticks(axis.low, axis.high, 5);
}

std::string text(double x, double y, const char* anchor, const std::string& words,
                 const std::string& colour = colours::soft) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" fill=\"{}\">{}</text>\n",
                     x, y, anchor, colour, html_text(words));
}

std::array<double, 3> channels(const std::string& colour) {
  const auto rgb = std::stol(colour.substr(1), nullptr, 16);
  return {double(rgb >> 16), double(rgb >> 8 & 255), double(rgb & 255)};
}

std::string mixed(const std::string& low, const std::string& high, double t) {
  const auto from = channels(low), to = channels(high);
  std::string colour = "#";
  for (size_t i = 0; i < 3; ++i)
    colour += fmt::format("{:02x}", std::lround(from[i] + t * (to[i] - from[i])));
  return colour;
}

}  // namespace

Plot::Plot(std::string title, Axis x, Axis y)
    : title_(std::move(title)), x_(std::move(x)), y_(std::move(y)) {}

double Plot::across(double x) const { return kLeft + scaled(x_, x) * kInside; }
double Plot::up(double y) const { return kTop + (1 - scaled(y_, y)) * kHeight; }

Plot& Plot::line(const std::vector<double>& x, const std::vector<double>& y,
                 const std::string& colour, double width) {
  check(x.size() == y.size(), "Plot::line: {} places for {} values", x.size(), y.size());
  inside_ += fmt::format("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" points=\"",
                         colour, width);
  for (size_t i = 0; i < x.size(); ++i)
    inside_ += fmt::format("{}{:.1f},{:.1f}", i == 0 ? "" : " ", across(x[i]), up(y[i]));
  inside_ += "\"/>\n";
  return *this;
}

Plot& Plot::points(const Tensor& points, const std::string& colour, double radius) {
  check_shape(points.rank() == 2 && points.size(1) == 2, "Plot::points: {} is not [N, 2]",
              points.shape());
  const std::vector<double> xy = points.to_vector();
  // A stroke of no length with round ends is a dot, in fewer bytes than a circle.
  inside_ += fmt::format(
      "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linecap=\"round\" d=\"", colour,
      2 * radius);
  for (size_t i = 0; i < xy.size(); i += 2)
    inside_ += fmt::format("M{:.1f} {:.1f}h0", across(xy[i]), up(xy[i + 1]));
  inside_ += "\"/>\n";
  return *this;
}

Plot& Plot::surface(const Tensor& values, const std::string& low, const std::string& high) {
  check_shape(values.rank() == 2, "Plot::surface: {} is not [rows, columns]", values.shape());
  constexpr int kLevels = 32;
  const std::vector<double> numbers = values.to_vector();
  const int64_t rows = values.size(0), columns = values.size(1);
  const auto level_at = [&](int64_t row, int64_t column) {
    const double value = numbers[static_cast<size_t>(row * columns + column)];
    return static_cast<size_t>(std::lround(std::clamp(value, 0.0, 1.0) * (kLevels - 1)));
  };
  // Cells of one level that lie side by side are one rectangle, in units of cells.
  std::array<std::string, kLevels> paths;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t first = 0, end = 0; first < columns; first = end) {
      const size_t level = level_at(row, first);
      while (end < columns && level_at(row, end) == level) ++end;
      paths[level] +=
          fmt::format("M{} {}h{}v1h-{}z", first, rows - 1 - row, end - first, end - first);
    }
  inside_ += fmt::format(
      "<g transform=\"translate({} {}) scale({:.4f} {:.4f})\" shape-rendering=\"crispEdges\">\n",
      kLeft, kTop, kInside / static_cast<double>(columns), kHeight / static_cast<double>(rows));
  for (size_t level = 0; level < kLevels; ++level)
    if (!paths[level].empty())
      inside_ +=
          fmt::format("<path fill=\"{}\" d=\"{}\"/>\n",
                      mixed(low, high, static_cast<double>(level) / (kLevels - 1)), paths[level]);
  inside_ += "</g>\n";
  return *this;
}

Plot& Plot::label(double x, double y, const std::string& words, const std::string& colour) {
  inside_ += text(across(x), up(y), "start", words, colour);
  return *this;
}

std::string Plot::svg() const {
  std::string svg = text(kLeft, kTop - 10, "start", title_, colours::ink);
  svg += "<g clip-path=\"url(#axes)\">\n" + inside_ + "</g>\n";
  for (const double tick : ticks(x_))
    svg += text(across(tick), kPlotSize - kBottom + 15, "middle", fmt::format("{:.4g}", tick));
  for (const double tick : ticks(y_))
    svg += text(kLeft - 6, up(tick) + 4, "end", fmt::format("{:.4g}", tick));
  svg += text(kPlotSize - kRight, kPlotSize - 8, "end", x_.label);
  svg += fmt::format(
      "<text transform=\"translate(12 {}) rotate(-90)\" text-anchor=\"end\" "
      "fill=\"{}\">{}</text>\n",
      kTop, colours::soft, html_text(y_.label));
  return svg + fmt::format(
                   "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" "
                   "stroke=\"{}\"/>\n",
                   kLeft, kTop, kInside, kHeight, colours::soft);
}

void write_plots(const std::string& path, const std::vector<Plot>& panels) {
  std::string contents = fmt::format(
      "<clipPath id=\"axes\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n",
      kLeft, kTop, kInside, kHeight);
  for (size_t i = 0; i < panels.size(); ++i)
    contents += fmt::format("<g transform=\"translate({})\">\n{}</g>\n",
                            static_cast<double>(i) * kPlotSize, panels[i].svg());
  write_file_atomically(
      path, svg_document(static_cast<double>(panels.size()) * kPlotSize, kPlotSize, contents));
}

std::string svg_document(double width, double height, const std::string& contents) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
      "height=\"{1}\" "
      "font-family=\"system-ui, sans-serif\" font-size=\"12\">\n"
      "<rect width=\"{0}\" height=\"{1}\" fill=\"{2}\"/>\n{3}</svg>\n",
      width, height, colours::paper, contents);
}

std::vector<double> spaced(double low, double high, int64_t count) {
  check(count > 1, "spaced: {} numbers from {} to {}", count, low, high);
  std::vector<double> numbers;
  for (int64_t i = 0; i < count; ++i)
    numbers.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(count - 1));
  return numbers;
}

Tensor cell_centres(const Axis& x, const Axis& y, int64_t rows, int64_t columns) {
  const auto centre = [](const Axis& axis, int64_t i, int64_t count) {
    return axis.low +
           (axis.high - axis.low) * (static_cast<double>(i) + 0.5) / static_cast<double>(count);
  };
  std::vector<double> centres;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      centres.insert(centres.end(), {centre(x, column, columns), centre(y, row, rows)});
  return Tensor::from(centres, {rows * columns, 2});
}

}  // namespace kintsugi

#include "glcic/metrics.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {
namespace {

constexpr int kPoints = 240;  // of a curve

/// Takes what comes before the first `separator` off the text, and that with it; all of the text
/// where there is none.
std::string_view cut(std::string_view& text, char separator) {
  const size_t end = text.find(separator);
  const std::string_view head = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return head;
}

/// "a,,b" → "a", "", "b"
void split(std::string_view line, std::vector<std::string_view>& cells) {
  cells.clear();
  while (line.find(',') != std::string_view::npos) cells.push_back(cut(line, ','));
  cells.push_back(line);
}

double number(std::string_view cell, const std::string& path, size_t line) {
  if (cell.empty()) return std::numeric_limits<double>::quiet_NaN();
  double value = 0.0;
  const auto [end, fault] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  check(fault == std::errc() && end == cell.data() + cell.size(),
        "{}, line {}: \"{}\" is no number", path, line, cell);
  return value;
}

Curve curve(const Metrics& metrics, const std::string& column, const std::string& name,
            const std::string& style) {
  Curve result{name, style, metrics.column("seconds"), metrics.column(column)};
  for (double& x : result.x) x /= 60.0;
  // Its own stretch of the run alone, so that a short phase gets its share of points.
  size_t kept = 0;
  for (size_t i = 0; i < result.x.size(); ++i) {
    if (!std::isfinite(result.y[i])) continue;
    result.x[kept] = result.x[i];
    result.y[kept++] = result.y[i];
  }
  result.x.resize(kept);
  result.y.resize(kept);
  return smoothed(result, kPoints);
}

std::vector<ChartMark> phase_marks(const Metrics& metrics, double from) {
  const std::vector<double>& phase = metrics.column("phase");
  const std::vector<double>& seconds = metrics.column("seconds");
  std::vector<ChartMark> marks;
  for (size_t i = 1; i < phase.size(); ++i)
    if (phase[i] != phase[i - 1] && seconds[i] / 60.0 >= from)
      marks.push_back({fmt::format("phase {}", phase[i]), seconds[i] / 60.0});
  return marks;
}

}  // namespace

const std::vector<double>& Metrics::column(const std::string& name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  check(found != names.end(), "metrics: there is no column {}", name);
  return columns[static_cast<size_t>(found - names.begin())];
}

Metrics read_metrics(const std::string& path) {
  const std::string text = read_file(path);
  std::string_view rest = text;
  check(!rest.empty(), "{} is empty", path);
  std::vector<std::string_view> cells;
  split(cut(rest, '\n'), cells);
  Metrics metrics{{cells.begin(), cells.end()}, {}};
  metrics.columns.resize(metrics.names.size());
  const auto lines = static_cast<size_t>(std::count(rest.begin(), rest.end(), '\n'));
  for (std::vector<double>& column : metrics.columns) column.reserve(lines + 1);
  for (size_t row = 2; !rest.empty(); ++row) {
    split(cut(rest, '\n'), cells);
    check(cells.size() == metrics.names.size(), "{}, line {}: {} cells under a header of {}", path,
          row, cells.size(), metrics.names.size());
    for (size_t i = 0; i < cells.size(); ++i)
      metrics.columns[i].push_back(number(cells[i], path, row));
  }
  return metrics;
}

std::vector<Chart> loss_charts(const Metrics& metrics) {
  const Curve completion = curve(metrics, "completion_loss", "L, completion network", "gold");
  const Curve judges = curve(metrics, "discriminator_loss", "discriminators", "slate");
  const Curve adversarial =
      curve(metrics, "adversarial_loss", "completion network against them", "gold");
  std::vector<Chart> charts;
  if (!completion.x.empty())
    charts.push_back({.title = "Completion loss while training",
                      .x_label = "minutes",
                      .y_label = "mean squared error",
                      .curves = {completion},
                      .marks = phase_marks(metrics, 0.0),
                      .log_y = true});
  if (!judges.x.empty())
    charts.push_back({.title = "Adversarial losses while training",
                      .x_label = "minutes",
                      .y_label = "cross entropy",
                      .curves = {judges, adversarial},
                      .marks = phase_marks(metrics, judges.x.front()),
                      .log_y = false});
  return charts;
}

}  // namespace kintsugi

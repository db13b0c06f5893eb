#include "glcic/logs/run_charts.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace kintsugi {
namespace {

constexpr int kCoarse = 100, kFine = 600;  // points of a curve

/// A column of metrics.csv as a curve.
struct Source {
  const char* column;
  const char* name;
  const char* style;
};

/// Steps on an axis: in thousands where there are many.
struct StepAxis {
  double unit;
  const char* label;
};

StepAxis step_axis(const std::vector<double>& steps) {
  const bool many = !steps.empty() && steps.back() >= 10'000;
  return many ? StepAxis{1000, "thousand steps"} : StepAxis{1, "steps"};
}

/// The numbers of a column that can be drawn.
Curve curve_of(const Metrics& metrics, const Source& source, bool positive) {
  Curve curve{source.name, source.style, {}, {}};
  const std::vector<double>& steps = metrics.column("step");
  const std::vector<double>& values = metrics.column(source.column);
  const double unit = step_axis(steps).unit;
  curve.x.reserve(steps.size());
  curve.y.reserve(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) {
    if (!std::isfinite(values[i]) || (positive && values[i] <= 0)) continue;
    curve.x.push_back(steps[i] / unit);
    curve.y.push_back(values[i]);
  }
  return curve;
}

std::vector<ChartMark> phase_marks(const Metrics& metrics, double from) {
  const std::vector<double>& phase = metrics.column("phase");
  const std::vector<double>& steps = metrics.column("step");
  const double unit = step_axis(steps).unit;
  std::vector<ChartMark> marks;
  for (size_t i = 1; i < phase.size(); ++i)
    if (phase[i] != phase[i - 1] && steps[i] / unit >= from)
      marks.push_back({fmt::format("phase {}", phase[i]), steps[i] / unit});
  return marks;
}

bool has_column(const Metrics& metrics, const char* name) {
  return std::find(metrics.names.begin(), metrics.names.end(), name) != metrics.names.end();
}

/// `chart` with the curves of these columns in it, the fine ones behind the coarse ones.
Chart with_curves(Chart chart, const Metrics& metrics, const std::vector<Source>& sources) {
  std::vector<Curve> coarse;
  for (const Source& source : sources) {
    if (!has_column(metrics, source.column)) continue;
    const Curve all = curve_of(metrics, source, chart.log_y);
    if (all.x.size() < 2) continue;
    coarse.push_back(smoothed(all, kCoarse));
    if (all.x.size() <= kCoarse) continue;
    Curve fine = smoothed(all, kFine);
    fine.name = "";
    fine.style += " fine";
    chart.curves.push_back(std::move(fine));
  }
  if (!coarse.empty()) chart.marks = phase_marks(metrics, coarse.front().x.front());
  std::move(coarse.begin(), coarse.end(), std::back_inserter(chart.curves));
  return chart;
}

}  // namespace

std::vector<Chart> run_charts(const Metrics& metrics) {
  const char* steps = step_axis(metrics.column("step")).label;
  const std::vector<Chart> charts = {
      with_curves({.title = "Completion loss",
                   .x_label = steps,
                   .y_label = "mean squared error",
                   .log_y = true},
                  metrics, {{"completion_loss", "completion loss", "gold"}}),
      with_curves({.title = "Adversarial losses", .x_label = steps, .y_label = "cross entropy"},
                  metrics,
                  {{"discriminator_loss", "discriminators", "slate"},
                   {"adversarial_loss", "completion network against them", "gold"}}),
      with_curves(
          {.title = "What the discriminators take for real",
           .x_label = steps,
           .y_label = "mean probability"},
          metrics,
          {{"real_mean", "real pictures", "slate"}, {"fake_mean", "completed pictures", "gold"}}),
      with_curves({.title = "Gradients by the completed picture",
                   .x_label = steps,
                   .y_label = "norm",
                   .log_y = true},
                  metrics,
                  {{"completion_gradient", "of the completion loss", "gold"},
                   {"adversarial_gradient", "of the adversarial loss", "slate"}}),
      with_curves({.title = "Speed", .x_label = steps, .y_label = "pictures a second"}, metrics,
                  {{"pictures_per_second", "speed", "gold"}})};
  std::vector<Chart> drawn;
  std::copy_if(charts.begin(), charts.end(), std::back_inserter(drawn),
               [](const Chart& chart) { return !chart.curves.empty(); });
  return drawn;
}

Chart validation_chart(const Metrics& validation) {
  Chart chart{.title = "Hole PSNR over unseen pictures",
              .x_label = step_axis(validation.column("step")).label,
              .y_label = "dB",
              .from_zero = false};
  chart.curves = {curve_of(validation, {"hole_psnr", "hole PSNR", "gold"}, false)};
  return chart;
}

}  // namespace kintsugi

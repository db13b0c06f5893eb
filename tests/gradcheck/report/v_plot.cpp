#include "tests/gradcheck/report/v_plot.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace kintsugi {

namespace {

using gradcheck_run::StepSweep;

constexpr double kWidth = 360, kHeight = 230, kLeft = 46, kRight = 16, kTop = 26, kBottom = 34;
constexpr double kLowest = -16, kHighest = 2;  // decades of the error
constexpr double kUsedStep = 1e-4;             // gradcheck's own

struct Axes {
  double first, last;  // log10 of the steps

  double x(double step) const {
    return kLeft + (std::log10(step) - first) / (last - first) * (kWidth - kLeft - kRight);
  }
  double y(double error) const {
    return kTop +
           (kHighest - std::log10(error)) / (kHighest - kLowest) * (kHeight - kTop - kBottom);
  }
};

std::string text(double x, double y, const char* anchor, const std::string& words) {
  return fmt::format("<text text-anchor=\"{}\" x=\"{:.0f}\" y=\"{:.0f}\">{}</text>", anchor, x, y,
                     words);
}
std::string line(const char* style, double x1, double y1, double x2, double y2) {
  return fmt::format("<line class=\"{}\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\"/>",
                     style, x1, y1, x2, y2);
}
std::string power(int exponent) {
  return fmt::format("10<tspan dy=\"-4\" font-size=\"9\">{}</tspan>", exponent);
}

std::string grid(const Axes& axes) {
  std::string svg;
  for (int decade = -15; decade <= 0; decade += 5) {
    const double y = axes.y(std::pow(10, decade));
    svg +=
        line("grid", kLeft, y, kWidth - kRight, y) + text(kLeft - 5, y + 4, "end", power(decade));
  }
  for (int decade = static_cast<int>(std::ceil(axes.first)); decade <= axes.last; decade += 2) {
    const double x = axes.x(std::pow(10, decade));
    svg += line("axis", x, kHeight - kBottom, x, kHeight - kBottom + 4) +
           text(x, kHeight - kBottom + 17, "middle", power(decade));
  }
  svg += line("axis", kLeft, kHeight - kBottom, kWidth - kRight, kHeight - kBottom);
  svg += line("mark", axes.x(kUsedStep), kTop, axes.x(kUsedStep), kHeight - kBottom);
  return svg + text(kWidth - kRight, kHeight - 3, "end", "step ε");
}

/// Points that lie within the frame; where some do not, the line begins anew behind them.
std::string curve(const Axes& axes, const std::vector<double>& steps,
                  const std::vector<double>& errors, const std::string& style) {
  std::string svg, points;
  const auto flush = [&] {
    if (!points.empty())
      svg += fmt::format("<polyline class=\"curve {}\" points=\"{}\"/>", style, points);
    points.clear();
  };
  for (size_t i = 0; i < errors.size(); ++i) {
    const double decade = std::log10(errors[i]);
    if (!(decade >= kLowest && decade <= kHighest)) {
      flush();
      continue;
    }
    points += fmt::format("{:.1f},{:.1f} ", axes.x(steps[i]), axes.y(errors[i]));
  }
  flush();
  return svg;
}

std::string dots(const Axes& axes, const std::vector<double>& steps,
                 const std::vector<double>& errors, const char* style) {
  std::string svg;
  for (size_t i = 0; i < errors.size(); ++i)
    if (std::isfinite(std::log10(errors[i])) && std::log10(errors[i]) >= kLowest &&
        std::log10(errors[i]) <= kHighest)
      svg += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.2\"/>", style,
                         axes.x(steps[i]), axes.y(errors[i]));
  return svg;
}

size_t least(const std::vector<double>& errors) {
  size_t best = 0;
  for (size_t i = 0; i < errors.size(); ++i)
    if (!(errors[i] >= errors[best])) best = i;
  return best;
}

}  // namespace

std::string v_plot(const StepSweep& sweep) {
  if (sweep.steps.empty()) return "";
  const Axes axes{std::log10(sweep.steps.front()), std::log10(sweep.steps.back())};
  std::string svg = fmt::format(
      "<svg class=\"v\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"error against step\">",
      kWidth, kHeight);
  svg += grid(axes);
  if (sweep.kink_from > sweep.steps.front() && sweep.kink_from < sweep.steps.back()) {
    const double x = axes.x(sweep.kink_from);
    svg += line("kink", x, kTop, x, kHeight - kBottom) + text(x + 3, kTop + 10, "start", "kink");
  }
  svg += curve(axes, sweep.steps, sweep.truncation, "predicted");
  svg += curve(axes, sweep.steps, sweep.rounding64, "predicted gold");
  if (!sweep.float32.values.empty())
    svg += curve(axes, sweep.steps, sweep.rounding32, "predicted slate");
  svg += curve(axes, sweep.steps, sweep.float32.values, "slate") +
         dots(axes, sweep.steps, sweep.float32.values, "slate");
  svg += curve(axes, sweep.steps, sweep.float64.values, "gold") +
         dots(axes, sweep.steps, sweep.float64.values, "gold");
  return svg +
         "<text x=\"4\" y=\"14\">relative error: <tspan class=\"gold\">● float64</tspan> "
         "<tspan class=\"slate\" dx=\"6\">● float32</tspan> <tspan dx=\"6\">╌ predicted</tspan>"
         "</text></svg>";
}

std::string v_words(const StepSweep& sweep) {
  if (sweep.steps.empty()) return "";
  const size_t best = least(sweep.float64.values);
  std::string words = fmt::format("Least in float64 at ε = {:.0e}: {:.0e}.", sweep.steps[best],
                                  sweep.float64.values[best]);
  if (!sweep.float32.values.empty()) {
    const size_t best32 = least(sweep.float32.values);
    words += fmt::format(" In float32 at {:.0e}: {:.0e}.", sweep.steps[best32],
                         sweep.float32.values[best32]);
  } else {
    words += " This sample has constants of float64 and runs in nothing else.";
  }
  if (sweep.truncation.empty())
    words +=
        " No V: what the stencil leaves out is zero (a polynomial up to the fourth degree), so "
        "only rounding is left, and larger steps are better.";
  return words;
}

}  // namespace kintsugi

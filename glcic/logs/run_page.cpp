#include "glcic/logs/run_page.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sstream>
#include <utility>

#include "glcic/html.h"
#include "glcic/logs/run_charts.h"
#include "glcic/logs/run_page_style.h"
#include "glcic/logs/run_samples.h"
#include "glcic/metrics.h"
#include "glcic/page_style.h"
#include "glcic/recipe.h"
#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {
namespace {

using Stage = RunStatus::Stage;

constexpr size_t kMostWarnings = 20;

/// 12345678 → "12,345,678"
std::string grouped(int64_t number) {
  std::string text = std::to_string(number);
  for (auto at = static_cast<int64_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<size_t>(at), 1, ',');
  return text;
}

std::string run_name(const std::string& run) {
  const std::filesystem::path path = std::filesystem::absolute(run).lexically_normal();
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

const char* stage_name(Stage stage) {
  switch (stage) {
    case Stage::training:
      return "training";
    case Stage::stopped:
      return "stopped";
    case Stage::failed:
      return "failed";
    case Stage::done:
      break;
  }
  return "done";
}

std::string go_on(const std::string& run) {
  return fmt::format("<pre>glcic train --run {} --resume</pre>\n", html_text(run));
}

/// The last line of validation.csv that holds a number; NaN where there is none.
double last_psnr(const std::string& run) {
  const std::string path = run + "/validation.csv";
  if (!std::filesystem::exists(path)) return NAN;
  try {
    const Metrics validation = read_metrics(path);
    const std::vector<double>& psnr = validation.column("hole_psnr");
    return psnr.empty() ? NAN : psnr.back();
  } catch (const Error&) {
    return NAN;
  }
}

std::string progress(const RunStatus& status) {
  if (status.stage == Stage::done) return "";
  const double done = status.position.seconds, all = done + status.seconds_left;
  if (!(all > 0)) return "";
  return fmt::format("<div class=\"bar\"><i style=\"width:{:.1f}%\"></i></div>\n",
                     std::clamp(100 * done / all, 0.0, 100.0));
}

std::string figures(const std::string& run, const RunStatus& status) {
  std::string html = "<dl class=\"figures\">";
  const auto figure = [&](const std::string& what, const std::string& value) {
    html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", what, value);
  };
  figure("steps", grouped(status.position.step));
  if (status.position.phase <= 3) figure("phase", fmt::format("{} of 3", status.position.phase));
  figure("of training", duration_string(status.position.seconds));
  if (status.stage != Stage::done && std::isfinite(status.seconds_left))
    figure("left, about", duration_string(status.seconds_left));
  if (std::isfinite(status.pictures_per_second))
    figure("pictures a second", fmt::format("{:.1f}", status.pictures_per_second));
  if (const double psnr = last_psnr(run); std::isfinite(psnr))
    figure("hole PSNR, unseen", fmt::format("{:.2f} dB", psnr));
  return html + "</dl>\n";
}

std::string headline(const std::string& run, const RunStatus& status) {
  const std::string now = fmt::format("written {:%Y-%m-%d %H:%M:%S} UTC",
                                      fmt::gmtime(std::chrono::system_clock::now()));
  std::string html = fmt::format(
      "<h1>{}</h1>\n<p class=\"stage\"><b>{}</b> &middot; <span id=\"age\" title=\"{}\">{}</span>"
      "</p>\n",
      html_text(run_name(run)), stage_name(status.stage), now, now);
  if (!status.reason.empty())
    html += "<div class=\"warnings\"><p>" + html_text(status.reason) + "</p></div>\n";
  html +=
      "<div class=\"silent\" id=\"silent\" hidden><p>The run has stopped writing: it was ended, or "
      "its machine was. Go on with</p>" +
      go_on(run) + "</div>\n";
  html += progress(status) + figures(run, status);
  if (status.stage == Stage::stopped) html += "<p>Go on with</p>\n" + go_on(run);
  return html;
}

/// The last lines of warnings.txt.
std::string warnings(const std::string& run) {
  const std::string path = run + "/warnings.txt";
  if (!std::filesystem::exists(path)) return "";
  std::istringstream text(read_file(path));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  std::string html = "<div class=\"warnings\">";
  for (size_t i = lines.size() - std::min(lines.size(), kMostWarnings); i < lines.size(); ++i)
    html += "<p>" + html_text(lines[i]) + "</p>";
  return html + "</div>\n";
}

std::string strip(const std::string& style, const std::string& name, const PictureRow& pictures,
                  const std::string& what) {
  std::string html = fmt::format("<div class=\"strip {}\"><span>{}</span><div>", style, name);
  for (const std::string& picture : pictures)
    html += fmt::format("<img alt=\"{}\" src=\"{}\">", what, picture_address("jpeg", picture));
  return html + "</div></div>\n";
}

std::string samples(const std::string& run, const TrainSettings& settings,
                    const RunStatus& status) {
  const RunSamples found = read_run_samples(run, settings.size, status.position.step);
  if (found.completed.empty()) return "";
  std::string html = "<h2>Unseen pictures, completed</h2>\n<div class=\"strips\">\n" +
                     strip("source", "original", found.originals, "an unseen picture") +
                     strip("source", "masked", found.masked, "the same with a hole");
  const char* style = "new";
  for (const RunSamples::Completed& sheet : found.completed)
    html += strip(std::exchange(style, ""), fmt::format("step {}", grouped(sheet.step)),
                  sheet.pictures, fmt::format("the hole filled at step {}", sheet.step));
  return html + "</div>\n";
}

std::string drawn(const Chart& chart) {
  const std::string svg = svg_chart(chart);
  if (svg.empty()) return "";
  return fmt::format("<h3>{}</h3>\n{}\n", chart.title, svg);
}

/// The charts that `charts` makes of a CSV file; what is wrong with it where it cannot be read.
template <class Charts>
std::string curves(const std::string& path, Charts&& charts) {
  if (!std::filesystem::exists(path)) return "";
  try {
    std::string html;
    for (const Chart& chart : charts(read_metrics(path))) html += drawn(chart);
    return html;
  } catch (const Error& error) {
    return "<p class=\"note\">" + html_text(error.what()) + "</p>\n";
  }
}

std::string all_curves(const std::string& run) {
  return "<h2>Curves</h2>\n" +
         curves(run + "/validation.csv",
                [](const Metrics& metrics) { return std::vector{validation_chart(metrics)}; }) +
         curves(run + "/metrics.csv", run_charts);
}

}  // namespace

void write_run_page(const std::string& run, const TrainSettings& settings,
                    const RunStatus& status) {
  const auto written = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  const char* stage = stage_name(status.stage);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{}: {}</title>\n<style>{}{}</style>{}</head>\n"
      "<body data-stage=\"{}\" data-written=\"{}\" data-every=\"{:.0f}\"><main>\n",
      html_text(run_name(run)), stage, kPageStyle, kRunPageStyle,
      status.stage == Stage::training
          ? "<noscript><meta http-equiv=\"refresh\" content=\"60\"></noscript>"
          : "",
      stage, written.count(), status.write_every);
  html += headline(run, status) + warnings(run) + samples(run, settings, status) + all_curves(run);
  html += "<h2>Settings</h2>\n<pre>" + html_text(to_recipe(settings)) + "</pre>\n";
  html += fmt::format("</main><script>{}</script></body></html>\n", kRunPageScript);
  write_file_atomically(run + "/index.html", html);
}

}  // namespace kintsugi

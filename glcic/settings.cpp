#include "glcic/settings.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "glcic/architecture.h"
#include "glcic/settings_json.h"
#include "tensor/error.h"

namespace kintsugi {

void check_settings(const TrainSettings& settings) {
  find_architecture(settings.architecture).check_scale(settings.size, settings.width);
  check(settings.batch >= 1, "train: batch {} must be 1 or more", settings.batch);
  check(settings.accumulate >= 1, "train: accumulate {} must be 1 or more", settings.accumulate);
  check(std::ranges::min(settings.steps) >= 0 && std::ranges::max(settings.steps) > 0,
        "train: steps {},{},{} must not be negative, nor all 0", settings.steps[0],
        settings.steps[1], settings.steps[2]);
  check(settings.budget >= 0 && std::isfinite(settings.budget),
        "train: budget {} must be a number of seconds", settings.budget);
  const auto& [first, second, third] = settings.shares;
  check(std::ranges::min(settings.shares) >= 0 && std::abs(first + second + third - 1) < 1e-6,
        "train: shares {}, {}, {} must not be negative, and add up to 1", first, second, third);
  check(settings.alpha >= 0, "train: alpha {} must not be negative", settings.alpha);
  check(settings.rho >= 0 && settings.rho < 1, "train: rho {} must be at least 0 and below 1",
        settings.rho);
  check(settings.eps > 0, "train: eps {} must be above 0", settings.eps);
  check(settings.holes == HoleRange{} ||
            (settings.holes.low >= 1 && settings.holes.low <= settings.holes.high),
        "train: holes from {} to {} cannot be", settings.holes.low, settings.holes.high);
  check(settings.holes.high <= settings.size, "train: holes of {} do not fit pictures of {}",
        settings.holes.high, settings.size);
  check(settings.scale_range == 0 || settings.scale_range >= 1,
        "train: scale range {} must be 1 or more", settings.scale_range);
}

std::string to_json(const TrainSettings& settings) { return settings_to_json(settings).dump(); }

TrainSettings settings_from_json(const std::string& json, const std::string& origin) {
  static const std::set<std::string_view> newer{"architecture", "accumulate", "adaptive_alpha",
                                                "rho",          "eps",        "average"};
  const nlohmann::json read = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  try {
    return read_settings(read, "its settings", newer);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: no checkpoint of glcic train: {}", origin, error.what()));
  }
}

double adapted_alpha(double alpha, double completion_gradient, double adversarial_gradient) {
  return adversarial_gradient > 0 ? 0.99 * alpha + 0.01 * completion_gradient / adversarial_gradient
                                  : alpha;
}

double seconds_from_string(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  auto [unit, fault] = std::from_chars(text.data(), end, number);
  double factor = 0;
  std::string_view rest(unit, static_cast<size_t>(end - unit));
  if (rest.empty() || rest == "s") factor = 1;
  if (rest == "m") factor = 60;
  if (rest == "h") factor = 3600;
  check(fault == std::errc{} && factor > 0 && number > 0 && std::isfinite(number),
        "\"{}\" is no length of time; write 90s, 10m or 1.5h", text);
  return number * factor;
}

std::string duration_string(double seconds) {
  auto whole = static_cast<int64_t>(std::ceil(seconds > 0 ? seconds : 0));
  if (whole >= 3600) return fmt::format("{}h{:02}m", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return fmt::format("{}m{:02}s", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

std::array<int64_t, 3> steps_from_string(const std::string& text) {
  std::array<int64_t, 3> steps{};
  const char* at = text.data();
  const char* end = at + text.size();
  bool good = true;
  for (size_t phase = 0; phase < 3 && good; ++phase) {
    auto [next, fault] = std::from_chars(at, end, steps[phase]);
    good = fault == std::errc{} && steps[phase] >= 0 &&
           (phase < 2 ? next != end && *next == ',' : next == end);
    at = next + 1;
  }
  check(good && steps[0] + steps[1] + steps[2] > 0,
        "\"{}\" is no list of steps; write three whole numbers, one a phase: 1000,200,2000", text);
  return steps;
}

}  // namespace kintsugi

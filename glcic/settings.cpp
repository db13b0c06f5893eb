#include "glcic/settings.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "glcic/networks.h"
#include "tensor/error.h"

namespace kintsugi {

void check_settings(const TrainSettings& settings) {
  check(settings.size >= 16 && settings.size % 4 == 0,
        "train: no discriminator fits size {}: it must be a multiple of 4, and at least 16",
        settings.size);
  check(settings.width >= 2 && settings.width % 2 == 0,
        "train: width {} must be an even number, 2 or more", settings.width);
  check(settings.batch >= 1, "train: batch {} must be 1 or more", settings.batch);
  check(settings.alpha >= 0, "train: alpha {} must not be negative", settings.alpha);
  check(settings.holes.high <= settings.size, "train: holes of {} do not fit pictures of {}",
        settings.holes.high, settings.size);
  check(settings.scale_range == 0 || settings.scale_range >= 1,
        "train: scale range {} must be 1 or more", settings.scale_range);
}

std::string to_json(const TrainSettings& settings) {
  return nlohmann::ordered_json{{"data", settings.data},
                                {"size", settings.size},
                                {"width", settings.width},
                                {"batch", settings.batch},
                                {"steps", settings.steps},
                                {"budget", settings.budget},
                                {"shares", settings.shares},
                                {"seed", settings.seed},
                                {"alpha", settings.alpha},
                                {"hole_low", settings.holes.low},
                                {"hole_high", settings.holes.high},
                                {"scale_range", settings.scale_range}}
      .dump();
}

TrainSettings settings_from_json(const std::string& json, const std::string& origin) {
  try {
    nlohmann::json read = nlohmann::json::parse(json);
    TrainSettings settings;
    read.at("data").get_to(settings.data);
    read.at("size").get_to(settings.size);
    read.at("width").get_to(settings.width);
    read.at("batch").get_to(settings.batch);
    read.at("steps").get_to(settings.steps);
    read.at("budget").get_to(settings.budget);
    read.at("shares").get_to(settings.shares);
    read.at("seed").get_to(settings.seed);
    read.at("alpha").get_to(settings.alpha);
    read.at("hole_low").get_to(settings.holes.low);
    read.at("hole_high").get_to(settings.holes.high);
    read.at("scale_range").get_to(settings.scale_range);
    return settings;
  } catch (const nlohmann::json::exception&) {
    throw Error(
        fmt::format("{}: its settings cannot be read; it is no checkpoint of glcic train", origin));
  }
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

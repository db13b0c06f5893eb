#include "glcic/settings_json.h"

#include <nlohmann/json.hpp>

#include "tensor/error.h"

namespace kintsugi {

namespace {

using nlohmann::json;

/// Calls field(key, member) for every setting. `Settings` is TrainSettings, const or not.
template <class Settings, class Field>
void each_setting(Settings& settings, const Field& field) {
  field("architecture", settings.architecture);
  field("data", settings.data);
  field("size", settings.size);
  field("width", settings.width);
  field("batch", settings.batch);
  field("accumulate", settings.accumulate);
  field("steps", settings.steps);
  field("budget", settings.budget);
  field("shares", settings.shares);
  field("seed", settings.seed);
  field("alpha", settings.alpha);
  field("adaptive_alpha", settings.adaptive_alpha);
  field("rho", settings.rho);
  field("eps", settings.eps);
  field("average", settings.average);
  field("hole_low", settings.holes.low);
  field("hole_high", settings.holes.high);
  field("scale_range", settings.scale_range);
}

// What each type of setting is in words, and whether a value is one.
const char* type_of(const std::string&) { return "a text"; }
const char* type_of(int64_t) { return "a whole number"; }
const char* type_of(uint64_t) { return "a whole number, 0 or more"; }
const char* type_of(double) { return "a number"; }
const char* type_of(bool) { return "true or false"; }
const char* type_of(const std::array<int64_t, 3>&) { return "a list of three whole numbers"; }
const char* type_of(const std::array<double, 3>&) { return "a list of three numbers"; }
const char* type_of(const Averaging&) { return "polynomial, none, or a text such as ema:0.999"; }

bool fits(const json& value, const std::string&) { return value.is_string(); }
bool fits(const json& value, int64_t) {
  return value.is_number_integer() &&
         (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t{INT64_MAX});
}
bool fits(const json& value, uint64_t) { return value.is_number_unsigned(); }
bool fits(const json& value, double) { return value.is_number(); }
bool fits(const json& value, bool) { return value.is_boolean(); }
bool fits(const json& value, const Averaging&) { return value.is_string(); }
template <class Number>
bool fits(const json& value, const std::array<Number, 3>&) {
  return value.is_array() && value.size() == 3 && fits(value[0], Number{}) &&
         fits(value[1], Number{}) && fits(value[2], Number{});
}

template <class Value>
void assign(const json& from, Value& to) {
  from.get_to(to);
}
void assign(const json& from, Averaging& to) { to = averaging_from_string(from); }

template <class Value>
const Value& json_value(const Value& value) {
  return value;
}
std::string json_value(const Averaging& value) { return to_string(value); }

}  // namespace

nlohmann::ordered_json settings_to_json(const TrainSettings& settings) {
  nlohmann::ordered_json object;
  each_setting(settings,
               [&](const char* key, const auto& value) { object[key] = json_value(value); });
  return object;
}

TrainSettings read_settings(const json& object, const std::string& origin,
                            const std::set<std::string_view>& optional) {
  check(object.is_object(), "{}: no settings: a JSON object is expected", origin);
  TrainSettings settings;
  std::set<std::string_view> known;
  each_setting(settings, [&](const char* key, auto& member) {
    known.insert(key);
    const auto found = object.find(key);
    if (found == object.end()) {
      check(optional.contains(key), "{}: \"{}\" is missing", origin, key);
      return;
    }
    check(fits(*found, member), "{}: \"{}\" must be {}", origin, key, type_of(member));
    try {
      assign(*found, member);
    } catch (const Error& error) {
      throw Error(fmt::format("{}: \"{}\": {}", origin, key, error.what()));
    }
  });
  for (const auto& [key, value] : object.items())
    check(known.contains(key), "{}: {} is no setting", origin, json(key).dump());
  return settings;
}

}  // namespace kintsugi

#include "glcic/interchange/torch_names.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "glcic/interchange/completion_layout.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

using Json = nlohmann::json;

const std::string kLayer = "completion.layer";  // two digits follow
constexpr size_t kDigits = 2;

/// "completion.layer13.conv.bias" → 13.
int layer_number(const std::string& name) { return std::stoi(name.substr(kLayer.size(), kDigits)); }

/// The pattern of one of our names: "completion.layer{NN}.conv.bias".
std::string pattern_of(const std::string& name) {
  return kLayer + "{NN}" + name.substr(kLayer.size() + kDigits);
}

/// A number without a sign at the front of `text`, which is cut off; 1 where there is none.
int take_factor(std::string_view& text) {
  int factor = 1;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), factor);
  if (fault == std::errc{}) text.remove_prefix(static_cast<size_t>(end - text.data()));
  return factor;
}

/// What stands between braces, for layer n: "NN", or "3N-3" and its like. None where it is neither.
std::optional<std::string> expand(std::string_view formula, int n) {
  if (formula == "NN") return fmt::format("{:02}", n);
  if (formula.empty() || formula[0] == '-') return std::nullopt;
  const int factor = take_factor(formula);
  if (!formula.starts_with('N')) return std::nullopt;
  formula.remove_prefix(1);
  int summand = 0;
  if (formula.starts_with('+') && formula.size() > 1 && formula[1] != '-') formula.remove_prefix(1);
  if (!formula.empty()) {
    const char* end = formula.data() + formula.size();
    const auto [stop, fault] = std::from_chars(formula.data(), end, summand);
    if (fault != std::errc{} || stop != end) return std::nullopt;
  }
  return std::to_string(int64_t{factor} * n + summand);
}

/// Their name for layer n, from a name that may have braces.
std::string their_name(const std::string& pattern, int n, const std::string& path) {
  std::string name;
  for (size_t at = 0;;) {
    const size_t open = pattern.find('{', at);
    name += pattern.substr(at, open - at);
    if (open == std::string::npos) return name;
    const size_t close = pattern.find('}', open);
    check(close != std::string::npos, "{}: \"{}\" has a brace that does not close", path, pattern);
    const auto number = expand(std::string_view(pattern).substr(open + 1, close - open - 1), n);
    check(number.has_value(), "{}: \"{}\": between braces there is NN, N or a sum such as 3N-3",
          path, pattern);
    name += *number;
    at = close + 1;
  }
}

Json parse_json(std::string_view text, const std::string& path) {
  Json json = Json::parse(text, nullptr, false);
  check(json.is_object(), "{}: it is not a JSON object", path);
  return json;
}

std::string text_entry(const Json& json, const std::string& key, const std::string& path) {
  const auto entry = json.find(key);
  check(entry != json.end() && entry->is_string(), "{}: \"{}\" is not there, or is no text", path,
        key);
  return entry->get<std::string>();
}

void check_keys(const Json& json, const std::string& path) {
  static const std::set<std::string> kKnown{"about", "order",      "input",
                                            "names", "mean_pixel", "ignored"};
  for (const auto& [key, value] : json.items())
    check(kKnown.contains(key), "{}: \"{}\" is not known here", path, key);
}

std::map<std::string, std::string> read_names(const Json& json, const std::string& path) {
  const auto names = json.find("names");
  check(names != json.end() && names->is_object(), "{}: \"names\" is not there, or is no object",
        path);
  std::map<std::string, std::string> theirs;
  std::set<std::string> used, taken;
  for (const auto& [name, shape] : completion_shapes(2)) {
    const std::string& key = names->contains(name) ? name : pattern_of(name);
    check(names->contains(key), "{}: {} has no name there", path, name);
    theirs[name] = their_name(text_entry(*names, key, path), layer_number(name), path);
    check(taken.insert(theirs[name]).second, "{}: two weights are called \"{}\"", path,
          theirs[name]);
    used.insert(key);
  }
  for (const auto& [key, value] : names->items())
    check(used.contains(key), "{}: \"{}\" is no weight of GLCIC's completion network", path, key);
  return theirs;
}

void read_mean_pixel(const Json& json, NameMapping& mapping) {
  const auto mean = json.find("mean_pixel");
  if (mean == json.end()) return;
  if (mean->is_string()) {
    mapping.mean_pixel_name = mean->get<std::string>();
    return;
  }
  const bool numbers = mean->is_array() && std::all_of(mean->begin(), mean->end(),
                                                       [](const Json& x) { return x.is_number(); });
  check(numbers, "{}: \"mean_pixel\" is neither a list of numbers nor a name", mapping.path);
  const auto values = mean->get<std::vector<double>>();
  mapping.mean_pixel =
      checked_mean_pixel(Tensor::from(values, {static_cast<int64_t>(values.size())}), mapping.path);
}

bool is_ignored(const std::string& name, const NameMapping& mapping) {
  return std::any_of(
      mapping.ignored.begin(), mapping.ignored.end(),
      [&](const std::string& pattern) { return fnmatch(pattern.c_str(), name.c_str(), 0) == 0; });
}

void check_nothing_left(const StateDict& weights, const std::set<std::string>& used,
                        const std::string& origin, const NameMapping& mapping) {
  std::vector<std::string> left;
  for (const auto& [name, tensor] : weights)
    if (!used.contains(name) && !is_ignored(name, mapping)) left.push_back(name);
  if (left.empty()) return;
  throw Error(fmt::format(
      "{}: \"{}\"{} is not in {}: name it, or let \"ignored\" say so", origin, left.front(),
      left.size() > 1 ? fmt::format(" and {} more", left.size() - 1) : "", mapping.path));
}

}  // namespace

NameMapping parse_name_mapping(std::string_view text, const std::string& path) {
  const Json json = parse_json(text, path);
  check_keys(json, path);
  NameMapping mapping{.path = path, .theirs = read_names(json, path)};
  const std::string order = text_entry(json, "order", path);
  check(order == "conv, norm, relu",
        "{}: the order of a layer is \"{}\", but GLCIC's is \"conv, norm, relu\"", path, order);
  const std::string input = text_entry(json, "input", path);
  check(input == "mean-filled" || input == "mean-subtracted",
        "{}: \"input\" is \"{}\", not \"mean-filled\" or \"mean-subtracted\"", path, input);
  mapping.mean_subtracted = input == "mean-subtracted";
  read_mean_pixel(json, mapping);
  if (const auto ignored = json.find("ignored"); ignored != json.end()) {
    check(ignored->is_array(), "{}: \"ignored\" is no list", path);
    for (const Json& pattern : *ignored) {
      check(pattern.is_string(), "{}: \"ignored\" holds something that is no text", path);
      mapping.ignored.push_back(pattern.get<std::string>());
    }
  }
  return mapping;
}

StateDict rename_weights(const StateDict& weights, const std::string& origin,
                         const NameMapping& mapping, const std::optional<Tensor>& mean_pixel) {
  const auto find = [&](const std::string& theirs, const std::string& ours) -> const Tensor& {
    const auto found = weights.find(theirs);
    check(found != weights.end(), "{}: \"{}\" is missing, which {} names for {}", origin, theirs,
          mapping.path, ours);
    return found->second;
  };
  StateDict renamed;
  std::set<std::string> used;
  for (const auto& [ours, theirs] : mapping.theirs) {
    renamed[ours] = find(theirs, ours).to(DType::float32);
    used.insert(theirs);
  }
  check_completion(renamed, origin, mapping.theirs);

  std::optional<Tensor> mean = mapping.mean_pixel;
  if (!mapping.mean_pixel_name.empty()) {
    mean = find(mapping.mean_pixel_name, "mean_pixel");
    used.insert(mapping.mean_pixel_name);
  }
  if (mean_pixel) mean = mean_pixel;
  check(mean.has_value(), "{}: {} names no mean pixel; give one with --mean-pixel R,G,B", origin,
        mapping.path);
  renamed["mean_pixel"] = checked_mean_pixel(*mean, origin);
  if (mapping.mean_subtracted) renamed["mean_subtracted"] = Tensor::full({1}, 1);
  check_nothing_left(weights, used, origin, mapping);
  return renamed;
}

}  // namespace kintsugi

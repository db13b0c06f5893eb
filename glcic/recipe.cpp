#include "glcic/recipe.h"

#include <nlohmann/json.hpp>

#include "glcic/settings_json.h"
#include "tensor/error.h"
#include "tensor/io/file.h"

namespace kintsugi {

namespace {

using nlohmann::json;

json parse_json(const std::string& text, const std::string& origin) {
  try {
    return json::parse(text);
  } catch (const json::parse_error& error) {
    throw Error(fmt::format("{}: no JSON: wrong at byte {}", origin, error.byte));
  } catch (const json::exception&) {  // 1e999
    throw Error(fmt::format("{}: no recipe: a number in it is too large", origin));
  }
}

/// The keys that a recipe with this one may leave out.
std::set<std::string_view> optional_keys(const json& object) {
  const auto budget = object.find("budget");
  if (budget != object.end() && *budget != 0) return {"data", "steps"};
  return {"data", "budget", "shares"};
}

}  // namespace

TrainSettings parse_recipe(const std::string& text, const std::string& origin) {
  json object = parse_json(text, origin);
  check(object.is_object(), "{}: no recipe: a JSON object is expected", origin);
  if (const auto about = object.find("about"); about != object.end()) {
    check(about->is_string(), "{}: \"about\" must be a text", origin);
    object.erase(about);
  }
  TrainSettings settings = read_settings(object, origin, optional_keys(object));
  if (!object.contains("data")) settings.data.clear();
  try {
    check_settings(settings);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", origin, error.what()));
  }
  return settings;
}

TrainSettings read_recipe(const std::string& name_or_path) {
  if (name_or_path.ends_with(".json") || name_or_path.find('/') != std::string::npos)
    return parse_recipe(read_file(name_or_path), name_or_path);
  std::string names;
  for (const EmbeddedRecipe& recipe : embedded_recipes()) {
    if (recipe.name == name_or_path)
      return parse_recipe(std::string(recipe.json), fmt::format("recipe {}", recipe.name));
    names += fmt::format("{}{}", names.empty() ? "" : ", ", recipe.name);
  }
  throw Error(
      fmt::format("train: no recipe is called \"{}\": there are {}, and files that end in .json",
                  name_or_path, names));
}

std::string to_recipe(const TrainSettings& settings) {
  nlohmann::ordered_json object = settings_to_json(settings);
  if (settings.data.empty()) object.erase("data");
  std::string text = "{";
  for (const auto& [key, value] : object.items())
    text += fmt::format("{}\n  {}: {}", text.size() > 1 ? "," : "", json(key).dump(), value.dump());
  return text + "\n}\n";
}

}  // namespace kintsugi

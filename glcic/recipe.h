#pragma once
#include <span>
#include <string>
#include <string_view>

#include "glcic/settings.h"

namespace kintsugi {

/// A file of recipes/, as this program was built with it.
struct EmbeddedRecipe {
  std::string_view name;  ///< "places2"
  std::string_view json;
};
/// By name.
std::span<const EmbeddedRecipe> embedded_recipes();

/// The settings of a recipe: a JSON object that states every setting by the keys of to_json. Of
/// these, "steps" or both "budget" (in seconds) and "shares" are enough, and without "data" (then
/// data is "") the pictures are left to whoever uses it. "about" may say what the recipe is for.
/// Throws Error, naming `origin` and the key, where one is unknown or missing, or its value has
/// another type or is one that no run can have.
TrainSettings parse_recipe(const std::string& json, const std::string& origin);

/// `name_or_path`: the name of an embedded recipe, or a file (it ends in .json or has a / in it).
/// Throws Error where there is none, listing the names there are, and as parse_recipe does.
TrainSettings read_recipe(const std::string& name_or_path);

/// Settings as a recipe: a line a key.
std::string to_recipe(const TrainSettings& settings);

}  // namespace kintsugi

#pragma once
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <string_view>

#include "glcic/settings.h"

namespace kintsugi {

/// A key for each of TrainSettings, in a fixed order; holes are hole_low and hole_high.
nlohmann::ordered_json settings_to_json(const TrainSettings& settings);

/// The reverse. Keys that are `optional` and absent have their defaults. Throws Error, naming
/// `origin` and the key, where a key is unknown or missing, or its value has another type.
TrainSettings read_settings(const nlohmann::json& object, const std::string& origin,
                            const std::set<std::string_view>& optional);

}  // namespace kintsugi

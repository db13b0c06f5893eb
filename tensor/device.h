#pragma once
#include <string>

namespace kintsugi {

/// Where a tensor's numbers live. There is at most one of each.
enum class Device { cpu, cuda };

inline std::string to_string(Device device) { return device == Device::cpu ? "cpu" : "cuda"; }

/// "cpu" or "cuda"; throws Error for any other name.
Device device_from_string(const std::string& name);

}  // namespace kintsugi

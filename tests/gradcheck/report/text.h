#pragma once
#include <string>
#include <vector>

namespace kintsugi {

/// "a, b, c"
inline std::string joined(const std::vector<std::string>& parts, const char* separator = ", ") {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += separator;
    text += part;
  }
  return text;
}

}  // namespace kintsugi

#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace kintsugi {

using Rgb = std::array<uint8_t, 3>;

/// A picture of few colours. Index 0 is transparent, index i colours[i − 1].
struct IndexedPicture {
  int width = 0, height = 0;
  std::vector<uint8_t> pixels{};  ///< row by row
};

/// As the bytes of a PNG file with a palette (ISO/IEC 15948). At most 255 colours.
std::string png_bytes(const IndexedPicture& picture, const std::vector<Rgb>& colours);

}  // namespace kintsugi

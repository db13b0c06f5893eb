#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glcic/pictures/raster.h"

namespace kintsugi {

/// A chunk of a PNG file besides its pixels: text, colour profile, EXIF, … (ISO 15948, §11.3).
struct PngChunk {
  std::string type;  ///< four letters
  std::string data;

  bool operator==(const PngChunk&) const = default;
};

/// A PNG file. Chunks stay in the file's order and on its side of the pixels. A palette becomes
/// RGB, since filled colours need not be in it; its transparency, or a transparent colour, becomes
/// an alpha channel; 1, 2 and 4 bits of grey become 8. sBIT and bKGD follow. Chunks that are not in
/// the standard and not marked as safe to copy (§14.2) are left out: animation, signatures.
struct PngFile {
  Raster raster;
  bool interlaced = false;
  std::vector<PngChunk> before, after;  ///< the pixels
};

/// Throws Error, naming `path`, where the file is damaged, truncated, or has more than `max_pixels`
/// pixels, or more than its compressed bytes can hold; both before memory is taken for them.
PngFile decode_png(std::string_view bytes, const std::string& path, int64_t max_pixels);
/// The file with further chunks before the pixels. Throws Error, naming `path`, where libpng
/// refuses.
std::string encode_png(const PngFile& file, const std::vector<PngChunk>& more,
                       const std::string& path);

/// `value` in UTF-8 under a keyword of 1 to 79 letters: tEXt where Latin-1 has all its letters,
/// else iTXt. Throws Error for another keyword.
PngChunk png_text(const std::string& keyword, const std::string& value);

}  // namespace kintsugi

#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glcic/pictures/png_file.h"

/// What a PNG file says besides its pixels: read and kept byte by byte, without libpng.
namespace kintsugi {

/// IHDR, and how many compressed bytes stand in IDAT.
struct PngHeader {
  int64_t width = 0, height = 0;
  int depth = 0, colour_type = 0;
  bool interlaced = false;
  int64_t data_bytes = 0;

  bool has_palette() const { return colour_type == 3; }
  bool is_grey() const { return colour_type == 0 || colour_type == 4; }
  /// A pixel's samples in the file: 1 (grey, palette), 2, 3 or 4.
  int samples() const;
};

struct PngParts {
  PngHeader header;
  std::string palette;                  ///< PLTE: RGB bytes
  std::vector<PngChunk> before, after;  ///< all other chunks but IDAT and IEND
};

/// Takes a file apart in which png_fault() found nothing. Throws Error, naming `path`, where IHDR
/// does not come first or its values are not those of a PNG.
PngParts png_parts(std::string_view bytes, const std::string& path);

/// The chunks that still hold for a file whose pixels became those of `raster`: see PngFile.
std::vector<PngChunk> kept_chunks(const std::vector<PngChunk>& chunks, const PngHeader& header,
                                  const std::string& palette, const Raster& raster);

}  // namespace kintsugi

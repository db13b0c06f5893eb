#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "glcic/pictures/raster.h"

namespace kintsugi {

/// A segment of a JPEG file that says something besides the pixels: APP0 to APP15 (0xE0 to 0xEF)
/// or a comment (0xFE), at most 65,533 bytes (ITU-T T.81, B.2.4).
struct JpegSegment {
  int marker = 0;
  std::string data;

  bool operator==(const JpegSegment&) const = default;
};

inline constexpr int kJpegApp0 = 0xE0, kJpegComment = 0xFE;
inline constexpr size_t kMaxJpegSegment = 65533;

/// A JPEG file: grey or RGB with 8 bits, as stored.
struct JpegFile {
  Raster raster;
  std::vector<JpegSegment> segments;  ///< all APPn and comments, in the file's order
  std::string bytes;                  ///< the file itself
};

/// Throws Error, naming `path`, where the file is damaged, truncated, CMYK, or has more than
/// `max_pixels` pixels, or more than its compressed bytes can hold; both before memory is taken for
/// them. What libjpeg calls corrupt data is an error, too: it would show as grey.
JpegFile decode_jpeg(std::string bytes, const std::string& path, int64_t max_pixels);

/// file.raster (8 bits, no alpha) as a JPEG file with file.segments and `more` of them: 4:2:0 up to
/// quality 90, then 4:4:4. Throws Error, naming `path`, where libjpeg refuses.
std::string encode_jpeg(const JpegFile& file, const std::vector<JpegSegment>& more, int quality,
                        const std::string& path);

/// file.bytes with the pixels of file.raster in the filled tiles, without compressing anything else
/// again: its quantisation tables, sampling factors and segments stay, it stays progressive where
/// it was, and so do the bytes behind its end; `more` segments are added. What is guaranteed:
/// - A block of a component (8 × 8 of its samples: 8 × 8 pixels, or 16 × 16 where it is stored at
///   half the resolution both ways) that covers no filled tile keeps its coefficients.
/// - Blocks that do are computed from file.raster by libjpeg's forward transform.
/// - So a pixel keeps its value to the bit, in any decoder, if it lies more than one sample of the
///   coarsest component beyond all blocks that hold a filled tile: decoders that smooth chroma
///   between samples look one sample further. One unit of max sampling factors × 8 pixels (8 or 16)
///   around the hole's own units is always enough.
/// Throws Error, naming `path`, where libjpeg refuses.
std::string recompress_jpeg(const JpegFile& file, const FilledTiles& filled,
                            const std::vector<JpegSegment>& more, const std::string& path);

}  // namespace kintsugi

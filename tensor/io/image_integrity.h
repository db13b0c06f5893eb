#pragma once
#include <string>
#include <string_view>

namespace kintsugi {

enum class ImageFormat { png, jpeg, unknown };

/// By the file's first bytes.
ImageFormat image_format(std::string_view bytes);

/// Decoders fill what is missing with grey and say nothing, so completeness is checked before. The
/// return value is empty, or says what is wrong: "it ends before its image data does".
/// PNG: every chunk is there with its checksum (CRC-32), up to IEND.
std::string png_fault(std::string_view bytes);
/// JPEG: the markers and segments lead to the end-of-image marker, and tables are such as decoders
/// can work with, which do not all look (ITU-T T.81, annex B).
std::string jpeg_fault(std::string_view bytes);

}  // namespace kintsugi

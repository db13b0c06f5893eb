#pragma once
#include <string>
#include <string_view>

namespace kintsugi {

/// EXIF is a small TIFF file: "II*\0" or "MM\0*" (the byte order), then directories of tags. All
/// functions take it as it stands in a PNG's eXIf chunk, and in a JPEG's APP1 after "Exif\0\0".

/// Tag 0x0112 of the first directory, 1 to 8; 1 where there is none or the block is damaged.
int exif_orientation(std::string_view exif);
/// The same block with that tag set to 1, for a picture whose pixels were turned upright.
std::string exif_upright(std::string exif);
/// The same block without the thumbnail (the second directory, EXIF 2.3, 4.5.1): its bytes are
/// zeros and nothing refers to it, so that it cannot show what was filled.
std::string exif_without_thumbnail(std::string exif);
/// exif_upright for XMP's text, where tiff:Orientation repeats the tag.
std::string xmp_upright(std::string xmp);

}  // namespace kintsugi

#pragma once
#include <map>
#include <string>
#include <vector>

#include "glcic/pictures/jpeg_file.h"
#include "glcic/pictures/png_file.h"

namespace kintsugi {

/// What PNG and JPEG files both can say besides their pixels, for pictures that go from one to the
/// other. The rest (gamma without a profile, IPTC, makers' own segments) has no counterpart.
struct Metadata {
  std::string exif;                          ///< EXIF's TIFF structure, or nothing
  std::string icc;                           ///< the colour profile, or nothing
  std::string xmp;                           ///< XMP's text, or nothing
  std::map<std::string, std::string> texts;  ///< UTF-8 by keyword; JPEG's comments are "Comment"
  /// Dots a metre on both axes; 0 where nothing is said.
  int64_t dots_x = 0, dots_y = 0;
};

Metadata metadata_of(const PngFile& file);
Metadata metadata_of(const JpegFile& file);
std::vector<PngChunk> png_chunks(const Metadata& metadata);
/// JFIF's header first. Throws Error, naming `path`, where EXIF, XMP or a text is too long for a
/// JPEG's segment of 65,533 bytes.
std::vector<JpegSegment> jpeg_segments(const Metadata& metadata, const std::string& path);

/// A file's EXIF, or nothing.
std::string exif_of(const PngFile& file);
std::string exif_of(const JpegFile& file);

/// Takes EXIF's thumbnail out of the file (exif_without_thumbnail).
void drop_thumbnail(PngFile& file);
void drop_thumbnail(JpegFile& file);

/// "key: value". Throws Error, naming `path`, where it is too long.
JpegSegment jpeg_comment(const std::string& key, const std::string& value, const std::string& path);

}  // namespace kintsugi

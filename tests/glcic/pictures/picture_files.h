#pragma once
#include <zlib.h>

#include <cstdint>
#include <string>
#include <vector>

#include "glcic/pictures/jpeg_file.h"
#include "glcic/pictures/libjpeg.h"
#include "glcic/pictures/png_file.h"

/// Picture files for tests: PNG by hand, JPEG by libjpeg.
namespace kintsugi {

inline std::string big_endian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16 & 255),
          static_cast<char>(value >> 8 & 255), static_cast<char>(value & 255)};
}

inline std::string png_chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const uLong sum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<uint32_t>(data.size())) + body +
         big_endian(static_cast<uint32_t>(sum));
}

inline std::string png_header(uint32_t width, uint32_t height, int depth, int colour_type) {
  return "\x89PNG\r\n\x1a\n" +
         png_chunk("IHDR", big_endian(width) + big_endian(height) + static_cast<char>(depth) +
                               static_cast<char>(colour_type) + std::string(3, '\0'));
}

inline std::string png_data(const std::vector<std::string>& rows) {
  std::string lines;
  for (const std::string& row : rows) lines += std::string(1, '\0') + row;  // no filter
  uLongf size = compressBound(lines.size());
  std::string data(size, '\0');
  compress(reinterpret_cast<Bytef*>(data.data()), &size,
           reinterpret_cast<const Bytef*>(lines.data()), lines.size());
  data.resize(size);
  return png_chunk("IDAT", data);
}

inline std::string png_end() { return png_chunk("IEND", ""); }

/// EXIF with the orientation alone.
inline std::string exif_block(int orientation, bool little_endian = false) {
  using namespace std::string_literals;
  const char tag = static_cast<char>(orientation);
  return little_endian ? "II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"s + tag + "\0\0\0\0\0\0\0"s
                       : "MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0"s + tag + "\0\0\0\0\0\0"s;
}

/// EXIF with a thumbnail in a second directory, and some bytes behind it.
inline std::string exif_with_thumbnail(const std::string& thumbnail, bool little_endian = false) {
  const auto number = [&](uint32_t value, int size) {
    std::string bytes = big_endian(value).substr(static_cast<size_t>(4 - size));
    return little_endian ? std::string(bytes.rbegin(), bytes.rend()) : bytes;
  };
  const auto entry = [&](uint32_t tag, uint32_t value) {
    return number(tag, 2) + number(4, 2) + number(1, 4) + number(value, 4);
  };
  const std::string first = exif_block(6, little_endian).substr(0, 22);
  const std::string directory = number(2, 2) + entry(0x0201, 56) +
                                entry(0x0202, static_cast<uint32_t>(thumbnail.size())) +
                                number(0, 4);
  return first + number(26, 4) + directory + thumbnail + "the end";
}

/// Smooth colours, different on every axis.
inline Raster painted(int64_t height, int64_t width, int channels, int depth = 8) {
  Raster raster = Raster::sized(height, width, channels, depth);
  const int step = depth == 8 ? 1 : 257;
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      for (int c = 0; c < channels; ++c)
        raster.set_sample({x, y}, c, static_cast<int>(40 + (x * 3 + y * 2 + 50 * c) % 180) * step);
  return raster;
}

struct JpegKind {
  int channels = 3;
  int h = 2, v = 2;  ///< sampling factors of Y; those of Cb and Cr are 1
  bool progressive = false;
  int quality = 80;
};

inline std::string jpeg_bytes(const Raster& raster, const JpegKind& kind,
                              const std::vector<JpegSegment>& segments = {}) {
  std::string bytes;
  JpegWriter writer(bytes);
  jpeg_compress_struct& info = writer.info;
  const bool written = succeeds(writer.failure, [&] {
    info.image_width = static_cast<JDIMENSION>(raster.width);
    info.image_height = static_cast<JDIMENSION>(raster.height);
    info.input_components = raster.channels;
    info.in_color_space = raster.channels == 1   ? JCS_GRAYSCALE
                          : raster.channels == 4 ? JCS_CMYK
                                                 : JCS_RGB;
    jpeg_set_defaults(&info);
    jpeg_set_quality(&info, kind.quality, TRUE);
    info.comp_info[0].h_samp_factor = kind.h;
    info.comp_info[0].v_samp_factor = kind.v;
    if (kind.progressive) jpeg_simple_progression(&info);
    jpeg_start_compress(&info, TRUE);
    for (const JpegSegment& segment : segments)
      jpeg_write_marker(&info, segment.marker, reinterpret_cast<const JOCTET*>(segment.data.data()),
                        static_cast<unsigned>(segment.data.size()));
    while (info.next_scanline < info.image_height) {
      JSAMPROW row = const_cast<JSAMPROW>(raster.row(info.next_scanline));
      jpeg_write_scanlines(&info, &row, 1);
    }
    jpeg_finish_compress(&info);
  });
  return written ? bytes : std::string(writer.failure.message);
}

}  // namespace kintsugi

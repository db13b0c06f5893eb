#include "tests/gradcheck/report/png.h"

#include <zlib.h>

#include "tensor/error.h"

namespace kintsugi {

namespace {

std::string big_endian(uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
  const std::string body = type + data;
  const auto sum =
      crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big_endian(static_cast<uint32_t>(data.size())) + body +
         big_endian(static_cast<uint32_t>(sum));
}

/// The rows, each behind the number of its filter: none.
std::string compressed_rows(const IndexedPicture& picture) {
  std::string rows;
  for (int y = 0; y < picture.height; ++y) {
    rows += '\0';
    for (int x = 0; x < picture.width; ++x)
      rows += static_cast<char>(picture.pixels[static_cast<size_t>(y * picture.width + x)]);
  }
  std::string packed(compressBound(rows.size()), '\0');
  uLongf length = packed.size();
  const int status =
      compress2(reinterpret_cast<Bytef*>(packed.data()), &length,
                reinterpret_cast<const Bytef*>(rows.data()), rows.size(), Z_BEST_COMPRESSION);
  check(status == Z_OK, "png: zlib gave up with {}", status);
  packed.resize(length);
  return packed;
}

}  // namespace

std::string png_bytes(const IndexedPicture& picture, const std::vector<Rgb>& colours) {
  check(colours.size() <= 255, "png: {} colours, a palette has 255", colours.size());
  std::string header = big_endian(static_cast<uint32_t>(picture.width)) +
                       big_endian(static_cast<uint32_t>(picture.height));
  header +=
      std::string("\x08\x03\0\0\0", 5);  // 8 bits, palette, deflate, no filter, not interlaced
  std::string palette(3, '\0');
  for (const Rgb& colour : colours)
    for (const uint8_t part : colour) palette += static_cast<char>(part);
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + chunk("PLTE", palette) +
         chunk("tRNS", std::string(1, '\0')) + chunk("IDAT", compressed_rows(picture)) +
         chunk("IEND", "");
}

}  // namespace kintsugi

#include "tensor/io/image_integrity.h"

#include <array>
#include <cstdint>

namespace kintsugi {
namespace {

constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1a\n";
constexpr const char* kTruncated = "it ends before its image data does";

uint32_t big_endian(std::string_view bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

constexpr std::array<uint32_t, 256> crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit)
      remainder = remainder & 1 ? remainder >> 1 ^ 0xEDB88320u : remainder >> 1;
    table[byte] = remainder;
  }
  return table;
}

uint32_t crc32(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = crc_table();
  uint32_t crc = ~0u;
  for (const char byte : bytes) crc = kTable[(crc ^ static_cast<uint8_t>(byte)) & 255] ^ crc >> 8;
  return ~crc;
}

/// A DHT segment's contents (T.81, B.2.4.2): tables of a class, 16 numbers of codes, and a value a
/// code, of which there are 256. stb_image writes past its arrays where there are more.
bool has_sound_huffman_tables(std::string_view segment) {
  constexpr size_t kPrefix = 17, kMostCodes = 256;
  while (segment.size() >= kPrefix) {
    size_t codes = 0;
    for (const char count : segment.substr(1, kPrefix - 1)) codes += static_cast<uint8_t>(count);
    if (codes > kMostCodes || codes > segment.size() - kPrefix) return false;
    segment.remove_prefix(kPrefix + codes);
  }
  return segment.empty();
}

/// A DQT segment's contents (T.81, B.2.4.1): tables of 64 numbers, one or two bytes each, none of
/// them 0. libjpeg divides by them when it writes a picture with the same tables.
bool has_sound_quantisation_tables(std::string_view segment) {
  constexpr size_t kNumbers = 64;
  while (!segment.empty()) {
    const size_t width = static_cast<uint8_t>(segment[0]) >> 4 == 0 ? 1 : 2;
    if (segment.size() < 1 + kNumbers * width) return false;
    for (size_t i = 0; i < kNumbers; ++i)
      if (big_endian(segment, 1 + i * width, width) == 0) return false;
    segment.remove_prefix(1 + kNumbers * width);
  }
  return true;
}

std::string table_fault(uint8_t marker, std::string_view segment) {
  constexpr uint8_t kHuffmanTables = 0xC4, kQuantisationTables = 0xDB;
  if (marker == kHuffmanTables && !has_sound_huffman_tables(segment))
    return "its Huffman tables cannot be";
  if (marker == kQuantisationTables && !has_sound_quantisation_tables(segment))
    return "its quantisation tables cannot be";
  return "";
}

}  // namespace

ImageFormat image_format(std::string_view bytes) {
  if (bytes.starts_with(kPngSignature)) return ImageFormat::png;
  if (bytes.starts_with("\xff\xd8\xff")) return ImageFormat::jpeg;
  return ImageFormat::unknown;
}

std::string png_fault(std::string_view bytes) {
  size_t at = kPngSignature.size();
  while (bytes.size() - at >= 12) {  // length, type, checksum
    const size_t length = big_endian(bytes, at, 4);
    if (length > bytes.size() - at - 12) return kTruncated;
    const std::string_view type = bytes.substr(at + 4, 4);
    if (crc32(bytes.substr(at + 4, length + 4)) != big_endian(bytes, at + 8 + length, 4))
      return "the checksum of its chunk at byte " + std::to_string(at) + " is wrong";
    if (type == "IEND") return "";
    at += length + 12;
  }
  return kTruncated;
}

std::string jpeg_fault(std::string_view bytes) {
  constexpr uint8_t kEndOfImage = 0xD9, kStartOfScan = 0xDA;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const auto stands_alone = [](uint8_t marker) { return marker >= 0xD0 && marker <= 0xD7; };
  bool scanned = false;
  size_t at = 2;
  while (at + 1 < bytes.size()) {
    if (byte(at) != 0xFF) return "there is no marker at byte " + std::to_string(at);
    const uint8_t marker = byte(at + 1);
    if (marker == 0xFF) {  // a fill byte
      ++at;
      continue;
    }
    if (marker == kEndOfImage) return scanned ? "" : "it holds no image data";
    at += 2;
    if (stands_alone(marker)) continue;
    if (at + 2 > bytes.size()) return kTruncated;
    const size_t length = big_endian(bytes, at, 2);
    if (length < 2 || length > bytes.size() - at) return kTruncated;
    if (const std::string fault = table_fault(marker, bytes.substr(at + 2, length - 2));
        !fault.empty())
      return fault;
    at += length;
    if (marker != kStartOfScan) continue;
    scanned = true;
    // Entropy-coded data: a marker is 0xFF followed by neither 0 nor a restart.
    while (at + 1 < bytes.size() &&
           (byte(at) != 0xFF || byte(at + 1) == 0 || stands_alone(byte(at + 1))))
      ++at;
  }
  return kTruncated;
}

}  // namespace kintsugi

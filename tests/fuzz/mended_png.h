#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace kintsugi {

/// CRC-32 as PNG has it (ISO 3309), bit by bit.
inline uint32_t png_checksum(std::string_view bytes) {
  uint32_t sum = 0xFFFFFFFFu;
  for (const char byte : bytes) {
    sum ^= static_cast<uint8_t>(byte);
    for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? 0xEDB88320u : 0);
  }
  return ~sum;
}

/// A PNG whose chunks have the checksums that belong to them: else nothing that a fuzzer changes
/// would get past their check. Any other bytes as they are.
inline std::string mended_png(std::string_view bytes) {
  constexpr size_t kSignature = 8, kLengthAndType = 8, kChecksum = 4;
  std::string mended(bytes);
  if (!bytes.starts_with("\x89PNG")) return mended;
  for (size_t at = kSignature; at + kLengthAndType + kChecksum <= bytes.size();) {
    size_t length = 0;
    for (size_t i = 0; i < 4; ++i) length = length << 8 | static_cast<uint8_t>(bytes[at + i]);
    if (length > bytes.size() - at - kLengthAndType - kChecksum) break;
    const uint32_t sum = png_checksum(bytes.substr(at + 4, 4 + length));
    at += kLengthAndType + length;
    for (int shift = 24; shift >= 0; shift -= 8) mended[at++] = static_cast<char>(sum >> shift);
  }
  return mended;
}

}  // namespace kintsugi

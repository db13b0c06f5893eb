#include "glcic/pictures/png_chunks.h"

#include <algorithm>
#include <array>
#include <optional>

#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr size_t kSignature = 8, kAround = 12;  // bytes around a chunk's data

uint32_t big_endian(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

PngHeader parse_header(std::string_view data, const std::string& path) {
  check(data.size() == 13, "{} is damaged: its header has {} bytes and not 13", path, data.size());
  PngHeader header{big_endian(data, 0), big_endian(data, 4), static_cast<uint8_t>(data[8]),
                   static_cast<uint8_t>(data[9]), data[12] != 0};
  const int depth = header.depth, type = header.colour_type;
  const bool known = type == 0 ? depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16
                     : type == 3
                         ? depth == 1 || depth == 2 || depth == 4 || depth == 8
                         : (type == 2 || type == 4 || type == 6) && (depth == 8 || depth == 16);
  check(known, "{} is damaged: there is no colour type {} with {} bits", path, type, depth);
  return header;
}

/// May stay where pixels change: the standard's own chunks, whose meaning is known, and those
/// whose fourth letter is small.
bool is_kept(const std::string& type) {
  constexpr std::array<std::string_view, 15> kStandard{"PLTE", "bKGD", "cHRM", "cICP", "gAMA",
                                                       "hIST", "iCCP", "cLLI", "mDCV", "pCAL",
                                                       "sBIT", "sCAL", "sRGB", "tIME", "sPLT"};
  return std::find(kStandard.begin(), kStandard.end(), type) != kStandard.end() ||
         (type[3] >= 'a' && type[3] <= 'z');
}

std::string two_bytes(int value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value & 255)};
}

/// bKGD: a palette's index becomes its colour, a few bits of grey become 8.
std::optional<std::string> background(const std::string& data, const PngHeader& header,
                                      const std::string& palette) {
  if (header.has_palette()) {
    const size_t entry = data.empty() ? palette.size() : 3 * static_cast<uint8_t>(data[0]);
    if (entry + 3 > palette.size()) return std::nullopt;
    std::string colour;
    for (size_t c = 0; c < 3; ++c) colour += two_bytes(static_cast<uint8_t>(palette[entry + c]));
    return colour;
  }
  if (!header.is_grey() || header.depth >= 8) return data;
  if (data.size() != 2) return std::nullopt;
  return two_bytes(static_cast<uint8_t>(data[1]) * 255 / ((1 << header.depth) - 1));
}

/// sBIT: one byte a sample; alpha that came out of transparency has all its bits.
std::string significant_bits(std::string data, const Raster& raster) {
  if (data.size() + 1 == static_cast<size_t>(raster.channels))
    data += static_cast<char>(raster.depth);
  return data;
}

/// The Latin-1 of a UTF-8 text. None where it has other letters; bytes that are not UTF-8 are
/// taken for Latin-1 already.
std::optional<std::string> latin1(const std::string& utf8) {
  std::string text;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<uint8_t>(utf8[i]);
    const auto next = i + 1 < utf8.size() ? static_cast<uint8_t>(utf8[i + 1]) : uint8_t{0};
    if (byte < 0x80) {
      text += utf8[i];
    } else if (byte < 0xC2 || (next & 0xC0) != 0x80) {
      return utf8;
    } else if (byte > 0xC3) {
      return std::nullopt;
    } else {
      text += static_cast<char>(byte << 6 | (next & 0x3F));
      ++i;
    }
  }
  return text;
}

}  // namespace

int PngHeader::samples() const {
  constexpr std::array<int, 7> kSamples{1, 0, 3, 1, 2, 0, 4};
  return kSamples[static_cast<size_t>(colour_type)];
}

PngParts png_parts(std::string_view bytes, const std::string& path) {
  PngParts parts;
  bool in_data = false;
  for (size_t at = kSignature;;) {
    const size_t length = big_endian(bytes, at);
    const std::string type(bytes.substr(at + 4, 4));
    const std::string_view data = bytes.substr(at + 8, length);
    const bool first = at == kSignature;
    check(first == (type == "IHDR"), "{} is damaged: {}", path,
          first ? "it does not begin with a header" : "it has two headers");
    at += kAround + length;
    if (type == "IEND") break;
    if (first) {
      parts.header = parse_header(data, path);
    } else if (type == "IDAT") {
      in_data = true;
      parts.header.data_bytes += static_cast<int64_t>(length);
    } else if (type != "tRNS") {
      if (type == "PLTE") parts.palette = data;
      (in_data ? parts.after : parts.before).push_back({type, std::string(data)});
    }
  }
  check(parts.header.data_bytes > 0, "{} is damaged: it holds no image data", path);
  return parts;
}

std::vector<PngChunk> kept_chunks(const std::vector<PngChunk>& chunks, const PngHeader& header,
                                  const std::string& palette, const Raster& raster) {
  std::vector<PngChunk> kept;
  for (const PngChunk& chunk : chunks) {
    const bool of_palette = chunk.type == "PLTE" || chunk.type == "hIST";
    if (!is_kept(chunk.type) || (of_palette && header.has_palette())) continue;
    if (chunk.type == "bKGD") {
      if (const auto data = background(chunk.data, header, palette))
        kept.push_back({chunk.type, *data});
    } else if (chunk.type == "sBIT") {
      kept.push_back({chunk.type, significant_bits(chunk.data, raster)});
    } else {
      kept.push_back(chunk);
    }
  }
  return kept;
}

PngChunk png_text(const std::string& keyword, const std::string& value) {
  const bool printable = std::all_of(keyword.begin(), keyword.end(),
                                     [](char letter) { return letter >= ' ' && letter <= '~'; });
  check(printable && !keyword.empty() && keyword.size() <= 79 && keyword.front() != ' ' &&
            keyword.back() != ' ',
        "png_text: a keyword has 1 to 79 letters of ASCII and no space at its ends, not \"{}\"",
        keyword);
  const std::string separator(1, '\0');
  if (const auto text = latin1(value)) return {"tEXt", keyword + separator + *text};
  // Not compressed; no language, no translated keyword.
  return {"iTXt", keyword + std::string(5, '\0') + value};
}

}  // namespace kintsugi

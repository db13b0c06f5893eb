#include "glcic/pictures/metadata.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "glcic/pictures/exif.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

using namespace std::string_view_literals;

constexpr int kApp1 = kJpegApp0 + 1, kApp2 = kJpegApp0 + 2;
constexpr std::string_view kExif = "Exif\0\0"sv, kXmp = "http://ns.adobe.com/xap/1.0/\0"sv,
                           kIcc = "ICC_PROFILE\0"sv, kJfif = "JFIF\0"sv,
                           kPngXmp = "XML:com.adobe.xmp"sv;
constexpr size_t kMaxIccPart = kMaxJpegSegment - kIcc.size() - 2;

std::string zero() { return std::string(1, '\0'); }

std::string deflated(const std::string& bytes) {
  uLongf size = compressBound(bytes.size());
  std::string result(size, '\0');
  const int status = compress(reinterpret_cast<Bytef*>(result.data()), &size,
                              reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  check(status == Z_OK, "zlib: cannot compress {} bytes", bytes.size());
  result.resize(size);
  return result;
}

/// Nothing where the bytes are damaged or stand for more than 16 MiB.
std::string inflated(std::string_view bytes) {
  constexpr size_t kMost = size_t{1} << 24;
  for (size_t room = 4 * bytes.size() + 1024; room <= kMost; room *= 4) {
    std::string result(room, '\0');
    uLongf size = room;
    const int status = uncompress(reinterpret_cast<Bytef*>(result.data()), &size,
                                  reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
    if (status == Z_OK) return result.substr(0, size);
    if (status != Z_BUF_ERROR) return "";
  }
  return "";
}

uint32_t big_endian(std::string_view bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | static_cast<uint8_t>(bytes[at + i]);
  return value;
}

std::string big_endian(int64_t value, int count) {
  std::string bytes;
  for (int shift = 8 * (count - 1); shift >= 0; shift -= 8)
    bytes += static_cast<char>(value >> shift & 255);
  return bytes;
}

std::string utf8(std::string_view latin1) {
  std::string text;
  for (const char letter : latin1) {
    const auto byte = static_cast<uint8_t>(letter);
    if (byte < 0x80) {
      text += letter;
    } else {
      text += static_cast<char>(0xC0 | byte >> 6);
      text += static_cast<char>(0x80 | (byte & 0x3F));
    }
  }
  return text;
}

/// Takes what stands before the next zero off the front.
std::string_view take_word(std::string_view& bytes) {
  const size_t end = std::min(bytes.find('\0'), bytes.size());
  const std::string_view word = bytes.substr(0, end);
  bytes.remove_prefix(std::min(end + 1, bytes.size()));
  return word;
}

/// Takes a byte off the front; 0 at the end.
int take_byte(std::string_view& bytes) {
  if (bytes.empty()) return 0;
  const auto byte = static_cast<uint8_t>(bytes.front());
  bytes.remove_prefix(1);
  return byte;
}

/// The text of a tEXt, zTXt or iTXt chunk (ISO 15948, §11.3.4) goes to `metadata`.
void take_text(const PngChunk& chunk, Metadata& metadata) {
  std::string_view rest = chunk.data;
  const std::string keyword(take_word(rest));
  if (chunk.type == "tEXt") {
    metadata.texts[keyword] = utf8(rest);
  } else if (chunk.type == "zTXt") {
    take_byte(rest);  // the method: there is but one
    metadata.texts[keyword] = utf8(inflated(rest));
  } else {
    const bool compressed = take_byte(rest) == 1;
    take_byte(rest);
    take_word(rest);  // language
    take_word(rest);  // translated keyword
    std::string text = compressed ? inflated(rest) : std::string(rest);
    (keyword == kPngXmp ? metadata.xmp : metadata.texts[keyword]) = std::move(text);
  }
}

/// pHYs: dots by axis, 4 bytes each, and 1 for "a metre".
void take_resolution(const PngChunk& chunk, Metadata& metadata) {
  if (chunk.data.size() != 9 || chunk.data[8] != 1) return;
  metadata.dots_x = big_endian(chunk.data, 0, 4);
  metadata.dots_y = big_endian(chunk.data, 4, 4);
}

/// JFIF: name 5, version 2, unit 1 (1: inch, 2: centimetre), dots by axis 2 each, …
void take_resolution(const JpegSegment& segment, Metadata& metadata) {
  if (segment.data.size() < 12) return;
  const double dots_a_metre = segment.data[7] == 1 ? 1 / 0.0254 : segment.data[7] == 2 ? 100 : 0;
  metadata.dots_x = std::lround(dots_a_metre * big_endian(segment.data, 8, 2));
  metadata.dots_y = std::lround(dots_a_metre * big_endian(segment.data, 10, 2));
}

JpegSegment jfif(const Metadata& metadata) {
  const auto inch = [](int64_t dots) {
    return std::clamp<int64_t>(std::lround(static_cast<double>(dots) * 0.0254), 1, 65535);
  };
  const bool known = metadata.dots_x > 0 && metadata.dots_y > 0;
  return {kJpegApp0, std::string(kJfif) + "\x01\x01" + (known ? "\x01" : zero()) +
                         big_endian(known ? inch(metadata.dots_x) : 1, 2) +
                         big_endian(known ? inch(metadata.dots_y) : 1, 2) + zero() + zero()};
}

/// A profile is cut into parts, numbered from 1: name, number, how many, bytes (ICC.1, B.4).
std::string joined_profile(const std::vector<JpegSegment>& segments) {
  std::string profile;
  for (char number = 1; number != 0; ++number) {
    const auto part = std::find_if(segments.begin(), segments.end(), [&](const JpegSegment& s) {
      return s.marker == kApp2 && s.data.starts_with(kIcc) && s.data.size() > kIcc.size() + 2 &&
             s.data[kIcc.size()] == number;
    });
    if (part == segments.end()) break;
    profile += part->data.substr(kIcc.size() + 2);
  }
  return profile;
}

void add_profile(const std::string& profile, std::vector<JpegSegment>& segments) {
  const size_t parts = (profile.size() + kMaxIccPart - 1) / kMaxIccPart;
  for (size_t i = 0; i < parts; ++i)
    segments.push_back({kApp2, std::string(kIcc) + static_cast<char>(i + 1) +
                                   static_cast<char>(parts) +
                                   profile.substr(i * kMaxIccPart, kMaxIccPart)});
}

void add_segment(int marker, std::string data, const std::string& name, const std::string& path,
                 std::vector<JpegSegment>& segments) {
  check(data.size() <= kMaxJpegSegment,
        "cannot write {}: {} has {} bytes, and a JPEG holds {}; write a PNG", path, name,
        data.size(), kMaxJpegSegment);
  segments.push_back({marker, std::move(data)});
}

}  // namespace

std::string exif_of(const PngFile& file) {
  for (const std::vector<PngChunk>* chunks : {&file.before, &file.after})
    for (const PngChunk& chunk : *chunks)
      if (chunk.type == "eXIf") return chunk.data;
  return "";
}

std::string exif_of(const JpegFile& file) {
  for (const JpegSegment& segment : file.segments)
    if (segment.marker == kApp1 && segment.data.starts_with(kExif))
      return segment.data.substr(kExif.size());
  return "";
}

void drop_thumbnail(PngFile& file) {
  for (std::vector<PngChunk>* chunks : {&file.before, &file.after})
    for (PngChunk& chunk : *chunks)
      if (chunk.type == "eXIf") chunk.data = exif_without_thumbnail(std::move(chunk.data));
}

void drop_thumbnail(JpegFile& file) {
  for (JpegSegment& segment : file.segments)
    if (segment.marker == kApp1 && segment.data.starts_with(kExif))
      segment.data = std::string(kExif) + exif_without_thumbnail(segment.data.substr(kExif.size()));
}

Metadata metadata_of(const PngFile& file) {
  Metadata metadata;
  metadata.exif = exif_of(file);
  for (const std::vector<PngChunk>* chunks : {&file.before, &file.after})
    for (const PngChunk& chunk : *chunks) {
      if (chunk.type == "iCCP") {  // name, method, profile
        std::string_view rest = chunk.data;
        take_word(rest);
        take_byte(rest);
        metadata.icc = inflated(rest);
      } else if (chunk.type == "tEXt" || chunk.type == "zTXt" || chunk.type == "iTXt") {
        take_text(chunk, metadata);
      } else if (chunk.type == "pHYs") {
        take_resolution(chunk, metadata);
      }
    }
  return metadata;
}

Metadata metadata_of(const JpegFile& file) {
  Metadata metadata;
  metadata.exif = exif_of(file);
  metadata.icc = joined_profile(file.segments);
  for (const JpegSegment& segment : file.segments) {
    if (segment.marker == kJpegComment) {
      std::string& comment = metadata.texts["Comment"];
      comment += (comment.empty() ? "" : "\n") + segment.data;
    } else if (segment.marker == kApp1 && segment.data.starts_with(kXmp)) {
      metadata.xmp = segment.data.substr(kXmp.size());
    } else if (segment.marker == kJpegApp0 && segment.data.starts_with(kJfif)) {
      take_resolution(segment, metadata);
    }
  }
  return metadata;
}

std::vector<PngChunk> png_chunks(const Metadata& metadata) {
  std::vector<PngChunk> chunks;
  if (!metadata.icc.empty())
    chunks.push_back({"iCCP", "ICC profile" + zero() + zero() + deflated(metadata.icc)});
  if (metadata.dots_x > 0 && metadata.dots_y > 0)
    chunks.push_back(
        {"pHYs", big_endian(metadata.dots_x, 4) + big_endian(metadata.dots_y, 4) + "\x01"});
  if (!metadata.exif.empty()) chunks.push_back({"eXIf", metadata.exif});
  if (!metadata.xmp.empty())
    chunks.push_back({"iTXt", std::string(kPngXmp) + std::string(5, '\0') + metadata.xmp});
  for (const auto& [keyword, text] : metadata.texts) chunks.push_back(png_text(keyword, text));
  return chunks;
}

std::vector<JpegSegment> jpeg_segments(const Metadata& metadata, const std::string& path) {
  std::vector<JpegSegment> segments{jfif(metadata)};
  if (!metadata.exif.empty())
    add_segment(kApp1, std::string(kExif) + metadata.exif, "EXIF", path, segments);
  if (!metadata.xmp.empty())
    add_segment(kApp1, std::string(kXmp) + metadata.xmp, "XMP", path, segments);
  check(metadata.icc.size() <= 255 * kMaxIccPart,
        "cannot write {}: a colour profile of {} bytes does not fit a JPEG; write a PNG", path,
        metadata.icc.size());
  add_profile(metadata.icc, segments);
  for (const auto& [keyword, text] : metadata.texts)
    segments.push_back(jpeg_comment(keyword, text, path));
  return segments;
}

JpegSegment jpeg_comment(const std::string& key, const std::string& value,
                         const std::string& path) {
  std::vector<JpegSegment> segments;
  add_segment(kJpegComment, key + ": " + value, "the text \"" + key + "\"", path, segments);
  return segments.front();
}

}  // namespace kintsugi

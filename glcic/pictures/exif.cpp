#include "glcic/pictures/exif.h"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace kintsugi {
namespace {

/// Unsigned integers in the byte order that the block states.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes), little_(bytes.starts_with("II")) {}

  /// Throws nothing: beyond the end there are zeros.
  uint32_t number(size_t at, size_t size) const {
    uint32_t value = 0;
    for (size_t i = 0; i < size; ++i) {
      const size_t place = little_ ? at + size - 1 - i : at + i;
      value = value << 8 | (place < bytes_.size() ? static_cast<uint8_t>(bytes_[place]) : 0u);
    }
    return value;
  }
  /// The byte of a 16-bit number at `at` that counts ones.
  size_t low_byte(size_t at) const { return little_ ? at : at + 1; }

 private:
  std::string_view bytes_;
  bool little_;
};

constexpr size_t kEntry = 12;  // tag 2, type 2, count 4, value 4

bool is_exif(std::string_view block) {
  return block.starts_with(std::string_view("II*\0", 4)) ||
         block.starts_with(std::string_view("MM\0*", 4));
}

/// Where the value of a directory's tag stands, if it has the tag with one value of that type.
std::optional<size_t> find_value(std::string_view exif, size_t directory, uint32_t tag,
                                 uint32_t type) {
  const Reader reader(exif);
  const size_t entries = reader.number(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntry;
    if (entry + kEntry > exif.size()) return std::nullopt;
    if (reader.number(entry, 2) == tag && reader.number(entry + 2, 2) == type) return entry + 8;
  }
  return std::nullopt;
}

constexpr uint32_t kShort = 3, kLong = 4;  // types: 16 and 32 bits

/// Where the orientation's 16-bit value stands.
std::optional<size_t> find_orientation(std::string_view exif) {
  if (!is_exif(exif)) return std::nullopt;
  return find_value(exif, Reader(exif).number(4, 4), 0x0112, kShort);
}

}  // namespace

int exif_orientation(std::string_view exif) {
  const std::optional<size_t> place = find_orientation(exif);
  const uint32_t tag = place ? Reader(exif).number(*place, 2) : 1;
  return tag >= 1 && tag <= 8 ? static_cast<int>(tag) : 1;
}

std::string exif_upright(std::string exif) {
  if (const std::optional<size_t> place = find_orientation(exif)) {
    exif[*place] = exif[*place + 1] = 0;
    exif[Reader(exif).low_byte(*place)] = 1;
  }
  return exif;
}

std::string exif_without_thumbnail(std::string exif) {
  if (!is_exif(exif)) return exif;
  const Reader reader(exif);
  const size_t first = reader.number(4, 4);
  const size_t link = first + 2 + reader.number(first, 2) * kEntry;  // to the second directory
  const size_t second = reader.number(link, 4);
  if (link + 4 > exif.size() || second == 0) return exif;
  const auto start = find_value(exif, second, 0x0201, kLong);  // JPEGInterchangeFormat
  const auto length = find_value(exif, second, 0x0202, kLong);
  if (start && length) {
    const size_t from = std::min<size_t>(reader.number(*start, 4), exif.size());
    const size_t count = std::min<size_t>(reader.number(*length, 4), exif.size() - from);
    std::fill_n(exif.begin() + static_cast<std::ptrdiff_t>(from), count, '\0');
  }
  std::fill_n(exif.begin() + static_cast<std::ptrdiff_t>(link), 4, '\0');
  return exif;
}

std::string xmp_upright(std::string xmp) {
  constexpr std::string_view kName = "tiff:Orientation";
  for (size_t at = xmp.find(kName); at != std::string::npos; at = xmp.find(kName, at)) {
    const bool closes = at > 0 && xmp[at - 1] == '/';
    at += kName.size();
    if (closes) continue;
    // tiff:Orientation="6" or <tiff:Orientation>6</tiff:Orientation>
    const size_t digit = xmp.find_first_not_of("=\"'> ", at);
    if (digit != at && digit != std::string::npos && xmp[digit] >= '2' && xmp[digit] <= '8')
      xmp[digit] = '1';
  }
  return xmp;
}

}  // namespace kintsugi

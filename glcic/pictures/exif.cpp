#include "glcic/pictures/exif.h"

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

/// Where the orientation's 16-bit value stands.
std::optional<size_t> find_orientation(std::string_view exif) {
  constexpr size_t kEntry = 12;  // tag 2, type 2, count 4, value 4
  constexpr uint32_t kOrientation = 0x0112, kShort = 3;
  if (!exif.starts_with(std::string_view("II*\0", 4)) &&
      !exif.starts_with(std::string_view("MM\0*", 4)))
    return std::nullopt;
  const Reader reader(exif);
  const size_t directory = reader.number(4, 4);
  const size_t entries = reader.number(directory, 2);
  for (size_t i = 0; i < entries; ++i) {
    const size_t entry = directory + 2 + i * kEntry;
    if (entry + kEntry > exif.size()) return std::nullopt;
    if (reader.number(entry, 2) == kOrientation && reader.number(entry + 2, 2) == kShort)
      return entry + 8;
  }
  return std::nullopt;
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

#include "tensor/io/npy.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/widen.h"

namespace kintsugi {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";

/// What a header says: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;
};

/// Reads the one Python literal that a .npy header is, and nothing else of Python.
class HeaderParser {
 public:
  HeaderParser(const std::string& path, std::string_view text) : path_(path), rest_(text) {}

  Header parse() {
    Header header;
    expect('{');
    while (!take('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !header.descr)
        header.descr = quoted();
      else if (key == "fortran_order" && !header.fortran_order)
        header.fortran_order = boolean();
      else if (key == "shape" && !header.shape)
        header.shape = tuple();
      else
        fail();
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty() || !header.descr || !header.fortran_order || !header.shape) fail();
    return header;
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(fmt::format("{}: its npy header is damaged", path_));
  }
  void skip_space() {
    const size_t first = rest_.find_first_not_of(" \n");
    rest_.remove_prefix(first == std::string_view::npos ? rest_.size() : first);
  }
  bool take(std::string_view text) {
    skip_space();
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  bool take(char symbol) { return take(std::string_view(&symbol, 1)); }
  void expect(char symbol) {
    if (!take(symbol)) fail();
  }
  std::string quoted() {
    skip_space();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) fail();
    const size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos) fail();
    std::string text(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return text;
  }
  bool boolean() {
    if (take("True")) return true;
    if (!take("False")) fail();
    return false;
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> extents;
    expect('(');
    while (!take(')')) {
      skip_space();
      int64_t extent = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc() || extent < 0) fail();
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      extents.push_back(extent);
      if (!take(',')) {
        expect(')');
        break;
      }
    }
    return extents;
  }

  const std::string& path_;
  std::string_view rest_;
};

Shape make_shape(const std::string& path, const std::vector<int64_t>& extents) {
  try {
    return Shape(std::span<const int64_t>(extents));
  } catch (const ShapeError& error) {
    throw Error(fmt::format("{}: its shape is refused: {}", path, error.what()));
  }
}

}  // namespace

Tensor read_npy(const std::string& path) { return parse_npy(read_file(path), path); }

Tensor parse_npy(std::string_view bytes, const std::string& path) {
  check(bytes.starts_with(kMagic) && bytes.size() >= 10, "{} is not an npy file", path);
  const int version = static_cast<uint8_t>(bytes[6]);
  check(version >= 1 && version <= 3, "{}: npy version {} is not known here", path, version);
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t start = 8 + length_bytes;
  check(bytes.size() >= start, "{}: its npy header is damaged", path);
  size_t length = 0;
  for (size_t i = length_bytes; i-- > 0;) length = length << 8 | static_cast<uint8_t>(bytes[8 + i]);
  check(length <= bytes.size() - start, "{} is truncated: it ends inside its npy header", path);

  const Header header = HeaderParser(path, bytes.substr(start, length)).parse();
  check(header.descr == "<f4" || header.descr == "<f8",
        "{}: its numbers are '{}'; only '<f4' and '<f8' are read", path, *header.descr);
  const Shape shape = make_shape(path, *header.shape);
  check(!*header.fortran_order || shape.rank() < 2,
        "{} is in Fortran order; only C order is read (numpy.ascontiguousarray)", path);
  const ElementType& type = *element_type(header.descr == "<f4" ? "F32" : "F64");
  const std::string_view data = bytes.substr(start + length);
  const auto elements = static_cast<uint64_t>(shape.numel());
  check(elements <= data.size() && elements * type.bytes == data.size(),
        "{}: shape {} of '{}' does not take the {} bytes that follow the header", path, shape,
        *header.descr, data.size());
  return widen(type, data, shape);
}

void write_npy(const std::string& path, const Tensor& x) {
  check(x.defined(), "write_npy: the tensor for {} is not defined", path);
  std::string extents;
  for (const int64_t extent : x.shape()) extents += fmt::format("{}, ", extent);
  if (x.rank() > 1) extents.resize(extents.size() - 2);  // (2, 3), but (2,) and ()
  if (x.rank() == 1) extents.resize(extents.size() - 1);
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}",
                                   x.dtype() == DType::float32 ? "<f4" : "<f8", extents);
  constexpr size_t kPrefix = 10, kAlignment = 64;  // magic, version, length
  const size_t total = (kPrefix + header.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  header.resize(total - kPrefix - 1, ' ');
  header += '\n';

  std::string file(kMagic);
  file += {1, 0, static_cast<char>(header.size() & 255), static_cast<char>(header.size() >> 8)};
  file += header;
  const Tensor host = x.to(Device::cpu);
  write_file_atomically(path, file.append(static_cast<const char*>(host.raw()), host.bytes()));
}

}  // namespace kintsugi

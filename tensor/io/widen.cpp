#include "tensor/io/widen.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "tensor/bfloat16.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

static_assert(std::endian::native == std::endian::little, "files are read in place");

/// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits.
float from_half(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const auto fraction = static_cast<float>(bits & 1023);
  float magnitude;
  if (exponent == 31)
    magnitude = fraction != 0.0f ? std::nanf("") : HUGE_VALF;
  else if (exponent == 0)
    magnitude = std::ldexp(fraction, -24);
  else
    magnitude = std::ldexp(1024.0f + fraction, exponent - 25);
  return bits & 0x8000 ? -magnitude : magnitude;
}

/// out[i] = convert(i-th Stored of data)
template <class Stored, class T, class Convert>
void convert_all(std::string_view data, const Tensor& out, Convert convert) {
  T* to = out.data<T>();
  for (size_t i = 0; i < data.size() / sizeof(Stored); ++i) {
    Stored value;  // the file's bytes need not be aligned
    std::memcpy(&value, data.data() + i * sizeof(Stored), sizeof(Stored));
    to[i] = convert(value);
  }
}

template <class Stored>
void convert_integers(std::string_view data, const Tensor& out) {
  convert_all<Stored, double>(data, out, [](Stored value) { return static_cast<double>(value); });
}

}  // namespace

const ElementType* element_type(std::string_view name) {
  static constexpr std::array<ElementType, 13> kTypes = {{
      {"F32", 4, DType::float32},
      {"F64", 8, DType::float64},
      {"F16", 2, DType::float32},
      {"BF16", 2, DType::float32},
      {"I64", 8, DType::float64},
      {"I32", 4, DType::float64},
      {"I16", 2, DType::float64},
      {"I8", 1, DType::float64},
      {"U64", 8, DType::float64},
      {"U32", 4, DType::float64},
      {"U16", 2, DType::float64},
      {"U8", 1, DType::float64},
      {"BOOL", 1, DType::float64},
  }};
  for (const ElementType& type : kTypes)
    if (type.name == name) return &type;
  return nullptr;
}

bool is_read_as_it_is(const ElementType& type) { return type.name == "F32" || type.name == "F64"; }

Tensor widen(const ElementType& type, std::string_view data, const Shape& shape) {
  const auto elements = static_cast<size_t>(shape.numel());
  check(data.size() == elements * type.bytes, "widen: {} of {} does not take {} bytes", shape,
        type.name, data.size());
  Tensor out = Tensor::empty(shape, {.dtype = type.dtype});
  if (elements == 0) return out;
  if (is_read_as_it_is(type))
    std::memcpy(out.raw(), data.data(), data.size());
  else if (type.name == "F16")
    convert_all<uint16_t, float>(data, out, from_half);
  else if (type.name == "BF16")
    convert_all<Bfloat16, float>(data, out,
                                 [](Bfloat16 value) { return static_cast<float>(value); });
  else if (type.name == "I64")
    convert_integers<int64_t>(data, out);
  else if (type.name == "I32")
    convert_integers<int32_t>(data, out);
  else if (type.name == "I16")
    convert_integers<int16_t>(data, out);
  else if (type.name == "I8")
    convert_integers<int8_t>(data, out);
  else if (type.name == "U64")
    convert_integers<uint64_t>(data, out);
  else if (type.name == "U32")
    convert_integers<uint32_t>(data, out);
  else if (type.name == "U16")
    convert_integers<uint16_t>(data, out);
  else
    convert_integers<uint8_t>(data, out);  // U8, BOOL
  return out;
}

}  // namespace kintsugi

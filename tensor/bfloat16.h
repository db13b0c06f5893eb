#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

#include "tensor/dtype.h"

namespace kintsugi {

/// A number of dtype bfloat16 in the CPU's memory, to be moved and cast: the upper half of a
/// float32, 8 bits of exponent and 7 of mantissa.
struct Bfloat16 {
  uint16_t bits;

  Bfloat16() = default;
  /// The nearest one, of two the even.
  explicit Bfloat16(float value) {
    constexpr uint16_t kNaN = 0x7fff;
    const auto wide = std::bit_cast<uint32_t>(value);
    const uint32_t half = 0x7fff + (wide >> 16 & 1);
    bits = std::isnan(value) ? kNaN : static_cast<uint16_t>((wide + half) >> 16);
  }
  explicit Bfloat16(double value) : Bfloat16(static_cast<float>(value)) {}
  explicit operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }
  explicit operator double() const { return static_cast<float>(*this); }
};

template <>
inline constexpr DType dtype_of<Bfloat16> = DType::bfloat16;

}  // namespace kintsugi

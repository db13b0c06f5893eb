#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

#include "cuda/emulator/vector_types.h"

/// bfloat16: the upper half of a float, 8 bits of exponent and 7 of mantissa. Arithmetic is a
/// float's, rounded once, to the nearest (ties to even).
struct alignas(2) __nv_bfloat16 {
  uint16_t bits;

  __nv_bfloat16() = default;
  __nv_bfloat16(float value) : bits(rounded(value)) {}
  __nv_bfloat16(double value) : __nv_bfloat16(static_cast<float>(value)) {}
  __nv_bfloat16(int value) : __nv_bfloat16(static_cast<float>(value)) {}

  operator float() const { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

  static uint16_t rounded(float value) {
    if (std::isnan(value)) return 0x7fff;
    const auto wide = std::bit_cast<uint32_t>(value);
    return static_cast<uint16_t>((wide + 0x7fff + (wide >> 16 & 1)) >> 16);
  }
};
using nv_bfloat16 = __nv_bfloat16;

struct alignas(4) __nv_bfloat162 {
  __nv_bfloat16 x, y;
};
using nv_bfloat162 = __nv_bfloat162;

inline __nv_bfloat16 __float2bfloat16(float value) { return value; }
inline __nv_bfloat16 __float2bfloat16_rn(float value) { return value; }
inline __nv_bfloat16 __double2bfloat16(double value) { return value; }
inline float __bfloat162float(__nv_bfloat16 value) { return value; }
inline __nv_bfloat162 __floats2bfloat162_rn(float x, float y) { return {x, y}; }
inline __nv_bfloat162 __float22bfloat162_rn(float2 v) { return {v.x, v.y}; }
inline float2 __bfloat1622float2(__nv_bfloat162 v) { return {v.x, v.y}; }

inline __nv_bfloat16 operator+(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} + float{b}; }
inline __nv_bfloat16 operator-(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} - float{b}; }
inline __nv_bfloat16 operator*(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} * float{b}; }
inline __nv_bfloat16 operator/(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} / float{b}; }
inline __nv_bfloat16 operator-(__nv_bfloat16 a) { return -float{a}; }
inline __nv_bfloat16& operator+=(__nv_bfloat16& a, __nv_bfloat16 b) { return a = a + b; }
inline __nv_bfloat16& operator-=(__nv_bfloat16& a, __nv_bfloat16 b) { return a = a - b; }
inline __nv_bfloat16& operator*=(__nv_bfloat16& a, __nv_bfloat16 b) { return a = a * b; }
inline __nv_bfloat16& operator/=(__nv_bfloat16& a, __nv_bfloat16 b) { return a = a / b; }

inline bool operator==(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} == float{b}; }
inline bool operator!=(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} != float{b}; }
inline bool operator<(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} < float{b}; }
inline bool operator<=(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} <= float{b}; }
inline bool operator>(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} > float{b}; }
inline bool operator>=(__nv_bfloat16 a, __nv_bfloat16 b) { return float{a} >= float{b}; }

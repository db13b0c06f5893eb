#pragma once
#include <doctest/doctest.h>

#include "tests/cuda/compare.h"

/// What a kernel makes of bfloat16 numbers is compared with what the CPU makes of the same numbers
/// in float32: they differ by the rounding of the result.
namespace kintsugi {

constexpr TensorOptions kBfloat16OnCuda{.dtype = DType::bfloat16, .device = Device::cuda};

/// 2⁻⁸: twice what one rounding changes at most.
constexpr double kRounding = 1.0 / 256;

/// Random float32 numbers that bfloat16 has.
inline Tensor rounded_random(const Shape& shape, uint64_t seed) {
  return random_tensor(shape, DType::float32, seed).to(DType::bfloat16).to(DType::float32);
}

/// The same numbers in bfloat16 on the device.
inline Tensor halved(const Tensor& x) { return on_cuda(x.to(DType::bfloat16)); }

/// doctest CHECKs that `actual` is bfloat16, and `expected` to within `tolerance` of the largest.
inline void check_rounded(const Tensor& actual, const Tensor& expected,
                          double tolerance = kRounding) {
  CHECK(actual.dtype() == DType::bfloat16);
  check_close(actual.to(DType::float32), expected, tolerance);
}

}  // namespace kintsugi

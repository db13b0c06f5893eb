#pragma once
#include <cuda_runtime.h>

#include <cstdint>

namespace kintsugi::cuda {

/// ⌊a / b⌋ and ⌈a / b⌉ for b > 0.
template <class Integer>
__host__ __device__ constexpr Integer floor_divide(Integer a, Integer b) {
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}
template <class Integer>
__host__ __device__ constexpr Integer ceil_divide(Integer a, Integer b) {
  return -floor_divide(-a, b);
}

/// Division by a number d ≥ 1 that is not known when this is compiled, but before a kernel divides
/// by it again and again.
template <class Integer>
class Divisor {
 public:
  Divisor() = default;
  __host__ __device__ explicit Divisor(int64_t d) : divisor_(d) {}
  __device__ Integer quotient(Integer n) const { return n / divisor_; }
  __device__ Integer remainder(Integer n, Integer quotient) const {
    return n - quotient * divisor_;
  }

 private:
  Integer divisor_ = 1;
};

/// A GPU has no instruction for a division, but for this (Granlund & Montgomery 1994, "Division by
/// invariant integers using multiplication"), 0 ≤ n < 2³¹:
/// ⌊n / d⌋ = ⌊(⌊n·m / 2³²⌋ + n) / 2ˢ⌋, s = ⌈log₂ d⌉, m = ⌊2³²·(2ˢ − d) / d⌋ + 1.
template <>
class Divisor<int32_t> {
 public:
  Divisor() = default;
  __host__ __device__ explicit Divisor(int64_t d) : divisor_(static_cast<int32_t>(d)) {
    while (int64_t{1} << shift_ < d) ++shift_;
    multiplier_ = static_cast<uint32_t>((((int64_t{1} << shift_) - d) << 32) / d + 1);
  }
  __host__ __device__ int32_t quotient(int32_t n) const {
    const auto high = static_cast<uint32_t>((static_cast<uint64_t>(n) * multiplier_) >> 32);
    return static_cast<int32_t>((high + static_cast<uint32_t>(n)) >> shift_);
  }
  __host__ __device__ int32_t remainder(int32_t n, int32_t quotient) const {
    return n - quotient * divisor_;
  }

 private:
  int32_t divisor_ = 1;
  int shift_ = 0;
  uint32_t multiplier_ = 1;
};

}  // namespace kintsugi::cuda

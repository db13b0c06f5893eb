#pragma once
#include <array>
#include <cstdint>

#include "tensor/tensor.h"

namespace kintsugi {

/// Philox 4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011): four
/// random words that depend on nothing but key and counter, so that any thread on any device can
/// make the n-th number of a stream alone.
std::array<uint32_t, 4> philox(uint64_t key, uint64_t stream, uint64_t counter);

/// A word as a number in [0, 1): its upper 24 bits, exact in float32.
inline double unit_interval(uint32_t word) { return (word >> 8) * 0x1p-24; }

/// Two independent standard normal numbers from two words (Box & Muller 1958):
/// √(−2 ln u)·cos(2πv) and √(−2 ln u)·sin(2πv), u = (first + ½)/2³², v = second/2³².
std::array<double, 2> box_muller(uint32_t first, uint32_t second);

/// A position in a stream of random numbers: a value of 24 bytes, to be copied, compared and saved.
/// The same seed and stream give the same numbers on every device, for every number of threads.
struct Generator {
  uint64_t seed = 0;
  uint64_t stream = 0;   ///< streams of one seed are independent of each other
  uint64_t counter = 0;  ///< blocks of four words used so far

  bool operator==(const Generator&) const = default;

  /// 32 random bits; uses up one block.
  uint32_t next();
  /// Uniform in [0, 1), 24 random bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform over low, low+1, …, high, both included. Throws Error where high < low.
  int64_t integer(int64_t low, int64_t high);
  /// Standard normal (Box-Muller).
  double normal();
};

/// Uniform in [low, high). Element i is made of word i mod 4 of block counter + i/4; the generator
/// moves on by ceil(numel/4) blocks.
Tensor uniform(const Shape& shape, double low, double high, Generator& generator,
               TensorOptions options = {});
/// Normal with the given mean and standard deviation (Box-Muller on pairs of words); the generator
/// moves on as in uniform().
Tensor normal(const Shape& shape, double mean, double deviation, Generator& generator,
              TensorOptions options = {});

}  // namespace kintsugi

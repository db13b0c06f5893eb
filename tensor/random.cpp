#include "tensor/random.h"

#include <cmath>
#include <numbers>

#include "tensor/backend.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr uint32_t low_word(uint64_t x) { return static_cast<uint32_t>(x); }
constexpr uint32_t high_word(uint64_t x) { return static_cast<uint32_t>(x >> 32); }

uint64_t blocks_of(const Tensor& x) { return (static_cast<uint64_t>(x.numel()) + 3) / 4; }

}  // namespace

std::array<uint32_t, 4> philox(uint64_t key, uint64_t stream, uint64_t counter) {
  constexpr int kRounds = 10;
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;  // golden ratio, √3 − 1
  std::array<uint32_t, 4> c{low_word(counter), high_word(counter), low_word(stream),
                            high_word(stream)};
  uint32_t key0 = low_word(key), key1 = high_word(key);
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t product0 = kMultiplier0 * c[0], product1 = kMultiplier1 * c[2];
    c = {high_word(product1) ^ c[1] ^ key0, low_word(product1), high_word(product0) ^ c[3] ^ key1,
         low_word(product0)};
    key0 += kWeyl0;
    key1 += kWeyl1;
  }
  return c;
}

std::array<double, 2> box_muller(uint32_t first, uint32_t second) {
  const double radius = std::sqrt(-2 * std::log((first + 0.5) * 0x1p-32));
  const double angle = 2 * std::numbers::pi * (second * 0x1p-32);
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

uint32_t Generator::next() { return philox(seed, stream, counter++)[0]; }

double Generator::uniform() { return unit_interval(next()); }

int64_t Generator::integer(int64_t low, int64_t high) {
  check(low <= high, "integer: the lower bound {} is above the upper bound {}", low, high);
  const auto words = philox(seed, stream, counter++);
  const uint64_t bits = words[0] | uint64_t{words[1]} << 32;
  const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  if (span == 0) return static_cast<int64_t>(bits);  // all 2⁶⁴ values
  // bits·span / 2⁶⁴, rounded down, without a 128-bit type
  const uint64_t low_product = (bits & 0xFFFFFFFF) * (span & 0xFFFFFFFF);
  const uint64_t middle1 = (bits >> 32) * (span & 0xFFFFFFFF) + (low_product >> 32);
  const uint64_t middle2 = (bits & 0xFFFFFFFF) * (span >> 32) + (middle1 & 0xFFFFFFFF);
  const uint64_t offset = (bits >> 32) * (span >> 32) + (middle1 >> 32) + (middle2 >> 32);
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

double Generator::normal() {
  const auto words = philox(seed, stream, counter++);
  return box_muller(words[0], words[1])[0];
}

Tensor uniform(const Shape& shape, double low, double high, Generator& generator,
               TensorOptions options) {
  check(low <= high, "uniform: the lower bound {} is above the upper bound {}", low, high);
  Tensor x = Tensor::empty(shape, options);
  backend(options.device).uniform(x, low, high, generator);
  generator.counter += blocks_of(x);
  return x;
}

Tensor normal(const Shape& shape, double mean, double deviation, Generator& generator,
              TensorOptions options) {
  check(deviation >= 0, "normal: the standard deviation {} is negative", deviation);
  Tensor x = Tensor::empty(shape, options);
  backend(options.device).normal(x, mean, deviation, generator);
  generator.counter += blocks_of(x);
  return x;
}

}  // namespace kintsugi

#include "glcic/shuffle.h"

#include "tensor/error.h"
#include "tensor/random.h"

namespace kintsugi {
namespace {

/// Epochs take the streams of the seed from here on.
constexpr uint64_t kFirstStream = uint64_t{1} << 63;
constexpr uint64_t kRounds = 6;

}  // namespace

int64_t shuffled(int64_t position, int64_t count, uint64_t seed, uint64_t epoch) {
  check(position >= 0 && position < count, "shuffled: position {} is not one of {}", position,
        count);
  int half_bits = 1;
  while ((uint64_t{1} << 2 * half_bits) < static_cast<uint64_t>(count)) ++half_bits;
  const uint64_t half = (uint64_t{1} << half_bits) - 1;
  auto value = static_cast<uint64_t>(position);
  do {
    uint64_t left = value >> half_bits, right = value & half;
    for (uint64_t round = 0; round < kRounds; ++round) {
      const uint64_t counter = round << 32 | right;
      const uint64_t mixed = left ^ (philox(seed, kFirstStream + epoch, counter)[0] & half);
      left = right;
      right = mixed;
    }
    value = left << half_bits | right;
  } while (value >= static_cast<uint64_t>(count));
  return static_cast<int64_t>(value);
}

}  // namespace kintsugi

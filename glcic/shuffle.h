#pragma once
#include <cstdint>

namespace kintsugi {

/// Where `position` goes in a random order of 0 … count − 1: a bijection chosen by seed and epoch,
/// worked out for one position alone, so that no order of a long dataset is ever stored. A Feistel
/// network over the next power of four with Philox as its round function, walked until the result
/// is below count (Black & Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
/// 0 ≤ position < count.
int64_t shuffled(int64_t position, int64_t count, uint64_t seed, uint64_t epoch);

}  // namespace kintsugi

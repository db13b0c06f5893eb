#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <source_location>
#include <type_traits>

/// What the 32 threads of a warp tell each other without shared memory. `lanes` has a bit for each
/// lane that takes part; each of them must call the same function with the same lanes, or the
/// kernel ends with a Fault. They may come in any order.

using EmulatorSite = std::source_location;  ///< the line of the call, for messages

/// Waits for the lanes; what they wrote before, each can read after.
void __syncwarp(unsigned lanes = 0xffffffff, EmulatorSite site = EmulatorSite::current());

/// Votes: a bit for each lane whose predicate holds; whether one's does; whether all do.
unsigned __ballot_sync(unsigned lanes, int predicate, EmulatorSite site = EmulatorSite::current());
int __any_sync(unsigned lanes, int predicate, EmulatorSite site = EmulatorSite::current());
int __all_sync(unsigned lanes, int predicate, EmulatorSite site = EmulatorSite::current());

/// Lanes that happen to run together: here, as may be on a GPU, the caller alone.
unsigned __activemask();

namespace emulator {

int running_lane();

/// The lane's value goes to those that ask for it; returns that of lane `source`. A lane that does
/// not take part has none: all bits of the result are then set (of a number, a NaN).
uint64_t shuffle(const char* function, uint32_t lanes, uint64_t value, int source,
                 const EmulatorSite& site);

template <class T>
T shuffle(const char* function, uint32_t lanes, T value, int source, const EmulatorSite& site) {
  static_assert(std::is_arithmetic_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  using Bits = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;
  const uint64_t bits = std::bit_cast<Bits>(value);
  return std::bit_cast<T>(static_cast<Bits>(shuffle(function, lanes, bits, source, site)));
}

}  // namespace emulator

/// Shuffles: each lane gets the value of another one of its group of `width` (2, 4, … 32) lanes:
/// of number `source` in the group; of the one `delta` before or after it; of the one whose number
/// differs in the bits `lane_bits`. Where there is none, its own.
template <class T>
T __shfl_sync(unsigned lanes, T value, int source, int width = 32,
              EmulatorSite site = EmulatorSite::current()) {
  const int first = emulator::running_lane() & -width;
  return emulator::shuffle("__shfl_sync", lanes, value, first + (source & (width - 1)), site);
}

template <class T>
T __shfl_up_sync(unsigned lanes, T value, unsigned delta, int width = 32,
                 EmulatorSite site = EmulatorSite::current()) {
  const int lane = emulator::running_lane(), first = lane & -width;
  const int source = lane - static_cast<int>(delta);
  return emulator::shuffle("__shfl_up_sync", lanes, value, source < first ? lane : source, site);
}

template <class T>
T __shfl_down_sync(unsigned lanes, T value, unsigned delta, int width = 32,
                   EmulatorSite site = EmulatorSite::current()) {
  const int lane = emulator::running_lane(), end = (lane & -width) + width;
  const int source = lane + static_cast<int>(delta);
  return emulator::shuffle("__shfl_down_sync", lanes, value, source < end ? source : lane, site);
}

template <class T>
T __shfl_xor_sync(unsigned lanes, T value, int lane_bits, int width = 32,
                  EmulatorSite site = EmulatorSite::current()) {
  const int lane = emulator::running_lane(), end = (lane & -width) + width;
  const int source = lane ^ lane_bits;
  return emulator::shuffle("__shfl_xor_sync", lanes, value, source < end ? source : lane, site);
}

#pragma once
#include <cstdint>

namespace kintsugi::cpu {

/// Work below this many elements is not worth waking a second thread.
inline constexpr int64_t kParallelGrain = 32768;

/// Calls body(begin, end) for consecutive pieces of [0, count), at most `grain` long, on all
/// threads. The pieces depend on `grain` alone, never on the number of threads: what each piece
/// computes, and so every bit of the result, is the same for any number of threads. Where `work`,
/// the number of elementary operations of all pieces together, is small, one thread does it all.
template <class Body>
void parallel_for(int64_t count, int64_t grain, Body&& body, int64_t work = INT64_MAX) {
  int64_t pieces = (count + grain - 1) / grain;
#pragma omp parallel for schedule(dynamic) if (pieces > 1 && work > kParallelGrain)
  for (int64_t piece = 0; piece < pieces; ++piece) {
    int64_t begin = piece * grain;
    body(begin, begin + grain < count ? begin + grain : count);
  }
}

}  // namespace kintsugi::cpu

#include "tests/bench/peak.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "tensor/backend.h"
#include "tensor/cpu/vector.h"

namespace kintsugi::bench {
namespace {

using cpu::kLanes;
using cpu::Vector;

// Sums that do not wait for each other: two units of latency 4 or 5 need 10; these, the factor and
// the addend still fit into 16 registers.
constexpr int kSums = 12;
constexpr int64_t kRounds = 1'000'000;
constexpr int kRuns = 30;
constexpr double kOperations = 2.0 * kRounds * kSums * kLanes<float>;

/// sum ← sum/2 + 1/2 in every lane of every sum, kRounds times; the sums tend to 1.
float multiply_add(float start) {
  const Vector<float> half = Vector<float>{} + 0.5F;
  Vector<float> sum[kSums];
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) sum[i] = half * (start + static_cast<float>(i));
  for (int64_t round = 0; round < kRounds; ++round) {
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sum[i] = sum[i] * half + half;
  }
  Vector<float> total{};
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i) total += sum[i];
  return total[0];
}

/// Seconds of the slowest thread.
double run_seconds(int threads) {
  using Clock = std::chrono::steady_clock;
  double longest = 0, sink = 0;
#pragma omp parallel num_threads(threads) reduction(max : longest) reduction(+ : sink)
  {
#pragma omp barrier
    const auto start = Clock::now();
    sink += multiply_add(static_cast<float>(threads));
    longest = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return sink > 0 ? longest : 0;
}

}  // namespace

double measured_peak() {
  const int threads = num_threads();
  double best = run_seconds(threads);
  for (int run = 1; run < kRuns; ++run) best = std::min(best, run_seconds(threads));
  return kOperations * threads / best * 1e-9;
}

}  // namespace kintsugi::bench

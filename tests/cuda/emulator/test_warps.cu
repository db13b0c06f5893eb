// Shuffles, votes and __syncwarp, and what is said of kernels that get them wrong: those are wrong
// on purpose. Each keeps the line of its wrong call.
#include <fmt/format.h>

#include <optional>
#include <source_location>
#include <string>
#include <vector>

#include "tests/cuda/emulator/execution_support.h"

namespace kintsugi {
namespace {

using cuda::launch;
using emulator::counting;
using emulator::DeviceArray;
using emulator::fault_of;
using emulator::grid_index;
using emulator::Seeded;

/// "tests/cuda/emulator/test_warps.cu:LINE"
std::string line(unsigned number) {
  return fmt::format("tests/cuda/emulator/test_warps.cu:{}", number);
}

/// Each thread leaves the sum over its warp.
template <class T>
__global__ void warp_sum(const T* x, T* sums) {
  T sum = x[grid_index()];
  for (int lane_bits = 16; lane_bits > 0; lane_bits /= 2)
    sum += __shfl_xor_sync(0xffffffff, sum, lane_bits);
  sums[grid_index()] = sum;
}

/// results [4, 32]: shuffled by __shfl_sync, up, down and xor, in groups of 8 lanes.
__global__ void shuffles(int* results) {
  const int lane = static_cast<int>(threadIdx.x);
  results[lane] = __shfl_sync(0xffffffff, lane, 3, 8);
  results[32 + lane] = __shfl_up_sync(0xffffffff, lane, 2, 8);
  results[64 + lane] = __shfl_down_sync(0xffffffff, lane, 2, 8);
  results[96 + lane] = __shfl_xor_sync(0xffffffff, lane, 5, 8);
}

/// Even and odd lanes vote among themselves, in branches of their own.
__global__ void votes(unsigned* ballots, int* all, int* any) {
  const unsigned lane = threadIdx.x;
  if (lane % 2 == 0) {
    ballots[lane] = __ballot_sync(0x55555555, lane < 16);
    all[lane] = __all_sync(0x55555555, lane < 16);
    any[lane] = __any_sync(0x55555555, lane < 16);
  } else {
    ballots[lane] = __ballot_sync(0xaaaaaaaa, lane >= 16);
    all[lane] = __all_sync(0xaaaaaaaa, lane < 32);
    any[lane] = __any_sync(0xaaaaaaaa, lane > 32);
  }
}

constexpr unsigned kAbsentLaneLine = std::source_location::current().line() + 3;
__global__ void absent_lane(int* results) {
  if (threadIdx.x == 37) return;
  results[threadIdx.x] = __shfl_sync(0xffffffff, static_cast<int>(threadIdx.x), 0);
}

constexpr unsigned kElsewhereLine = std::source_location::current().line() + 3;
__global__ void lane_elsewhere() {
  if (threadIdx.x == 3) __syncthreads();
  __syncwarp();
}

constexpr unsigned kUnnamedLine = std::source_location::current().line() + 2;
__global__ void unnamed_caller(unsigned* results) {
  results[threadIdx.x] = __ballot_sync(0x0000ffff, 1);
}

}  // namespace

TEST_CASE_TEMPLATE("emulator: a warp adds up by shuffles", T, float, double, int, int64_t) {
  const DeviceArray<T> x(counting<T>(64)), sums(64);
  launch(warp_sum<T>, {.blocks = dim3(1), .threads = dim3(64)}, x.data(), sums.data());
  const std::vector<T> got = sums.values();
  CHECK(std::vector<T>(got.begin(), got.begin() + 32) == std::vector<T>(32, T{496}));
  CHECK(std::vector<T>(got.begin() + 32, got.end()) == std::vector<T>(32, T{1520}));
}

TEST_CASE("emulator: shuffles stay within groups of lanes") {
  const DeviceArray<int> results(128);
  launch(shuffles, {.blocks = dim3(1), .threads = dim3(32)}, results.data());
  const std::vector<int> got = results.values();
  for (int lane = 0; lane < 32; ++lane) {
    const int first = lane & ~7, in_group = lane & 7;
    CAPTURE(lane);
    CHECK(got[static_cast<size_t>(lane)] == first + 3);
    CHECK(got[static_cast<size_t>(32 + lane)] == (in_group < 2 ? lane : lane - 2));
    CHECK(got[static_cast<size_t>(64 + lane)] == (in_group > 5 ? lane : lane + 2));
    CHECK(got[static_cast<size_t>(96 + lane)] == first + (in_group ^ 5));
  }
}

TEST_CASE("emulator: lanes vote in divergent branches") {
  const DeviceArray<unsigned> ballots(32);
  const DeviceArray<int> all(32), any(32);
  launch(votes, {.blocks = dim3(1), .threads = dim3(32)}, ballots.data(), all.data(), any.data());
  for (size_t lane = 0; lane < 32; ++lane) {
    CAPTURE(lane);
    CHECK(ballots.values()[lane] == (lane % 2 == 0 ? 0x00005555u : 0xaaaa0000u));
    CHECK(all.values()[lane] == (lane % 2 == 0 ? 0 : 1));
    CHECK(any.values()[lane] == (lane % 2 == 0 ? 1 : 0));
  }
}

TEST_CASE("emulator: a shuffle is diagnosed whose lane has ended") {
  const DeviceArray<int> results(64);
  const std::string fault =
      fault_of(absent_lane, {.blocks = dim3(1), .threads = dim3(64)}, results.data());
  CHECK_CONTAINS(fault, "absent_lane");
  CHECK_CONTAINS(fault, "thread (32, 0, 0)");
  CHECK_CONTAINS(fault, "__shfl_sync at " + line(kAbsentLaneLine));
  CHECK_CONTAINS(fault, "waits for lane 5 of its warp, which has ended");
}

TEST_CASE("emulator: a __syncwarp is diagnosed whose lane waits elsewhere") {
  const std::string fault = fault_of(lane_elsewhere, {.blocks = dim3(1), .threads = dim3(32)});
  CHECK_CONTAINS(fault, "__syncwarp at " + line(kElsewhereLine));
  CHECK_CONTAINS(fault,
                 "lane 3 of its warp, which waits at __syncthreads at " + line(kElsewhereLine - 1));
}

TEST_CASE("emulator: a vote is diagnosed whose caller it does not name") {
  const Seeded in_order(std::nullopt);
  const DeviceArray<unsigned> results(32);
  const std::string fault =
      fault_of(unnamed_caller, {.blocks = dim3(1), .threads = dim3(32)}, results.data());
  CHECK_CONTAINS(fault, "__ballot_sync at " + line(kUnnamedLine));
  CHECK_CONTAINS(fault, "thread (16, 0, 0)");
  CHECK_CONTAINS(fault, "is called by lane 16, which its lanes 0x0000ffff do not name");
}

}  // namespace kintsugi

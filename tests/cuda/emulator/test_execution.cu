// Which thread runs when and where, and which launches no device takes.
#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <stdexcept>
#include <vector>

#include "tests/cuda/emulator/execution_support.h"

namespace kintsugi {
namespace {

using cuda::Grid;
using cuda::launch;
using cuda::shared_memory;
using emulator::counting;
using emulator::DeviceArray;
using emulator::grid_index;
using emulator::Seeded;

/// Bins as large as the counts of the values: atomics from all blocks.
__global__ void histogram(const int* values, unsigned* bins, int* largest) {
  const int value = values[grid_index()];
  atomicAdd(&bins[value], 1u);
  atomicMax(largest, value);
}

/// Every thread adds 1 by comparing and exchanging, until nobody has come between.
__global__ void count_by_exchange(int* narrow, int64_t* wide) {
  int expected = 0;
  while (!__atomic_compare_exchange_n(narrow, &expected, expected + 1, false, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED)) {
  }
  int64_t expected_wide = 0;
  while (!__atomic_compare_exchange_n(wide, &expected_wide, expected_wide + 1, true,
                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

__global__ void coordinates(uint3* threads, uint3* blocks) {
  const unsigned in_block = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  __syncthreads();  // threads are suspended, and find their coordinates again
  threads[block * blockDim.x * blockDim.y * blockDim.z + in_block] = threadIdx;
  blocks[block * blockDim.x * blockDim.y * blockDim.z + in_block] = blockIdx;
}

__global__ void shared_extent(unsigned char* last, int bytes) {
  unsigned char* shared = &shared_memory<unsigned char>();
  shared[bytes - 1] = 7;
  *last = shared[bytes - 1];
}

/// y [64] = x moved on by one; without the barrier that it takes where `barrier` is false: that is
/// right only where each thread comes after the one before it. What nobody has stored yet is 0: the
/// checks of memory do not see static shared variables.
template <bool barrier>
__global__ void move_on(const int* x, int* y) {
  __shared__ int row[64];
  const int t = static_cast<int>(threadIdx.x);
  row[t] = 0;
  __syncthreads();
  row[t] = x[t];
  if constexpr (barrier) __syncthreads();
  y[t] = row[t > 0 ? t - 1 : 0];
}

__global__ void deep_in_a_loop(int* result) {
  for (int i = 0; i < 10; ++i) {
    __syncthreads();
    if (i == 7 && threadIdx.x == 63) throw std::out_of_range("at 7");
  }
  *result = 1;
}

}  // namespace

TEST_CASE("emulator: atomics on integers") {
  std::vector<int> values(512);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<int>(i * i % 7);
  std::vector<unsigned> expected(8);
  for (int value : values) ++expected[static_cast<size_t>(value)];
  const DeviceArray<int> x(values), largest(std::vector<int>{0});
  const DeviceArray<unsigned> bins(std::vector<unsigned>(8));
  launch(histogram, {.blocks = dim3(4), .threads = dim3(128)}, x.data(), bins.data(),
         largest.data());
  CHECK(bins.values() == expected);
  CHECK(largest.values().front() == 4);
}

TEST_CASE("emulator: a value is exchanged where it is the expected one, else told") {
  const DeviceArray<int> narrow(std::vector<int>{0});
  const DeviceArray<int64_t> wide(std::vector<int64_t>{0});
  launch(count_by_exchange, {.blocks = dim3(3), .threads = dim3(64)}, narrow.data(), wide.data());
  CHECK(narrow.values().front() == 3 * 64);
  CHECK(wide.values().front() == 3 * 64);
  int here = 5, expected = 4;  // host code is compiled the same way
  CHECK_FALSE(
      __atomic_compare_exchange_n(&here, &expected, 6, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
  CHECK(expected == 5);
  CHECK(here == 5);
}

TEST_CASE("emulator: threads and blocks know their coordinates, before and after a wait") {
  for (const std::optional<uint64_t> seed :
       {std::optional<uint64_t>{}, std::optional<uint64_t>{7}}) {
    CAPTURE(seed.has_value());
    const Seeded seeded(seed);
    const DeviceArray<uint3> threads(24 * 12), blocks(24 * 12);
    launch(coordinates, {.blocks = dim3(2, 2, 3), .threads = dim3(4, 3, 2)}, threads.data(),
           blocks.data());
    const std::vector<uint3> thread = threads.values(), block = blocks.values();
    bool right = true;
    for (unsigned i = 0; i < 24 * 12; ++i) {
      const unsigned t = i % 24, b = i / 24;
      right = right && thread[i].x == t % 4 && thread[i].y == t / 4 % 3 && thread[i].z == t / 12;
      right = right && block[i].x == b % 2 && block[i].y == b / 2 % 2 && block[i].z == b / 4;
    }
    CHECK(right);
  }
}

TEST_CASE("emulator: a missing barrier shows as a result that depends on the seed") {
  const Grid grid{.blocks = dim3(1), .threads = dim3(64)};
  const DeviceArray<int> x(counting<int>(64)), y(64);
  std::vector<int> moved = counting<int>(64);
  for (int& value : moved) value = std::max(value - 1, 0);
  {
    const Seeded in_order(std::nullopt);
    launch(move_on<false>, grid, x.data(), y.data());
    CHECK(y.values() == moved);  // goes unnoticed
  }
  std::set<std::vector<int>> results;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Seeded seeded(seed);
    launch(move_on<true>, grid, x.data(), y.data());
    CHECK(y.values() == moved);
    launch(move_on<false>, grid, x.data(), y.data());
    results.insert(y.values());
  }
  CHECK(results.size() > 10);
}

TEST_CASE("emulator: the same seed gives the same order") {
  const DeviceArray<int> x(counting<int>(64)), y(64);
  const Seeded seeded(11);
  launch(move_on<false>, {.blocks = dim3(1), .threads = dim3(64)}, x.data(), y.data());
  const std::vector<int> first = y.values();
  launch(move_on<false>, {.blocks = dim3(1), .threads = dim3(64)}, x.data(), y.data());
  CHECK(y.values() == first);
}

TEST_CASE(
    "emulator: an exception leaves a kernel whose threads are suspended, which then runs again") {
  const DeviceArray<int> result(std::vector<int>{0}), x(counting<int>(64)), y(64);
  CHECK_THROWS_AS(launch(deep_in_a_loop, {.blocks = dim3(1), .threads = dim3(64)}, result.data()),
                  std::out_of_range);
  CHECK(result.values().front() == 0);
  launch(move_on<true>, {.blocks = dim3(1), .threads = dim3(64)}, x.data(), y.data());
  CHECK(y.values().back() == 62);
}

TEST_CASE("emulator: launches are refused with CUDA's errors") {
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(1);
  config.stream = cuda::context().stream;
  for (const dim3 block : {dim3(0), dim3(1025), dim3(32, 33), dim3(1, 1, 65)}) {
    config.blockDim = block;
    CHECK(cudaLaunchKernelEx(&config, deep_in_a_loop, nullptr) == cudaErrorInvalidConfiguration);
  }
  config.blockDim = dim3(32);
  config.gridDim = dim3(1, 65536);
  CHECK(cudaLaunchKernelEx(&config, deep_in_a_loop, nullptr) == cudaErrorInvalidConfiguration);
  static_cast<void>(cudaGetLastError());
}

TEST_CASE("emulator: shared memory beyond 48 KiB has to be asked for, beyond 163 there is none") {
  const DeviceArray<unsigned char> last(1);
  const void* kernel = reinterpret_cast<const void*>(shared_extent);
  cudaLaunchConfig_t config{};
  config.gridDim = config.blockDim = dim3(1);
  config.stream = cuda::context().stream;
  config.dynamicSmemBytes = 163 * 1024;
  CHECK(cudaLaunchKernelEx(&config, shared_extent, last.data(), 163 * 1024) ==
        cudaErrorInvalidValue);
  const auto allow = [&](int bytes) {
    return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  };
  CHECK(allow(163 * 1024 + 1) == cudaErrorInvalidValue);
  CHECK(allow(163 * 1024) == cudaSuccess);
  CHECK(cudaLaunchKernelEx(&config, shared_extent, last.data(), 163 * 1024) == cudaSuccess);
  CHECK(last.values().front() == 7);
  static_cast<void>(cudaGetLastError());
}

}  // namespace kintsugi

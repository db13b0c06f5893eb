#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <set>
#include <source_location>
#include <stdexcept>
#include <string>
#include <vector>

#include "cuda/emulator/scheduler.h"
#include "cuda/launch.h"
#include "tests/cuda/emulator/device_array.h"

/// Barriers, warp functions, the order of threads, and what is said of kernels that get them wrong:
/// the wrong kernels are wrong on purpose. Each keeps the line of its wrong call.
namespace kintsugi {
namespace {

using cuda::Grid;
using cuda::launch;
using cuda::shared_memory;
using emulator::DeviceArray;

/// 0, 1, 2, …
template <class T>
std::vector<T> counting(size_t count) {
  std::vector<T> values(count);
  std::iota(values.begin(), values.end(), T{0});
  return values;
}

/// A seed, or none, for the launches within a scope.
class Seeded {
 public:
  explicit Seeded(std::optional<uint64_t> seed) : before_(emulator::set_seed(seed)) {}
  ~Seeded() { emulator::set_seed(before_); }
  Seeded(const Seeded&) = delete;
  Seeded& operator=(const Seeded&) = delete;

 private:
  std::optional<uint64_t> before_;
};

/// What the emulator says of a launch; "" where it finds nothing wrong.
template <class... P, class... A>
std::string fault_of(void (*kernel)(P...), const Grid& grid, A... args) {
  return emulator::fault_of([&] { launch(kernel, grid, args...); });
}

/// "tests/cuda/emulator/test_execution.cu:LINE"
std::string line(unsigned number) {
  return fmt::format("tests/cuda/emulator/test_execution.cu:{}", number);
}

__device__ int grid_index() { return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x); }

// ---- right kernels ------------------------------------------------------------------------------

struct Tree {
  float values[256];
};

/// sums [blocks] of 256 values each.
__global__ void block_sum(const float* x, float* sums) {
  Tree& tree = shared_memory<Tree>();
  const unsigned t = threadIdx.x;
  tree.values[t] = x[grid_index()];
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    __syncthreads();
    if (t < half) tree.values[t] += tree.values[t + half];
  }
  if (t == 0) sums[blockIdx.x] = tree.values[0];
}

struct Tile {
  float values[16][17];
};

/// y [columns, rows] = xᵀ of x [rows, columns], a tile of 16 x 16 a block.
__global__ void transpose(const float* x, int rows, int columns, float* y) {
  Tile& tile = shared_memory<Tile>();
  const int row0 = static_cast<int>(blockIdx.y) * 16, column0 = static_cast<int>(blockIdx.x) * 16;
  const int i = static_cast<int>(threadIdx.y), j = static_cast<int>(threadIdx.x);
  if (row0 + i < rows && column0 + j < columns)
    tile.values[i][j] = x[(row0 + i) * columns + column0 + j];
  __syncthreads();
  if (column0 + i < columns && row0 + j < rows)
    y[(column0 + i) * rows + row0 + j] = tile.values[j][i];
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

__global__ void barrier_votes(int* counts, int* all, int* any) {
  const int t = static_cast<int>(threadIdx.x);
  counts[t] = __syncthreads_count(t % 3 == 0);
  all[t] = __syncthreads_and(t < 99);
  any[t] = __syncthreads_or(t == 99);
}

/// Bins as large as the counts of the values: atomics from all blocks.
__global__ void histogram(const int* values, unsigned* bins, int* largest) {
  const int value = values[grid_index()];
  atomicAdd(&bins[value], 1u);
  atomicMax(largest, value);
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

// ---- wrong ones ---------------------------------------------------------------------------------

constexpr unsigned kEndedEarlyLine = std::source_location::current().line() + 3;
__global__ void ends_early() {
  if (threadIdx.x == 5) return;
  __syncthreads();
}

constexpr unsigned kTwoBarriersLine = std::source_location::current().line() + 3;
__global__ void two_barriers() {
  if (threadIdx.x < 8)
    __syncthreads();
  else
    __syncthreads();
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

// ---- barriers, warps, atomics -------------------------------------------------------------------

TEST_CASE("emulator: a block adds its numbers up by a tree with barriers") {
  const DeviceArray<float> x(counting<float>(1024)), sums(4);
  launch(block_sum, {.blocks = dim3(4), .threads = dim3(256), .shared_bytes = sizeof(Tree)},
         x.data(), sums.data());
  CHECK(sums.values() == std::vector<float>{32640, 98176, 163712, 229248});
}

TEST_CASE("emulator: a matrix is transposed through shared memory") {
  constexpr int rows = 37, columns = 21;
  const DeviceArray<float> x(counting<float>(rows * columns)), y(rows * columns);
  launch(transpose, {.blocks = dim3(2, 3), .threads = dim3(16, 16), .shared_bytes = sizeof(Tile)},
         x.data(), rows, columns, y.data());
  const std::vector<float> got = y.values();
  bool right = true;
  for (int i = 0; i < columns; ++i)
    for (int j = 0; j < rows; ++j)
      right =
          right && got[static_cast<size_t>(i * rows + j)] == static_cast<float>(j * columns + i);
  CHECK(right);
}

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

TEST_CASE("emulator: barriers count predicates") {
  const DeviceArray<int> counts(100), all(100), any(100);
  launch(barrier_votes, {.blocks = dim3(1), .threads = dim3(100)}, counts.data(), all.data(),
         any.data());
  CHECK(counts.values() == std::vector<int>(100, 34));
  CHECK(all.values() == std::vector<int>(100, 0));
  CHECK(any.values() == std::vector<int>(100, 1));
}

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

// ---- the order of threads -----------------------------------------------------------------------

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

// ---- diagnoses ----------------------------------------------------------------------------------

TEST_CASE("emulator: a barrier is diagnosed that threads have ended before") {
  const Seeded in_order(std::nullopt);
  const std::string fault = fault_of(ends_early, {.blocks = dim3(2), .threads = dim3(32, 2)});
  CHECK_CONTAINS(fault, "ends_early");
  CHECK_CONTAINS(fault, "block (0, 0, 0), thread (0, 0, 0)");
  CHECK_CONTAINS(fault, "__syncthreads at " + line(kEndedEarlyLine));
  CHECK_CONTAINS(fault, "2 have ended, thread (5, 0, 0) the first");
  CHECK_CONTAINS(fault, "62 wait at");
}

TEST_CASE("emulator: two barriers in the branches of an if are diagnosed") {
  const std::string fault = fault_of(two_barriers, {.blocks = dim3(1), .threads = dim3(64)});
  CHECK_CONTAINS(fault, "two_barriers");
  CHECK_CONTAINS(fault, "8 wait at __syncthreads at " + line(kTwoBarriersLine));
  CHECK_CONTAINS(fault, "56 wait at __syncthreads at " + line(kTwoBarriersLine + 2));
  CHECK_CONTAINS(fault, "thread (8, 0, 0) the first");
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

TEST_CASE(
    "emulator: an exception leaves a kernel whose threads are suspended, which then runs again") {
  const DeviceArray<int> result(std::vector<int>{0}), x(counting<int>(64)), y(64);
  CHECK_THROWS_AS(launch(deep_in_a_loop, {.blocks = dim3(1), .threads = dim3(64)}, result.data()),
                  std::out_of_range);
  CHECK(result.values().front() == 0);
  launch(move_on<true>, {.blocks = dim3(1), .threads = dim3(64)}, x.data(), y.data());
  CHECK(y.values().back() == 62);
}

// ---- launches that no device takes --------------------------------------------------------------

TEST_CASE("emulator: launches are refused with CUDA's errors") {
  cudaLaunchConfig_t config{};
  config.gridDim = dim3(1);
  config.stream = cuda::context().stream;
  for (const dim3 block : {dim3(0), dim3(1025), dim3(32, 33), dim3(1, 1, 65)}) {
    config.blockDim = block;
    CHECK(cudaLaunchKernelEx(&config, ends_early) == cudaErrorInvalidConfiguration);
  }
  config.blockDim = dim3(32);
  config.gridDim = dim3(1, 65536);
  CHECK(cudaLaunchKernelEx(&config, ends_early) == cudaErrorInvalidConfiguration);
  static_cast<void>(cudaGetLastError());
}

TEST_CASE("emulator: shared memory beyond 48 KiB has to be asked for, beyond 227 there is none") {
  const DeviceArray<unsigned char> last(1);
  const void* kernel = reinterpret_cast<const void*>(shared_extent);
  cudaLaunchConfig_t config{};
  config.gridDim = config.blockDim = dim3(1);
  config.stream = cuda::context().stream;
  config.dynamicSmemBytes = 227 * 1024;
  CHECK(cudaLaunchKernelEx(&config, shared_extent, last.data(), 227 * 1024) ==
        cudaErrorInvalidValue);
  const auto allow = [&](int bytes) {
    return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes);
  };
  CHECK(allow(227 * 1024 + 1) == cudaErrorInvalidValue);
  CHECK(allow(227 * 1024) == cudaSuccess);
  CHECK(cudaLaunchKernelEx(&config, shared_extent, last.data(), 227 * 1024) == cudaSuccess);
  CHECK(last.values().front() == 7);
  static_cast<void>(cudaGetLastError());
}

}  // namespace kintsugi

// Barriers of a block, and what is said of kernels that get them wrong: those are wrong on purpose.
// Each keeps the line of its wrong call.
#include <fmt/format.h>

#include <source_location>
#include <string>
#include <vector>

#include "tests/cuda/emulator/execution_support.h"

namespace kintsugi {
namespace {

using cuda::launch;
using cuda::shared_memory;
using emulator::counting;
using emulator::DeviceArray;
using emulator::fault_of;
using emulator::grid_index;
using emulator::Seeded;

/// "tests/cuda/emulator/test_barriers.cu:LINE"
std::string line(unsigned number) {
  return fmt::format("tests/cuda/emulator/test_barriers.cu:{}", number);
}

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

__global__ void barrier_votes(int* counts, int* all, int* any) {
  const int t = static_cast<int>(threadIdx.x);
  counts[t] = __syncthreads_count(t % 3 == 0);
  all[t] = __syncthreads_and(t < 99);
  any[t] = __syncthreads_or(t == 99);
}

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

}  // namespace

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

TEST_CASE("emulator: barriers count predicates") {
  const DeviceArray<int> counts(100), all(100), any(100);
  launch(barrier_votes, {.blocks = dim3(1), .threads = dim3(100)}, counts.data(), all.data(),
         any.data());
  CHECK(counts.values() == std::vector<int>(100, 34));
  CHECK(all.values() == std::vector<int>(100, 0));
  CHECK(any.values() == std::vector<int>(100, 1));
}

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

}  // namespace kintsugi

#include "tests/cuda/emulator/device_array.h"

/// Data races: kernels whose result hangs on the order of their threads, though the emulator, which
/// runs them in a certain order, gets it right.
namespace emulator {
namespace {

struct Values {
  float x[64];
};
struct Halves {
  uint16_t x[64];
};

template <class T>
__device__ T& shared() {
  return *static_cast<T*>(dynamic_shared_memory());
}

__global__ void neighbour(float* y, bool barrier) {
  const unsigned i = threadIdx.x, n = blockDim.x;
  shared<Values>().x[n - 1 - i] = 1;
  if (barrier) __syncthreads();
  y[i] = shared<Values>().x[n - 1 - i / 2];
}

/// The sum of a warp: right only where its lanes wait for each other at each step.
__global__ void warp_sum(float* y, bool barrier) {
  float* x = shared<Values>().x;
  const unsigned i = threadIdx.x;
  x[i] = 1;
  if (barrier) __syncwarp();
  for (unsigned half = 16; half > 0; half /= 2) {
    const float other = x[(i + half) % 32];
    if (barrier) __syncwarp();
    x[i] += other;
    if (barrier) __syncwarp();
  }
  y[i] = x[i];
}

/// __syncwarp orders nothing between warps.
__global__ void across_warps(float* y) {
  const unsigned i = threadIdx.x;
  shared<Values>().x[i] = 1;
  __syncwarp();
  y[i] = shared<Values>().x[i ^ 32];
}

__global__ void read_then_write(float* y, bool barrier) {
  const unsigned i = threadIdx.x;
  if (i == 0) shared<Values>().x[0] = 1;
  __syncthreads();
  y[i] = shared<Values>().x[0];
  if (barrier) __syncthreads();
  if (i == blockDim.x - 1) shared<Values>().x[0] = 2;
}

__global__ void neighbouring_halves(uint16_t* y) {
  const unsigned i = threadIdx.x;
  shared<Halves>().x[i] = static_cast<uint16_t>(i);
  __syncthreads();
  y[i] = shared<Halves>().x[i ^ 1];
}

__global__ void count_atomically(unsigned* count, bool plain) {
  if (plain && threadIdx.x == 5)
    *count = 0;
  else
    atomicAdd(count, 1);
}

__global__ void blocks_overlap(float* y, int stride) {
  y[static_cast<int>(blockIdx.x) * stride + static_cast<int>(threadIdx.x)] = 1;
}

__global__ void increment(float* y) { y[threadIdx.x] += 1; }

template <class... P>
std::string fault_with(unsigned threads, void (*kernel)(P...), std::type_identity_t<P>... args) {
  const Shape shape{.threads = threads, .shared_bytes = sizeof(Values)};
  return fault_of([&] { launch(shape, kernel, args...); });
}

}  // namespace

TEST_CASE("a missing __syncthreads is a race, told with both threads and both lines") {
  const DeviceArray<float> y(64);
  CHECK(fault_with(64, neighbour, y.data(), true) == "");
  const std::string fault = fault_of(
      [&] { launch({.threads = 64, .shared_bytes = sizeof(Values)}, neighbour, y.data(), false); });
  CHECK_CONTAINS(fault, "thread (1, 0, 0): data race");
  CHECK_CONTAINS(fault, "test_races.cu:24 reads the shared memory");
  CHECK_CONTAINS(fault, "thread (0, 0, 0) of this block writes at");
  CHECK_CONTAINS(fault, "test_races.cu:22, and no barrier lies between them");
}

TEST_CASE("a value read before a barrier and written after none is a race") {
  const DeviceArray<float> y(64);
  CHECK(fault_with(64, read_then_write, y.data(), true) == "");
  const std::string fault = fault_with(64, read_then_write, y.data(), false);
  CHECK_CONTAINS(fault, "kernel emulator::read_then_write");
  CHECK_CONTAINS(fault, "data race");
  CHECK_CONTAINS(fault, "of this block reads at");
  CHECK_CONTAINS(fault, "test_races.cu:");
  CHECK_CONTAINS(fault, "no barrier lies between them");
}

TEST_CASE("lanes of a warp race as other threads do, unless __syncwarp is between them") {
  const DeviceArray<float> y(32), of_two_warps(64);
  CHECK(fault_with(32, warp_sum, y.data(), true) == "");
  CHECK(y.values()[0] == 32);
  CHECK(fault_with(32, warp_sum, y.data(), false) != "");
  CHECK(fault_with(64, across_warps, of_two_warps.data()) != "");
}

TEST_CASE("threads that write to different bytes of a word do not race") {
  const DeviceArray<uint16_t> y(64);
  CHECK(fault_with(64, neighbouring_halves, y.data()) == "");
  CHECK(y.values()[7] == 6);
}

TEST_CASE("atomic operations do not race with each other, but with plain writes") {
  const DeviceArray<unsigned> count(std::vector<unsigned>{0});
  CHECK(fault_of([&] {
          launch({.blocks = 3, .threads = 8}, count_atomically, count.data(), false);
        }) == "");
  CHECK(count.values()[0] == 24);
  CHECK_CONTAINS(fault_with(8, count_atomically, count.data(), true), "data race");
}

TEST_CASE("blocks of a launch race in global memory; launches do not") {
  const DeviceArray<float> y(64);
  CHECK(fault_of([&] { launch({.blocks = 4, .threads = 16}, blocks_overlap, y.data(), 16); }) ==
        "");
  const std::string fault =
      fault_of([&] { launch({.blocks = 4, .threads = 16}, blocks_overlap, y.data(), 15); });
  CHECK_CONTAINS(fault, "thread (15, 0, 0) of block number 0 writes");
  CHECK_CONTAINS(fault, "nothing orders blocks between them");
  for (int i = 0; i < 3; ++i)
    CHECK(fault_of([&] { launch({.threads = 64}, increment, y.data()); }) == "");
}

}  // namespace emulator

#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "tests/cuda/emulator/device_array.h"

/// Kernels that are wrong on purpose, and what the emulator says of each; and kernels that are
/// right though they look alike, of which it says nothing.
namespace emulator {
namespace {

template <class T>
__global__ void store_at(T* x, int64_t i) {
  x[i] = T{};
}

template <class T>
__global__ void load_at(const T* x, int64_t i, T* y) {
  *y = x[i];
}

__global__ void store_rows(float* x, int count) {
  for (int i = 0; i < count; ++i) x[threadIdx.x * 64 + i] = 1;
}

template <class T>
std::string fault_storing(T* x, int64_t i) {
  return fault_of([&] { launch({}, store_at<T>, x, i); });
}

template <class T>
std::string fault_loading(const T* x, int64_t i) {
  const DeviceArray<T> y(1);
  return fault_of([&] { launch({}, load_at<T>, x, i, y.data()); });
}

}  // namespace

// ---- global memory ------------------------------------------------------------------------------

TEST_CASE("a write behind a block is found, with kernel, line, block, thread and block size") {
  const DeviceArray<float> x(1008);
  const std::string fault =
      fault_of([&] { launch({.blocks = 2, .threads = 32}, store_rows, x.data(), 64); });
  CHECK_CONTAINS(fault, "store_rows");
  CHECK_CONTAINS(fault, "block (0, 0, 0)");
  CHECK_CONTAINS(fault, "thread (15, 0, 0)");
  CHECK_CONTAINS(fault, "test_memory.cu:24");
  CHECK_CONTAINS(fault, "writes 4 bytes");
  CHECK_CONTAINS(fault, "right behind a block of 4032 bytes");
}

TEST_CASE("reads around a block are found, by the byte") {
  const DeviceArray<float> x(std::vector<float>(1023));
  CHECK(fault_loading(x.data(), 0) == "");
  CHECK(fault_loading(x.data(), 1022) == "");
  CHECK_CONTAINS(fault_loading(x.data(), 1025), "reads 4 bytes");
  CHECK_CONTAINS(fault_loading(x.data(), 1025), "8 bytes behind a block of 4092 bytes");
  CHECK_CONTAINS(fault_loading(x.data(), -3), "12 bytes before a block of 4092 bytes");
  const auto* wide = reinterpret_cast<const double*>(x.data());
  CHECK_CONTAINS(fault_loading(wide, 511),
                 "4088 bytes into a block of 4092 bytes and beyond its end");
}

TEST_CASE("memory that was freed is neither read nor written") {
  float* x = nullptr;
  REQUIRE(cudaMalloc(&x, 64) == cudaSuccess);
  REQUIRE(cudaFree(x) == cudaSuccess);
  CHECK_CONTAINS(fault_loading(x, 1), "4 bytes into a block of 64 bytes that was freed");
  CHECK_CONTAINS(fault_storing(x, 1), "4 bytes into a block of 64 bytes that was freed");
  CHECK(cudaFree(x) == cudaErrorInvalidValue);
  CHECK(cudaGetLastError() == cudaErrorInvalidValue);
}

TEST_CASE("memory that nobody wrote is not read") {
  const DeviceArray<float> x(16);
  CHECK_CONTAINS(fault_loading(x.data(), 3), "which nobody wrote");
  CHECK(fault_storing(x.data(), 3) == "");
  CHECK(fault_loading(x.data(), 3) == "");
  CHECK_CONTAINS(fault_loading(x.data(), 2), "which nobody wrote");
  CHECK_CONTAINS(fault_of([&] { x.values(); }), "but nobody wrote byte 0");
}

TEST_CASE("a null pointer and memory of the host are out of reach for a kernel") {
  std::vector<float> host(100, 1.0f);
  std::vector<float> large(1'000'000, 1.0f);
  CHECK_CONTAINS(fault_loading<float>(nullptr, 2), "through a null pointer");
  CHECK_CONTAINS(fault_storing(host.data(), 7), "which is host memory");
  CHECK_CONTAINS(fault_storing(large.data(), 7), "which is host memory");
  float* pinned = nullptr;
  REQUIRE(cudaMallocHost(&pinned, 64) == cudaSuccess);
  CHECK(fault_storing(pinned, 7) == "");
  CHECK(cudaFreeHost(pinned) == cudaSuccess);
  CHECK(cudaFreeHost(pinned) == cudaErrorInvalidValue);
}

TEST_CASE("a wide access at an address that it does not divide is found") {
  const DeviceArray<float> x(std::vector<float>(64));
  const auto odd = [&](int i) { return reinterpret_cast<const float4*>(x.data() + i); };
  CHECK(fault_loading(odd(4), 0) == "");
  CHECK_CONTAINS(fault_loading(odd(2), 0), "float4");
  CHECK_CONTAINS(fault_loading(odd(2), 0), "no multiple of 16");
  CHECK_CONTAINS(fault_loading(reinterpret_cast<const double*>(x.data() + 1), 0),
                 "no multiple of 8");
}

// ---- what must not be found ---------------------------------------------------------------------

namespace {

struct Padded {
  double value;
  int index;  // four bytes of padding follow
};

__global__ void copy_padded(Padded* x) {
  x[0].value = 1;
  x[0].index = 2;
  x[1] = x[0];
  Padded local = x[1];
  local.index = 3;
  x[2] = local;
}

/// Writes half of each float4, and reads that half; copies bytes of a tail.
__global__ void halves(float4* x, uint16_t* tail, int count) {
  x[threadIdx.x].x = 1;
  x[threadIdx.x].y = 2;
  const float2 half = *reinterpret_cast<const float2*>(&x[threadIdx.x]);
  x[threadIdx.x].z = half.x + half.y;
  for (int i = static_cast<int>(threadIdx.x); i < count; i += static_cast<int>(blockDim.x))
    tail[i] = static_cast<uint16_t>(i);
}

__global__ void local_arrays(const int* order, float* y) {
  float values[8];
  for (int i = 0; i < 8; ++i) values[order[i]] = static_cast<float>(i);
  *y = values[order[3]];
}

}  // namespace

TEST_CASE("copies of structs, halves of vectors, odd tails and local arrays are right") {
  const DeviceArray<Padded> x(3);
  CHECK(fault_of([&] { launch({}, copy_padded, x.data()); }) == "");
  int index = 0;
  CHECK(cudaMemcpy(&index, &x.data()[2].index, 4, cudaMemcpyDeviceToHost) == cudaSuccess);
  CHECK(index == 3);
  const DeviceArray<float4> vectors(8);
  const DeviceArray<uint16_t> tail(13);
  CHECK(fault_of([&] { launch({.threads = 8}, halves, vectors.data(), tail.data(), 13); }) == "");
  CHECK(tail.values()[12] == 12);
  const DeviceArray<int> order(std::vector<int>{7, 6, 5, 4, 3, 2, 1, 0});
  const DeviceArray<float> y(1);
  CHECK(fault_of([&] { launch({}, local_arrays, order.data(), y.data()); }) == "");
  CHECK(y.values()[0] == 3);
}

// ---- shared memory ------------------------------------------------------------------------------

namespace {

struct Tile {
  float a[8];
  float b[8];
};

__device__ Tile& tile() { return *static_cast<Tile*>(dynamic_shared_memory()); }

__global__ void index_shared(int i) { tile().a[i] = 1; }
__global__ void index_last_array(int i) { tile().b[i] = 1; }
__global__ void run_over_shared(int i) { static_cast<float*>(dynamic_shared_memory())[i] = 1; }

__global__ void read_shared(float* y) {
  tile().a[threadIdx.x] = 1;
  y[threadIdx.x] = tile().b[threadIdx.x];
}

}  // namespace

TEST_CASE("an index beyond an array in shared memory is found, though it meets the next array") {
  const Shape shape{.shared_bytes = sizeof(Tile)};
  const auto fault = [&](auto kernel, int i) {
    return fault_of([&] { launch(shape, kernel, i); });
  };
  CHECK(fault(index_shared, 7) == "");
  CHECK_CONTAINS(fault(index_shared, 8), "index 8 is outside of 'float [8]'");
  CHECK_CONTAINS(fault(index_shared, 8), "test_memory.cu:");
  CHECK_CONTAINS(fault(index_shared, -1), "index -1 is outside");
  CHECK_CONTAINS(fault(index_last_array, 8), "index 8 is outside");
  CHECK(fault(run_over_shared, 15) == "");
  CHECK_CONTAINS(fault(run_over_shared, 18), "8 bytes behind the 64 bytes of shared memory");
  CHECK_CONTAINS(fault(run_over_shared, -1), "4 bytes before the 64 bytes of shared memory");
}

TEST_CASE("shared memory begins unwritten in every block") {
  const DeviceArray<float> y(1);
  CHECK_CONTAINS(fault_of([&] { launch({.shared_bytes = sizeof(Tile)}, read_shared, y.data()); }),
                 "which nobody wrote (32 bytes into the 64 bytes of shared memory)");
}

// ---- blocks that another allocator cuts off -----------------------------------------------------

TEST_CASE("blocks cut off a larger one are checked by their own bounds") {
  const DeviceArray<char> segment(1 << 20);
  float* first = reinterpret_cast<float*>(segment.data());
  float* second = reinterpret_cast<float*>(segment.data() + 4096);
  block_taken(first, 4000);
  block_taken(second, 64);
  CHECK(fault_storing(first, 999) == "");
  CHECK_CONTAINS(fault_storing(first, 1002), "8 bytes behind a block of 4000 bytes");
  CHECK_CONTAINS(fault_loading(second, 0), "which nobody wrote");
  block_returned(first, 4000);
  CHECK_CONTAINS(fault_storing(first, 999), "3996 bytes into a block of 4000 bytes that was freed");
  block_taken(first, 128);
  CHECK_CONTAINS(fault_loading(first, 0), "which nobody wrote");
  CHECK_CONTAINS(fault_storing(first, 32), "right behind a block of 128 bytes");
  CHECK_CONTAINS(fault_of([&] { block_returned(first + 1, 4); }), "no block was taken");
  CHECK_CONTAINS(fault_of([&] { block_taken(first, 2 << 20); }), "no part of allocated memory");
}

TEST_CASE("an allocation beyond the device's memory fails, and leaves the device as it was") {
  const size_t former = set_memory_limit(1 << 20);
  size_t free = 0, total = 0;
  REQUIRE(cudaMemGetInfo(&free, &total) == cudaSuccess);
  CHECK(total == 1 << 20);
  void* block = nullptr;
  CHECK(cudaMalloc(&block, (1 << 20) + 1) == cudaErrorMemoryAllocation);
  CHECK(block == nullptr);
  CHECK(cudaGetLastError() == cudaErrorMemoryAllocation);
  CHECK(cudaGetLastError() == cudaSuccess);
  set_memory_limit(former);
  CHECK(cudaMalloc(&block, (1 << 20) + 1) == cudaSuccess);
  CHECK(cudaFree(block) == cudaSuccess);
  CHECK(cudaMalloc(&block, 0) == cudaSuccess);
  CHECK(block == nullptr);
}

// ---- copies -------------------------------------------------------------------------------------

TEST_CASE("a copy checks its direction, its bounds and what it reads") {
  const DeviceArray<float> x(std::vector<float>{1, 2, 3, 4}), y(4);
  std::vector<float> host(8);
  const auto copy = [](void* to, const void* from, size_t bytes, cudaMemcpyKind kind) {
    return fault_of([&] { static_cast<void>(cudaMemcpy(to, from, bytes, kind)); });
  };
  CHECK(cudaMemcpy(host.data(), x.data(), 16, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(x.data(), host.data(), 16, cudaMemcpyDeviceToDevice) == cudaErrorInvalidValue);
  CHECK(cudaMemcpy(host.data(), x.data(), 16, cudaMemcpyHostToHost) == cudaErrorInvalidValue);
  CHECK(cudaGetLastError() == cudaErrorInvalidValue);
  CHECK_CONTAINS(copy(host.data(), x.data(), 20, cudaMemcpyDeviceToHost),
                 "cudaMemcpy reads 20 bytes");
  CHECK_CONTAINS(copy(host.data(), x.data(), 20, cudaMemcpyDeviceToHost), "beyond its end");
  CHECK_CONTAINS(copy(x.data() + 1, host.data(), 16, cudaMemcpyDefault),
                 "cudaMemcpy writes 16 bytes");
  CHECK_CONTAINS(copy(host.data(), y.data(), 4, cudaMemcpyDefault), "nobody wrote byte 0");
  CHECK(copy(y.data(), x.data() + 1, 12, cudaMemcpyDeviceToDevice) == "");
  CHECK(copy(host.data(), y.data(), 12, cudaMemcpyDeviceToHost) == "");
  CHECK(host[2] == 4);
  CHECK_CONTAINS(copy(host.data(), y.data(), 16, cudaMemcpyDeviceToHost), "nobody wrote byte 12");
  CHECK(cudaMemset(y.data(), 0, 16) == cudaSuccess);
  CHECK(y.values() == std::vector<float>(4));
  CHECK_CONTAINS(fault_of([&] { cudaMemset(y.data(), 0, 17); }), "cudaMemset writes 17 bytes");
}

// ---- host code ----------------------------------------------------------------------------------

namespace {

__attribute__((noinline)) void host_write(float* x) { x[1] = 1; }

char host_buffer[16];

/// What f() writes to stderr, in a process of its own; `ended` tells how that process ended.
template <class F>
std::string stderr_of(F&& f, int& ended) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    f();
    _exit(0);
  }
  ::close(ends[1]);
  std::string text;
  char buffer[256];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<size_t>(n));
  ::close(ends[0]);
  waitpid(child, &ended, 0);
  return text;
}

}  // namespace

TEST_CASE("host code that touches device memory is stopped, with its line") {
  const DeviceArray<float> x(std::vector<float>{1, 2, 3, 4});
  const std::string fault = fault_of([&] { host_write(x.data()); });
  CHECK_CONTAINS(fault, "host code");
  CHECK_CONTAINS(fault, "4 bytes into a block of 16 bytes");

  int ended = 0;
  volatile size_t bytes = 8;  // unknown to the compiler, so that it is a call, unseen by the checks
  const std::string text = stderr_of(
      [&] { std::memcpy(host_buffer, reinterpret_cast<char*>(x.data()) + 4, bytes); }, ended);
  CHECK_CONTAINS(text, "host code touched device memory at ");
  CHECK_CONTAINS(text, "4 bytes into a block of 16 bytes");
  CHECK(WIFSIGNALED(ended));
  CHECK(WTERMSIG(ended) == SIGABRT);
}

}  // namespace emulator

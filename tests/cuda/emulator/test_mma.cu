#include <cuda_bf16.h>
#include <cuda_pipeline.h>
#include <doctest/doctest.h>
#include <mma.h>

#include <cmath>
#include <limits>
#include <vector>

#include "tests/cuda/emulator/device_array.h"

/// Tensor cores, asynchronous copies and bfloat16 as the emulator does them; some kernels are wrong
/// on purpose.
namespace {

using namespace nvcuda;
using emulator::DeviceArray;
using emulator::fault_of;
using emulator::launch;

// ---- tensor cores -------------------------------------------------------------------------------

constexpr int kSide = 16;

/// y [16, 16] = a · b + c of one warp, each matrix in its own order.
template <class Element, int kDepth, class OrderA, class OrderB>
__global__ void product_kernel(const wmma::Storage<Element>* a, const wmma::Storage<Element>* b,
                               const float* c, float* y) {
  wmma::fragment<wmma::matrix_a, kSide, kSide, kDepth, Element, OrderA> left;
  wmma::fragment<wmma::matrix_b, kSide, kSide, kDepth, Element, OrderB> right;
  wmma::fragment<wmma::accumulator, kSide, kSide, kDepth, float> sums;
  wmma::load_matrix_sync(left, a, std::is_same_v<OrderA, wmma::row_major> ? kDepth : kSide);
  wmma::load_matrix_sync(right, b, std::is_same_v<OrderB, wmma::row_major> ? kSide : kDepth);
  wmma::load_matrix_sync(sums, c, kSide, wmma::mem_col_major);
  wmma::mma_sync(sums, left, right, sums);
  wmma::store_matrix_sync(y, sums, kSide, wmma::mem_row_major);
}

/// Small whole numbers: products and sums are exact in every type.
template <class T>
std::vector<T> integers(size_t count, int factor) {
  std::vector<T> values(count);
  for (size_t i = 0; i < count; ++i)
    values[i] = static_cast<T>(static_cast<float>(static_cast<int>(i) * factor % 11 - 5));
  return values;
}

template <class Element, int kDepth, class OrderA, class OrderB>
void check_product() {
  using T = wmma::Storage<Element>;
  constexpr bool kRowsA = std::is_same_v<OrderA, wmma::row_major>;
  constexpr bool kRowsB = std::is_same_v<OrderB, wmma::row_major>;
  const auto a = integers<T>(kSide * kDepth, 7), b = integers<T>(kSide * kDepth, 3);
  const auto c = integers<float>(kSide * kSide, 5);
  const DeviceArray<T> device_a(a), device_b(b);
  const DeviceArray<float> device_c(c), y(kSide * kSide);
  launch({.threads = 32}, product_kernel<Element, kDepth, OrderA, OrderB>, device_a.data(),
         device_b.data(), device_c.data(), y.data());
  std::vector<float> expected(kSide * kSide);
  for (size_t i = 0; i < kSide; ++i)
    for (size_t j = 0; j < kSide; ++j) {
      float sum = c[j * kSide + i];
      for (size_t k = 0; k < kDepth; ++k)
        sum += static_cast<float>(a[kRowsA ? i * kDepth + k : k * kSide + i]) *
               static_cast<float>(b[kRowsB ? k * kSide + j : j * kDepth + k]);
      expected[i * kSide + j] = sum;
    }
  CHECK(y.values() == expected);
}

template <class Element, int kDepth>
void check_products() {
  check_product<Element, kDepth, wmma::row_major, wmma::row_major>();
  check_product<Element, kDepth, wmma::row_major, wmma::col_major>();
  check_product<Element, kDepth, wmma::col_major, wmma::row_major>();
  check_product<Element, kDepth, wmma::col_major, wmma::col_major>();
}

/// y [16, 16] = a [16, 8] · 1, with or without rounding a to TF32 first.
__global__ void tf32_kernel(const float* a, bool round, float* y) {
  wmma::fragment<wmma::matrix_a, kSide, kSide, 8, wmma::precision::tf32, wmma::row_major> left;
  wmma::fragment<wmma::matrix_b, kSide, kSide, 8, wmma::precision::tf32, wmma::row_major> ones;
  wmma::fragment<wmma::accumulator, kSide, kSide, 8, float> sums;
  wmma::load_matrix_sync(left, a, 8);
  if (round)
    for (auto& x : left.x) x = wmma::__float_to_tf32(x);
  wmma::fill_fragment(ones, 1.0f);
  wmma::fill_fragment(sums, 0.0f);
  wmma::mma_sync(sums, left, ones, sums);
  wmma::store_matrix_sync(y, sums, kSide, wmma::mem_row_major);
}

float in_tf32(float value, bool round) {
  std::vector<float> a(kSide * 8);
  a[0] = value;
  const DeviceArray<float> device_a(a), y(kSide * kSide);
  launch({.threads = 32}, tf32_kernel, device_a.data(), round, y.data());
  return y.values()[0];
}

__global__ void without_last_lane_kernel(float* y) {
  wmma::fragment<wmma::accumulator, kSide, kSide, 8, float> sums;
  wmma::fill_fragment(sums, 0.0f);
  if (threadIdx.x < 31) wmma::store_matrix_sync(y, sums, kSide, wmma::mem_row_major);
}

__global__ void store_kernel(float* y, unsigned stride) {
  wmma::fragment<wmma::accumulator, kSide, kSide, 8, float> sums;
  wmma::fill_fragment(sums, 0.0f);
  wmma::store_matrix_sync(y, sums, stride, wmma::mem_row_major);
}

}  // namespace

TEST_CASE("a warp's matrix product, TF32 and bfloat16, operands in either order") {
  check_products<wmma::precision::tf32, 8>();
  check_products<__nv_bfloat16, 16>();
}

TEST_CASE("tensor cores cut what is not rounded to TF32 off") {
  const float step = std::ldexp(1.0f, -10);
  CHECK(in_tf32(1 + step, false) == 1 + step);
  CHECK(in_tf32(1 + 0.75f * step, false) == 1);
  CHECK(in_tf32(1 + 0.75f * step, true) == 1 + step);
  CHECK(in_tf32(-1 - 0.5f * step, true) == -1 - step);
  CHECK(std::isinf(in_tf32(std::numeric_limits<float>::infinity(), true)));
  CHECK(std::isnan(wmma::__float_to_tf32(std::numeric_limits<float>::quiet_NaN())));
}

TEST_CASE("a warp's matrix function that a lane stays away from is a fault") {
  const DeviceArray<float> y(kSide * kSide);
  const std::string fault =
      fault_of([&] { launch({.threads = 32}, without_last_lane_kernel, y.data()); });
  CHECK_CONTAINS(fault, "without_last_lane_kernel");
  CHECK_CONTAINS(fault, "test_mma.cu");
}

TEST_CASE("a matrix at an address, or of lines, that tensor cores cannot read is a fault") {
  const DeviceArray<float> y(2 * kSide * kSide);
  CHECK_CONTAINS(fault_of([&] { launch({.threads = 32}, store_kernel, y.data() + 4, 16u); }),
                 "the address must be a multiple of 32");
  CHECK_CONTAINS(fault_of([&] { launch({.threads = 32}, store_kernel, y.data(), 18u); }),
                 "72 bytes");
  CHECK(fault_of([&] { launch({.threads = 32}, store_kernel, y.data(), 20u); }) == "");
}

// ---- asynchronous copies ------------------------------------------------------------------------

namespace {

/// y [0] and y [1]: two numbers of x in shared memory when all batches but `pending` are awaited.
__global__ void two_batches_kernel(const float* x, size_t pending, float* y) {
  auto* shared = static_cast<float*>(emulator::dynamic_shared_memory());
  shared[0] = shared[1] = -1;
  __pipeline_memcpy_async(&shared[0], &x[0], 4);
  __pipeline_commit();
  __pipeline_memcpy_async(&shared[1], &x[1], 4);
  __pipeline_commit();
  __pipeline_wait_prior(pending);
  y[0] = shared[0];
  y[1] = shared[1];
}

std::vector<float> after_waiting_for_all_but(size_t pending) {
  const DeviceArray<float> x(std::vector<float>{5, 6}), y(2);
  launch({.shared_bytes = 8}, two_batches_kernel, x.data(), pending, y.data());
  return y.values();
}

/// Every thread copies `size` bytes of x by its own pipeline; those of odd number write zeros.
__global__ void copy_kernel(const char* x, size_t size, char* y) {
  auto* shared = static_cast<char*>(emulator::dynamic_shared_memory());
  const size_t at = threadIdx.x * size;
  const bool zeros = threadIdx.x % 2 == 1;
  __pipeline_memcpy_async(shared + at, zeros ? nullptr : x + at, size, zeros ? size : 0);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  __syncthreads();
  for (size_t i = 0; i < size; ++i) y[at + i] = shared[at + i];
}

/// Reads what a neighbour copies, without a barrier.
__global__ void copy_race_kernel(const float* x, float* y) {
  auto* shared = static_cast<float*>(emulator::dynamic_shared_memory());
  __pipeline_memcpy_async(&shared[threadIdx.x], &x[threadIdx.x], 4);
  __pipeline_commit();
  __pipeline_wait_prior(0);
  y[threadIdx.x] = shared[threadIdx.x ^ 1];
}

}  // namespace

TEST_CASE("an asynchronous copy arrives when its batch is awaited, not before") {
  CHECK(after_waiting_for_all_but(2) == std::vector<float>{-1, -1});
  CHECK(after_waiting_for_all_but(1) == std::vector<float>{5, -1});
  CHECK(after_waiting_for_all_but(0) == std::vector<float>{5, 6});
}

TEST_CASE("asynchronous copies of 4, 8 and 16 bytes, and of zeros from nowhere") {
  for (size_t size : {4, 8, 16}) {
    const std::vector<char> ones(4 * size, 1);
    const DeviceArray<char> x(ones), y(4 * size);
    launch({.threads = 4, .shared_bytes = 4 * size}, copy_kernel, x.data(), size, y.data());
    std::vector<char> expected(4 * size);
    for (size_t i = 0; i < 4 * size; ++i) expected[i] = i / size % 2 == 0;
    CHECK(y.values() == expected);
  }
}

TEST_CASE("asynchronous copies of other sizes, or between other addresses, are faults") {
  const DeviceArray<char> x(std::vector<char>(64, 1)), y(64);
  const auto copy = [&](size_t offset, size_t size) {
    return fault_of(
        [&] { launch({.shared_bytes = 64}, copy_kernel, x.data() + offset, size, y.data()); });
  };
  CHECK_CONTAINS(copy(0, 12), "copies 4, 8 or 16 bytes, not 12");
  CHECK_CONTAINS(copy(8, 16), "must be multiples of 16");
  CHECK_CONTAINS(copy(8, 16), "test_mma.cu");
  CHECK(copy(16, 16) == "");
}

TEST_CASE("another thread's asynchronous copy is read after a barrier, or it is a race") {
  const DeviceArray<float> x(std::vector<float>{5, 6}), y(2);
  CHECK_CONTAINS(fault_of([&] {
                   launch({.threads = 2, .shared_bytes = 8}, copy_race_kernel, x.data(), y.data());
                 }),
                 "race");
}

// ---- bfloat16 -----------------------------------------------------------------------------------

TEST_CASE("bfloat16 rounds to the nearest of 8 digits, ties to even") {
  const float step = std::ldexp(1.0f, -7);
  CHECK(float{__nv_bfloat16(1 + 0.5f * step)} == 1);
  CHECK(float{__nv_bfloat16(1 + 1.5f * step)} == 1 + 2 * step);
  CHECK(float{__nv_bfloat16(1 + 0.51f * step)} == 1 + step);
  CHECK(float{__nv_bfloat16(3.0e38f) * __nv_bfloat16(-2.0f)} ==
        -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(float{__nv_bfloat16(std::numeric_limits<float>::quiet_NaN())}));
  CHECK(__float2bfloat16(256.0f) + __float2bfloat16(1.0f) == __float2bfloat16(256.0f));
}

// The emulated cuBLAS: what it computes, and what it refuses.
#include <cublas_v2.h>

#include <bit>
#include <string>
#include <vector>

#include "tests/cuda/emulator/device_array.h"

namespace emulator {
namespace {

/// A product of one or more matrices that lie without gaps, unless said otherwise.
struct Call {
  int64_t m, n, k, batch = 1;
  cublasOperation_t transpose_a = CUBLAS_OP_N, transpose_b = CUBLAS_OP_N;
  int64_t lda, ldb, ldc;
  cudaDataType type = CUDA_R_32F;
  cublasComputeType_t compute_type = CUBLAS_COMPUTE_32F;
  float alpha = 1, beta = 0;
};

class Handle {
 public:
  Handle() { cublasCreate(&handle_); }
  ~Handle() { cublasDestroy(handle_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  operator cublasHandle_t() const { return handle_; }

 private:
  cublasHandle_t handle_ = nullptr;
};

cublasStatus_t multiply(const Handle& handle, const Call& call, const void* a, const void* b,
                        void* c) {
  return cublasGemmStridedBatchedEx_64(
      handle, call.transpose_a, call.transpose_b, call.m, call.n, call.k, &call.alpha, a, call.type,
      call.lda, call.m * call.k, b, call.type, call.ldb, call.k * call.n, &call.beta, c, call.type,
      call.ldc, call.m * call.n, call.batch, call.compute_type, CUBLAS_GEMM_DEFAULT);
}

uint16_t bfloat16(float number) { return std::bit_cast<uint32_t>(number) >> 16; }

}  // namespace

TEST_CASE("cuBLAS multiplies column-major matrices, scales and adds") {
  const Handle handle;
  const DeviceArray<float> a({1, 2, 3, 4, 5, 6});  // [2, 3]: rows 1 3 5 and 2 4 6
  const DeviceArray<float> b({1, 0, 2, 0, 1, 3});  // [3, 2]: columns 1 0 2 and 0 1 3
  const DeviceArray<float> c({100, 200, 300, 400});
  const Call call{.m = 2, .n = 2, .k = 3, .lda = 2, .ldb = 3, .ldc = 2, .alpha = 2, .beta = 1};
  REQUIRE(multiply(handle, call, a.data(), b.data(), c.data()) == CUBLAS_STATUS_SUCCESS);
  CHECK(c.values() == std::vector<float>{100 + 2 * 11, 200 + 2 * 14, 300 + 2 * 18, 400 + 2 * 22});
}

TEST_CASE("cuBLAS rounds the operands of TF32 products to ten bits, and no others") {
  const Handle handle;
  const DeviceArray<float> a(std::vector{1 + 0x1p-11F + 0x1p-12F});
  const DeviceArray<float> b(std::vector{1.0F}), c(1);
  Call call{.m = 1, .n = 1, .k = 1, .lda = 1, .ldb = 1, .ldc = 1};
  multiply(handle, call, a.data(), b.data(), c.data());
  CHECK(c.values()[0] == 1 + 0x1p-11F + 0x1p-12F);
  call.compute_type = CUBLAS_COMPUTE_32F_FAST_TF32;
  multiply(handle, call, a.data(), b.data(), c.data());
  CHECK(c.values()[0] == 1 + 0x1p-10F);
}

TEST_CASE("cuBLAS sums products of bfloat16 in float32 and rounds the sum") {
  const Handle handle;
  const DeviceArray<uint16_t> a({bfloat16(1), bfloat16(256)}), b({bfloat16(1), bfloat16(1)}), c(1);
  const Call call{
      .m = 1, .n = 1, .k = 2, .lda = 1, .ldb = 2, .ldc = 1, .type = CUDA_R_16BF, .alpha = 1.5};
  multiply(handle, call, a.data(), b.data(), c.data());
  CHECK(c.values()[0] == bfloat16(386));  // of 385.5
}

TEST_CASE("cuBLAS refuses columns that are shorter than the matrix has rows") {
  const Handle handle;
  const DeviceArray<float> a(6), b(6), c(4);
  const Call right{.m = 2, .n = 2, .k = 3, .lda = 2, .ldb = 3, .ldc = 2};
  for (int64_t Call::*pitch : {&Call::lda, &Call::ldb, &Call::ldc}) {
    Call wrong = right;
    --(wrong.*pitch);
    CHECK(multiply(handle, wrong, a.data(), b.data(), c.data()) == CUBLAS_STATUS_INVALID_VALUE);
  }
  Call transposed = right;
  transposed.transpose_a = CUBLAS_OP_T;
  CHECK(multiply(handle, transposed, a.data(), b.data(), c.data()) == CUBLAS_STATUS_INVALID_VALUE);
  Call doubles = right;
  doubles.type = CUDA_R_64F;  // in float32 sums
  CHECK(multiply(handle, doubles, a.data(), b.data(), c.data()) == CUBLAS_STATUS_NOT_SUPPORTED);
}

TEST_CASE("a cuBLAS product that reads memory nobody wrote, or leaves a block, is found") {
  const Handle handle;
  const DeviceArray<float> fresh(6), written({1, 2, 3, 4, 5, 6}), c(4);
  Call call{.m = 2, .n = 2, .k = 3, .lda = 2, .ldb = 3, .ldc = 2};
  CHECK_CONTAINS(fault_of([&] { multiply(handle, call, fresh.data(), written.data(), c.data()); }),
                 "cuBLAS, matrix A");
  CHECK_CONTAINS(fault_of([&] { multiply(handle, call, written.data(), fresh.data(), c.data()); }),
                 "cuBLAS, matrix B");
  call.beta = 1;
  const DeviceArray<float> sum(4);
  CHECK_CONTAINS(
      fault_of([&] { multiply(handle, call, written.data(), written.data(), sum.data()); }),
      "cuBLAS, matrix C");
  call.beta = 0;
  call.batch = 2;
  CHECK_CONTAINS(
      fault_of([&] { multiply(handle, call, written.data(), written.data(), c.data()); }),
      "cuBLAS, matrix A");
}

TEST_CASE("a graph does a cuBLAS product when it is launched, with the numbers of that moment") {
  const Handle handle;
  cudaStream_t stream = nullptr;
  cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking);
  cublasSetStream(handle, stream);
  const DeviceArray<float> a(std::vector{2.0F}), b(std::vector{3.0F}), c(std::vector{0.0F});
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t runnable = nullptr;
  cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal);
  const Call call{.m = 1, .n = 1, .k = 1, .lda = 1, .ldb = 1, .ldc = 1};
  CHECK(multiply(handle, call, a.data(), b.data(), c.data()) == CUBLAS_STATUS_SUCCESS);
  cudaStreamEndCapture(stream, &graph);
  CHECK(c.values()[0] == 0);
  cudaGraphInstantiate(&runnable, graph);
  cudaGraphLaunch(runnable, stream);
  CHECK(c.values()[0] == 6);
  cudaGraphExecDestroy(runnable);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
}

}  // namespace emulator

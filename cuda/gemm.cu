#include "cuda/check.h"
#include "cuda/context.h"
#include "cuda/gemm.h"
#include "cuda/types.h"
#include "tensor/precision.h"

namespace kintsugi::cuda {
namespace {

template <class T>
constexpr cudaDataType_t kDataType = CUDA_R_32F;
template <>
constexpr cudaDataType_t kDataType<double> = CUDA_R_64F;
template <>
constexpr cudaDataType_t kDataType<__nv_bfloat16> = CUDA_R_16BF;

template <class T>
cublasComputeType_t compute_type() {
  if (kDataType<T> == CUDA_R_64F) return CUBLAS_COMPUTE_64F;
  const bool rounds = kDataType<T> == CUDA_R_32F && precision() != Precision::float32;
  return rounds ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
}

}  // namespace

template <class T, class C>
void multiply(const Product<T, C>& p) {
  const int64_t numbers = p.batch * p.rows * p.columns;
  if (numbers == 0) return;
  if (p.depth == 0) {  // a sum of nothing; cuBLAS takes no empty matrices
    if (!p.accumulate)
      check(cudaMemsetAsync(p.c, 0, static_cast<size_t>(numbers) * sizeof(C), context().stream),
            "cudaMemsetAsync");
    return;
  }
  // cuBLAS is column-major, and sees our row-major matrices transposed: cᵀ = op(b)ᵀ · op(a)ᵀ.
  const Accumulate<T> one = 1, beta = p.accumulate ? 1 : 0;
  check(
      cublasGemmStridedBatchedEx_64(
          context().cublas, p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N,
          p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N, p.columns, p.rows, p.depth, &one, p.b,
          kDataType<T>, p.transpose_b ? p.depth : p.columns, p.depth * p.columns, p.a, kDataType<T>,
          p.transpose_a ? p.rows : p.depth, p.rows * p.depth, &beta, p.c, kDataType<C>, p.columns,
          p.rows * p.columns, p.batch, compute_type<T>(), CUBLAS_GEMM_DEFAULT),
      "cublasGemmStridedBatchedEx");
}

template void multiply(const Product<float>&);
template void multiply(const Product<double>&);
template void multiply(const Product<__nv_bfloat16>&);
template void multiply(const Product<__nv_bfloat16, float>&);

}  // namespace kintsugi::cuda

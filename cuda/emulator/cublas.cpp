#include <cublas_v2.h>

// g++ 12 takes the don't-care operands of its own AVX-512 intrinsics for uninitialised variables
// (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <Eigen/Core>
#include <algorithm>
#include <bit>
#include <type_traits>

#include "cuda/emulator/copy.h"
#include "cuda/emulator/stream.h"

struct cublasContext {
  cudaStream_t stream = nullptr;
};

namespace emulator {
namespace {

/// bfloat16: the upper half of a float32.
struct Bfloat16 {
  uint16_t bits;
};

/// The nearest number, ties to even, whose `dropped` lowest bits of mantissa are zero.
float round_mantissa(float number, int dropped) {
  auto bits = std::bit_cast<uint32_t>(number);
  const uint32_t infinity = 0x7f800000;
  if ((bits & infinity) == infinity) return number;  // infinity and NaN stay what they are
  const uint32_t half = (1U << (dropped - 1)) - 1 + (bits >> dropped & 1);
  bits = (bits + half) & ~((1U << dropped) - 1);
  return std::bit_cast<float>(bits);
}

constexpr int kDroppedByTf32 = 13, kDroppedByBfloat16 = 16;

float widen(float number) { return number; }
double widen(double number) { return number; }
float widen(Bfloat16 number) { return std::bit_cast<float>(uint32_t{number.bits} << 16); }

template <class T, class Wide>
T narrow(Wide number) {
  if constexpr (std::is_same_v<T, Bfloat16>) {
    const auto rounded = std::bit_cast<uint32_t>(round_mantissa(number, kDroppedByBfloat16));
    return {static_cast<uint16_t>(rounded >> 16)};
  } else {
    return number;
  }
}

/// A column-major matrix in device memory.
template <class T>
struct Matrix {
  T* data;
  int64_t rows, columns, pitch;

  T* column(int64_t j) const { return data + j * pitch; }
};

template <class Wide>
using HostMatrix = Eigen::Matrix<Wide, Eigen::Dynamic, Eigen::Dynamic>;

constexpr const char* kResult = "cuBLAS, matrix C,";

/// Calls check(address, bytes) of all columns, at once where they lie one behind the other.
template <class T, class Check>
void for_columns(const Matrix<T>& matrix, Check&& check) {
  const size_t bytes = static_cast<size_t>(matrix.rows) * sizeof(T);
  if (matrix.pitch == matrix.rows)
    return check(matrix.data, bytes * static_cast<size_t>(matrix.columns));
  for (int64_t j = 0; j < matrix.columns; ++j) check(matrix.column(j), bytes);
}

/// A copy in host memory, numbers rounded to TF32 where `tf32`.
template <class T, class Wide>
HostMatrix<Wide> read(const Matrix<const T>& matrix, const char* who, bool tf32) {
  for_columns(matrix, [&](const void* at, size_t bytes) { check_read(at, bytes, who); });
  HostMatrix<Wide> copy(matrix.rows, matrix.columns);
  for (int64_t j = 0; j < matrix.columns; ++j)
    for (int64_t i = 0; i < matrix.rows; ++i) copy(i, j) = widen(matrix.column(j)[i]);
  if constexpr (std::is_same_v<Wide, float>)
    if (tf32) copy = copy.unaryExpr([](float x) { return round_mantissa(x, kDroppedByTf32); });
  return copy;
}

template <class T, class Wide>
void write(const HostMatrix<Wide>& from, const Matrix<T>& matrix) {
  for_columns(matrix, [&](void* at, size_t bytes) { check_write(at, bytes, kResult); });
  for (int64_t j = 0; j < matrix.columns; ++j)
    for (int64_t i = 0; i < matrix.rows; ++i) matrix.column(j)[i] = narrow<T>(from(i, j));
}

template <class T, class C, class Wide>
struct Gemm {
  bool transpose_a, transpose_b;
  Matrix<const T> a, b;  ///< as they lie in memory
  Matrix<C> c;
  int64_t stride_a, stride_b, stride_c, batch;
  Wide alpha, beta;
  bool tf32;

  void operator()() const {
    for (int64_t i = 0; i < batch; ++i) {
      Matrix<const T> a_i = a, b_i = b;
      Matrix<C> c_i = c;
      a_i.data += i * stride_a;
      b_i.data += i * stride_b;
      c_i.data += i * stride_c;
      multiply(a_i, b_i, c_i);
    }
  }

 private:
  // Eigen's threads may not touch device memory, which is open to this thread alone: so they
  // multiply copies.
  void multiply(const Matrix<const T>& a_i, const Matrix<const T>& b_i,
                const Matrix<C>& c_i) const {
    const HostMatrix<Wide> left = read<T, Wide>(a_i, "cuBLAS, matrix A,", tf32);
    const HostMatrix<Wide> right = read<T, Wide>(b_i, "cuBLAS, matrix B,", tf32);
    HostMatrix<Wide> sum = HostMatrix<Wide>::Zero(c_i.rows, c_i.columns);
    if (beta != 0)
      sum = beta * read<C, Wide>({c_i.data, c_i.rows, c_i.columns, c_i.pitch}, kResult, false);
    if (transpose_a && transpose_b)
      sum.noalias() += alpha * left.transpose() * right.transpose();
    else if (transpose_a)
      sum.noalias() += alpha * left.transpose() * right;
    else if (transpose_b)
      sum.noalias() += alpha * left * right.transpose();
    else
      sum.noalias() += alpha * left * right;
    write(sum, c_i);
  }
};

}  // namespace
}  // namespace emulator

const char* cublasGetStatusString(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
  }
  return "unknown cuBLAS status";
}

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  if (handle == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = new cublasContext;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetMathMode(cublasHandle_t handle, cublasMath_t) {
  return handle == nullptr ? CUBLAS_STATUS_NOT_INITIALIZED : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void* workspace, size_t bytes) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  return workspace == nullptr && bytes > 0 ? CUBLAS_STATUS_INVALID_VALUE : CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGemmStridedBatchedEx_64(
    cublasHandle_t handle, cublasOperation_t transpose_a, cublasOperation_t transpose_b, int64_t m,
    int64_t n, int64_t k, const void* alpha, const void* a, cudaDataType a_type, int64_t lda,
    long long stride_a, const void* b, cudaDataType b_type, int64_t ldb, long long stride_b,
    const void* beta, void* c, cudaDataType c_type, int64_t ldc, long long stride_c, int64_t batch,
    cublasComputeType_t compute_type, cublasGemmAlgo_t) {
  if (handle == nullptr) return CUBLAS_STATUS_NOT_INITIALIZED;
  const bool turn_a = transpose_a == CUBLAS_OP_T, turn_b = transpose_b == CUBLAS_OP_T;
  const int64_t a_rows = turn_a ? k : m, a_columns = turn_a ? m : k;
  const int64_t b_rows = turn_b ? n : k, b_columns = turn_b ? k : n;
  const auto too_short = [](int64_t pitch, int64_t rows) {
    return pitch < std::max<int64_t>(1, rows);
  };
  if (m < 0 || n < 0 || k < 0 || batch < 0 || too_short(lda, a_rows) || too_short(ldb, b_rows) ||
      too_short(ldc, m) || alpha == nullptr || beta == nullptr)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (m == 0 || n == 0 || batch == 0) return CUBLAS_STATUS_SUCCESS;
  if (a == nullptr || b == nullptr || c == nullptr) return CUBLAS_STATUS_INVALID_VALUE;

  const auto run = [&]<class T, class C, class Wide>(T, C, Wide) {
    const emulator::Gemm<T, C, Wide> gemm{turn_a,
                                          turn_b,
                                          {static_cast<const T*>(a), a_rows, a_columns, lda},
                                          {static_cast<const T*>(b), b_rows, b_columns, ldb},
                                          {static_cast<C*>(c), m, n, ldc},
                                          stride_a,
                                          stride_b,
                                          stride_c,
                                          batch,
                                          *static_cast<const Wide*>(alpha),
                                          *static_cast<const Wide*>(beta),
                                          compute_type == CUBLAS_COMPUTE_32F_FAST_TF32};
    const cudaError_t status = emulator::submit(handle->stream, gemm);
    return status == cudaSuccess ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
  };
  const bool widens = a_type == CUDA_R_16BF && c_type == CUDA_R_32F;
  if (a_type != b_type || (a_type != c_type && !widens)) return CUBLAS_STATUS_NOT_SUPPORTED;
  if ((a_type == CUDA_R_64F) != (compute_type == CUBLAS_COMPUTE_64F))
    return CUBLAS_STATUS_NOT_SUPPORTED;
  if (a_type == CUDA_R_64F) return run(double{}, double{}, double{});
  if (a_type == CUDA_R_32F) return run(float{}, float{}, float{});
  if (widens) return run(emulator::Bfloat16{}, float{}, float{});
  return run(emulator::Bfloat16{}, emulator::Bfloat16{}, float{});
}

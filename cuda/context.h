#pragma once
#include <cublas_v2.h>
#include <cuda_runtime.h>

namespace kintsugi::cuda {

/// What every call on the device shares: one stream, on which all kernels run in the order of their
/// launches; one stream for uploads, which runs beside it; one cuBLAS handle.
struct Context {
  cudaDeviceProp properties;
  cudaStream_t stream;
  cudaStream_t copy_stream;
  cublasHandle_t cublas;
};

/// Made at the first call, on the first device. Throws Error where there is none.
const Context& context();

}  // namespace kintsugi::cuda

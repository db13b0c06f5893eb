#pragma once
#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <source_location>

namespace kintsugi::cuda {

/// Throws Error, with the call, the file and line that made it, and the reason, unless `status` is
/// success: check(cudaStreamCreate(&stream), "cudaStreamCreate").
void check(cudaError_t status, const char* call,
           const std::source_location& where = std::source_location::current());
void check(cublasStatus_t status, const char* call,
           const std::source_location& where = std::source_location::current());

}  // namespace kintsugi::cuda

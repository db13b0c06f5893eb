#include "cuda/check.h"
#include "tensor/error.h"

namespace kintsugi::cuda {
namespace {

[[noreturn]] void fail(const char* call, const char* reason, const std::source_location& where) {
  throw Error(fmt::format("device cuda: {} failed: {} ({}:{})", call, reason, where.file_name(),
                          where.line()));
}

}  // namespace

void check(cudaError_t status, const char* call, const std::source_location& where) {
  if (status != cudaSuccess) fail(call, cudaGetErrorString(status), where);
}

void check(cublasStatus_t status, const char* call, const std::source_location& where) {
  if (status != CUBLAS_STATUS_SUCCESS) fail(call, cublasGetStatusString(status), where);
}

}  // namespace kintsugi::cuda

#pragma once
#include <cstddef>

#include "cuda/emulator/status.h"
#include "cuda/emulator/stream.h"

/// Copies and fills of device memory. All throw Fault, naming the line of the call, where they
/// leave the memory that is allocated, or copy bytes to the host that nobody wrote.

enum cudaMemcpyKind {
  cudaMemcpyHostToHost = 0,
  cudaMemcpyHostToDevice = 1,
  cudaMemcpyDeviceToHost = 2,
  cudaMemcpyDeviceToDevice = 3,
  cudaMemcpyDefault = 4,  ///< whatever the pointers are
};

/// cudaErrorInvalidValue where the pointers are not what `kind` says.
cudaError_t cudaMemcpy(void* to, const void* from, size_t bytes, cudaMemcpyKind kind);
cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream = nullptr);
/// Every byte becomes the low byte of `value`.
cudaError_t cudaMemset(void* to, int value, size_t bytes);
cudaError_t cudaMemsetAsync(void* to, int value, size_t bytes, cudaStream_t stream = nullptr);

namespace emulator {

/// For what accesses device memory in place of a kernel: throws Fault, saying "`who` reads …",
/// unless all these bytes lie in allocated device memory and have been written. `code`: the address
/// that the call of `who` returns to, where it is known.
void check_read(const void* address, size_t bytes, const char* who, const void* code = nullptr);
/// The same; the bytes count as written from now on.
void check_write(void* address, size_t bytes, const char* who, const void* code = nullptr);

}  // namespace emulator

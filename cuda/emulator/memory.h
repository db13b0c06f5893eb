#pragma once
#include <cstddef>
#include <string>

#include "cuda/emulator/status.h"

/// Device memory and pinned host memory.

// ---- the runtime's functions --------------------------------------------------------------------

constexpr unsigned cudaHostAllocDefault = 0, cudaHostAllocPortable = 1, cudaHostAllocMapped = 2,
                   cudaHostAllocWriteCombined = 4;

cudaError_t cudaMalloc(void** block, size_t bytes);
cudaError_t cudaFree(void* block);
cudaError_t cudaMemGetInfo(size_t* free, size_t* total);
cudaError_t cudaMallocHost(void** block, size_t bytes);
cudaError_t cudaHostAlloc(void** block, size_t bytes, unsigned flags);
cudaError_t cudaFreeHost(void* block);

template <class T>
cudaError_t cudaMalloc(T** block, size_t bytes) {
  return cudaMalloc(reinterpret_cast<void**>(block), bytes);
}
template <class T>
cudaError_t cudaMallocHost(T** block, size_t bytes) {
  return cudaMallocHost(reinterpret_cast<void**>(block), bytes);
}

// ---- for tests, for allocators, and for the emulator itself
// --------------------------------------

namespace emulator {

/// From now on the device has this many bytes: cudaMalloc fails where it would hand out more.
/// Returns the former number; 16 GiB at first.
size_t set_memory_limit(size_t bytes);

/// An allocator that cuts its blocks off larger ones from cudaMalloc says here which bytes are in
/// use, so that accesses are checked against its blocks: from the first call on, what of the larger
/// block it has not declared taken cannot be accessed. A block taken has not been written yet.
void block_taken(void* block, size_t bytes);
void block_returned(void* block, size_t bytes);

/// Where an address lies, in words: "8 bytes behind a block of 4096 bytes", "12 bytes into a block
/// of 64 bytes that was freed".
std::string neighbourhood(const void* address, size_t bytes);

/// Whether cudaMallocHost handed it out: memory that host and device share.
bool is_pinned(const void* address);

/// The arena reaches up to here, as far as it is in use.
size_t used_extent();

}  // namespace emulator

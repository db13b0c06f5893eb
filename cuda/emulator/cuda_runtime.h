#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <source_location>
#include <utility>

#include "cuda/emulator/copy.h"
#include "cuda/emulator/device_functions.h"
#include "cuda/emulator/launch.h"
#include "cuda/emulator/memory.h"
#include "cuda/emulator/properties.h"
#include "cuda/emulator/shared_memory.h"
#include "cuda/emulator/status.h"
#include "cuda/emulator/stream.h"
#include "cuda/emulator/vector_types.h"
#include "cuda/emulator/warp.h"

/// The part of CUDA that cuda/*.cu uses, for g++. A kernel is an ordinary function here: the launch
/// calls it once for each thread (scheduler.h), and reads and writes are checked (access.cpp).

#define KINTSUGI_CUDA_EMULATOR  // for the little that is said to the emulator alone

// ---- the language -------------------------------------------------------------------------------

#define __global__
#define __device__
#define __host__
#define __constant__
#define __shared__ static  // one block runs at a time
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __align__(n) alignas(n)

constexpr int warpSize = 32;
extern const uint3 threadIdx, blockIdx, blockDim, gridDim;

// ---- barriers of a block ------------------------------------------------------------------------

/// Waits until all threads of the block have come to this call. Where one never does, the kernel
/// ends with a Fault that says who waits where.
void __syncthreads(std::source_location site = std::source_location::current());

/// The same; tells all of them for how many the predicate holds; whether for all; whether for one.
int __syncthreads_count(int predicate, std::source_location site = std::source_location::current());
int __syncthreads_and(int predicate, std::source_location site = std::source_location::current());
int __syncthreads_or(int predicate, std::source_location site = std::source_location::current());

// ---- launches -----------------------------------------------------------------------------------

struct cudaLaunchConfig_t {
  dim3 gridDim, blockDim;
  size_t dynamicSmemBytes;
  cudaStream_t stream;
  void* attrs;
  unsigned numAttrs;
};

enum cudaFuncAttribute { cudaFuncAttributeMaxDynamicSharedMemorySize = 8 };

/// Allows a kernel more dynamic shared memory than the 48 KiB that each may have, up to 163 KiB.
cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value);

/// As many blocks as fit by threads and shared memory alone, the registers of a kernel being
/// unknown.
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* kernel,
                                                          int block_threads, size_t shared_bytes);
template <class... P>
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void (*kernel)(P...),
                                                          int block_threads, size_t shared_bytes) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(
      blocks, reinterpret_cast<const void*>(kernel), block_threads, shared_bytes);
}

namespace emulator {

/// Runs the launch to its end, or, on a stream that is being captured, keeps it. The error that
/// CUDA has for a launch whose shape no device takes; throws Fault where the kernel breaks a rule.
cudaError_t launch(const Launch& launch, cudaStream_t stream);

}  // namespace emulator

template <class... P, class... A>
cudaError_t cudaLaunchKernelEx(const cudaLaunchConfig_t* config, void (*kernel)(P...),
                               A&&... args) {
  return emulator::launch({.kernel = reinterpret_cast<const void*>(kernel),
                           .grid = config->gridDim,
                           .block = config->blockDim,
                           .shared_bytes = config->dynamicSmemBytes,
                           .body = emulator::thread_body(kernel, std::forward<A>(args)...)},
                          config->stream);
}

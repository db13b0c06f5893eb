#pragma once
#include <cstddef>

#include "cuda/emulator/status.h"

/// What the emulated device says of itself: compute capability 8.0, two multiprocessors.

struct cudaDeviceProp {
  char name[256];
  size_t totalGlobalMem;              ///< bytes
  size_t sharedMemPerBlock;           ///< bytes, without asking for more
  size_t sharedMemPerBlockOptin;      ///< bytes, at most
  size_t sharedMemPerMultiprocessor;  ///< bytes
  int regsPerBlock, regsPerMultiprocessor;
  int warpSize;
  int maxThreadsPerBlock, maxThreadsPerMultiProcessor, maxBlocksPerMultiProcessor;
  int maxThreadsDim[3], maxGridSize[3];
  int major, minor;
  int multiProcessorCount;
  int l2CacheSize;     ///< bytes
  int memoryBusWidth;  ///< bits
  int asyncEngineCount;
  int concurrentKernels, unifiedAddressing;
};

enum cudaDeviceAttr {
  cudaDevAttrMaxThreadsPerBlock = 1,
  cudaDevAttrMaxSharedMemoryPerBlock = 8,
  cudaDevAttrWarpSize = 10,
  cudaDevAttrMaxRegistersPerBlock = 12,
  cudaDevAttrClockRate = 13,
  cudaDevAttrMultiProcessorCount = 16,
  cudaDevAttrMemoryClockRate = 36,
  cudaDevAttrGlobalMemoryBusWidth = 37,
  cudaDevAttrL2CacheSize = 38,
  cudaDevAttrMaxThreadsPerMultiProcessor = 39,
  cudaDevAttrComputeCapabilityMajor = 75,
  cudaDevAttrComputeCapabilityMinor = 76,
  cudaDevAttrMaxSharedMemoryPerMultiprocessor = 81,
  cudaDevAttrMaxSharedMemoryPerBlockOptin = 97,
};

namespace emulator {

/// Bytes of shared memory (CUDA C++ Programming Guide, "Technical Specifications per Compute
/// Capability").
constexpr size_t kSharedOfEveryKernel = 48 * 1024;
constexpr size_t kMostSharedOfBlock = 163 * 1024;
constexpr size_t kSharedOfMultiprocessor = 164 * 1024;

}  // namespace emulator

cudaError_t cudaGetDeviceCount(int* count);
cudaError_t cudaGetDevice(int* device);
cudaError_t cudaSetDevice(int device);
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device);
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device);
/// 1000 · major + 10 · minor: the version whose functions these are.
cudaError_t cudaRuntimeGetVersion(int* version);
cudaError_t cudaDriverGetVersion(int* version);

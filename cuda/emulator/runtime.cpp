#include "cuda/emulator/memory.h"
#include "cuda/emulator/properties.h"

namespace {

constexpr int kKiB = 1024;

cudaDeviceProp properties() {
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  return {.name = "CUDA emulator",
          .totalGlobalMem = total,
          .sharedMemPerBlock = emulator::kSharedOfEveryKernel,
          .sharedMemPerBlockOptin = emulator::kMostSharedOfBlock,
          .sharedMemPerMultiprocessor = emulator::kSharedOfMultiprocessor,
          .regsPerBlock = 64 * kKiB,
          .regsPerMultiprocessor = 64 * kKiB,
          .warpSize = 32,
          .maxThreadsPerBlock = 1024,
          .maxThreadsPerMultiProcessor = 2048,
          .maxBlocksPerMultiProcessor = 32,
          .maxThreadsDim = {1024, 1024, 64},
          .maxGridSize = {0x7fff'ffff, 0xffff, 0xffff},
          .major = 8,
          .minor = 0,
          .multiProcessorCount = 2,
          .l2CacheSize = 1024 * kKiB,
          .memoryBusWidth = 64,
          .asyncEngineCount = 1,
          .concurrentKernels = 1,
          .unifiedAddressing = 1};
}

}  // namespace

using emulator::finish;

cudaError_t cudaGetDeviceCount(int* count) {
  if (count == nullptr) return finish(cudaErrorInvalidValue);
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  if (device == nullptr) return finish(cudaErrorInvalidValue);
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  return finish(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* asked, int device) {
  if (asked == nullptr) return finish(cudaErrorInvalidValue);
  if (device != 0) return finish(cudaErrorInvalidDevice);
  *asked = properties();
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  constexpr int kClock = 1'000'000;  // kHz, of nothing in particular
  if (value == nullptr) return finish(cudaErrorInvalidValue);
  if (device != 0) return finish(cudaErrorInvalidDevice);
  const cudaDeviceProp p = properties();
  const auto bytes = [](size_t number) { return static_cast<int>(number); };
  switch (attribute) {
    case cudaDevAttrMaxThreadsPerBlock:
      *value = p.maxThreadsPerBlock;
      break;
    case cudaDevAttrMaxSharedMemoryPerBlock:
      *value = bytes(p.sharedMemPerBlock);
      break;
    case cudaDevAttrWarpSize:
      *value = p.warpSize;
      break;
    case cudaDevAttrMaxRegistersPerBlock:
      *value = p.regsPerBlock;
      break;
    case cudaDevAttrClockRate:
    case cudaDevAttrMemoryClockRate:
      *value = kClock;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = p.multiProcessorCount;
      break;
    case cudaDevAttrGlobalMemoryBusWidth:
      *value = p.memoryBusWidth;
      break;
    case cudaDevAttrL2CacheSize:
      *value = p.l2CacheSize;
      break;
    case cudaDevAttrMaxThreadsPerMultiProcessor:
      *value = p.maxThreadsPerMultiProcessor;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = p.major;
      break;
    case cudaDevAttrComputeCapabilityMinor:
      *value = p.minor;
      break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor:
      *value = bytes(p.sharedMemPerMultiprocessor);
      break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = bytes(p.sharedMemPerBlockOptin);
      break;
    default:
      return finish(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  if (version == nullptr) return finish(cudaErrorInvalidValue);
  *version = 13000;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) { return cudaRuntimeGetVersion(version); }

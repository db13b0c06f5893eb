#include <cuda_runtime.h>

#include <algorithm>
#include <map>

#include "cuda/emulator/properties.h"
#include "cuda/emulator/scheduler.h"

/// What a launch may ask for, by the limits of compute capability 8.0 (CUDA C++ Programming Guide,
/// "Technical Specifications per Compute Capability").
namespace emulator {
namespace {

constexpr int64_t kMostThreadsOfBlock = 1024;
constexpr int64_t kMostThreadsOfMultiprocessor = 2048;
constexpr int kMostBlocksOfMultiprocessor = 32;
constexpr size_t kSharedReservedOfBlock = 1024;

/// What cudaFuncSetAttribute has allowed, by kernel.
std::map<const void*, size_t>& allowed_shared_bytes() {
  static std::map<const void*, size_t> bytes;
  return bytes;
}

size_t most_shared_bytes(const void* kernel) {
  const auto found = allowed_shared_bytes().find(kernel);
  return found == allowed_shared_bytes().end() ? kSharedOfEveryKernel : found->second;
}

bool takes(const dim3& grid) {
  return grid.x > 0 && grid.y > 0 && grid.z > 0 && grid.x <= 0x7fffffff && grid.y <= 0xffff &&
         grid.z <= 0xffff;
}

bool takes_block(const dim3& block) {
  const int64_t threads = int64_t{block.x} * block.y * block.z;
  return threads > 0 && threads <= kMostThreadsOfBlock && block.x <= 1024 && block.y <= 1024 &&
         block.z <= 64;
}

}  // namespace

cudaError_t launch(const Launch& launch, cudaStream_t stream) {
  if (!takes(launch.grid) || !takes_block(launch.block))
    return finish(cudaErrorInvalidConfiguration);
  if (launch.shared_bytes > most_shared_bytes(launch.kernel)) return finish(cudaErrorInvalidValue);
  return finish(submit(stream, [launch] { run(launch); }));
}

}  // namespace emulator

using namespace emulator;

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute, int value) {
  if (value < 0 || static_cast<size_t>(value) > kMostSharedOfBlock) return cudaErrorInvalidValue;
  allowed_shared_bytes()[kernel] = static_cast<size_t>(value);
  return cudaSuccess;
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*,
                                                          int block_threads, size_t shared_bytes) {
  if (block_threads <= 0) return cudaErrorInvalidValue;
  const int64_t by_threads = kMostThreadsOfMultiprocessor / block_threads;
  const size_t by_shared = kSharedOfMultiprocessor / (shared_bytes + kSharedReservedOfBlock);
  *blocks = static_cast<int>(std::min(
      {by_threads, static_cast<int64_t>(by_shared), int64_t{kMostBlocksOfMultiprocessor}}));
  return cudaSuccess;
}

#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "cuda/check.h"
#include "cuda/context.h"

/// How kernels are written and launched here. They compile twice: with nvcc for the GPU, and with
/// g++ against cuda/emulator, which runs them on the CPU and checks every access. So a kernel is
/// plain C++: launched by launch() rather than <<<>>>, its shared memory one struct.
namespace kintsugi::cuda {

constexpr int kBlock = 256;  ///< threads of a block where nothing speaks for another number
constexpr int kWarp = 32;

/// The shape of a launch.
struct Grid {
  dim3 blocks;
  dim3 threads = dim3(kBlock);
  size_t shared_bytes = 0;  ///< sizeof the struct that the kernel asks shared_memory() for
};

/// Blocks enough to keep the whole device busy with `count` independent elements, and no more; each
/// thread walks on in strides: for (int64_t i = first_index(); i < count; i += index_stride()).
inline Grid grid_for(int64_t count) {
  constexpr int64_t kWavesOfBlocks = 8;
  const int64_t most = context().properties.multiProcessorCount * kWavesOfBlocks;
  const int64_t wanted = (count + kBlock - 1) / kBlock;
  return {.blocks = dim3(static_cast<unsigned>(std::clamp<int64_t>(wanted, 1, most)))};
}

#ifdef __CUDACC__
extern __shared__ __align__(128) unsigned char kintsugi_shared_memory[];
#endif

/// The block's shared memory as a T: declare all of a kernel's shared arrays as one struct, give
/// its size in Grid::shared_bytes. Not initialised.
template <class T>
__device__ T& shared_memory() {
#ifdef __CUDACC__
  return *reinterpret_cast<T*>(kintsugi_shared_memory);
#else
  return *static_cast<T*>(emulator::dynamic_shared_memory());
#endif
}

/// This thread's number in the whole (one-dimensional) grid, and the number of threads in it.
__device__ inline int64_t first_index() {
  return static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ inline int64_t index_stride() { return static_cast<int64_t>(gridDim.x) * blockDim.x; }

/// Launches kernel(args...) on the device's stream; returns at once. An empty grid launches
/// nothing. Throws Error where the device refuses.
template <class... Parameters, class... Args>
void launch(void (*kernel)(Parameters...), const Grid& grid, Args&&... args) {
  constexpr size_t kAllowedToAll = 48 * 1024;  // more shared memory has to be asked for
  if (grid.blocks.x == 0 || grid.blocks.y == 0 || grid.blocks.z == 0) return;
  if (grid.shared_bytes > kAllowedToAll)
    check(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                               cudaFuncAttributeMaxDynamicSharedMemorySize,
                               static_cast<int>(grid.shared_bytes)),
          "cudaFuncSetAttribute");
  cudaLaunchConfig_t config{};
  config.gridDim = grid.blocks;
  config.blockDim = grid.threads;
  config.dynamicSmemBytes = grid.shared_bytes;
  config.stream = context().stream;
  check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(std::forward<Args>(args))...),
        "cudaLaunchKernelEx");
}

}  // namespace kintsugi::cuda

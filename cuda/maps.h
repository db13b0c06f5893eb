#pragma once
#include <algorithm>

#include "cuda/division.h"
#include "cuda/launch.h"
#include "tensor/tensor.h"

namespace kintsugi::cuda {

/// The extents of a map [N, H, W, C], as kernels take them.
struct MapShape {
  int64_t images, height, width, channels;

  explicit MapShape(const Tensor& map)
      : images(map.size(0)), height(map.size(1)), width(map.size(2)), channels(map.size(3)) {}

  /// The number of an element.
  __device__ int64_t at(int64_t image, int64_t row, int64_t column, int64_t channel) const {
    return ((image * height + row) * width + column) * channels + channel;
  }
};

/// Positions first … last of an axis; none where last < first.
struct Span {
  int64_t first, last;
};

template <class F>
__global__ void element_kernel(MapShape map, F f) {
  const int64_t line = map.width * map.channels;
  for (int64_t image = blockIdx.z; image < map.images; image += gridDim.z)
    for (int64_t row = blockIdx.y; row < map.height; row += gridDim.y)
      for (int64_t i = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x; i < line;
           i += static_cast<int64_t>(gridDim.x) * blockDim.x)
        f(image, row, i / map.channels, i % map.channels);
}

/// Launches one thread for every element of a map, f(image, row, column, channel): blocks lie along
/// the rows, so that neighbouring threads meet neighbouring elements.
template <class F>
void for_each_element(const MapShape& map, const F& f) {
  constexpr int64_t kMostRows = 65535;  // the largest gridDim.y and gridDim.z
  const int64_t line = map.width * map.channels;
  const int64_t threads =
      std::clamp<int64_t>(ceil_divide<int64_t>(line, kWarp) * kWarp, kWarp, kBlock);
  const dim3 blocks(static_cast<unsigned>(ceil_divide(line, threads)),
                    static_cast<unsigned>(std::min(map.height, kMostRows)),
                    static_cast<unsigned>(std::min(map.images, kMostRows)));
  launch(element_kernel<F>, {.blocks = blocks, .threads = dim3(static_cast<unsigned>(threads))},
         map, f);
}

}  // namespace kintsugi::cuda

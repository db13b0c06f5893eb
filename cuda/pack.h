#pragma once
#include <cuda_runtime.h>

#include <algorithm>
#include <cstddef>

/// Memory moves best in 16 bytes a thread: one instruction for four floats or two doubles.
namespace kintsugi::cuda {

/// How many of them fit 16 bytes.
template <class T>
constexpr int kPackSize = 16 / static_cast<int>(sizeof(T));

/// kSize neighbours, read or written at once where they lie at a multiple of their size. Tensors
/// begin at a multiple of 64 bytes.
template <class T, int kSize = kPackSize<T>>
struct alignas(std::min<size_t>(16, sizeof(T) * kSize)) Pack {
  T values[kSize];
  __host__ __device__ T& operator[](int i) { return values[i]; }
  __host__ __device__ const T& operator[](int i) const { return values[i]; }
};

template <int kSize, class T>
__device__ Pack<T, kSize> load_pack(const T* from) {
  return *reinterpret_cast<const Pack<T, kSize>*>(from);
}

template <int kSize, class T>
__device__ void store_pack(T* to, const Pack<T, kSize>& pack) {
  *reinterpret_cast<Pack<T, kSize>*>(to) = pack;
}

}  // namespace kintsugi::cuda

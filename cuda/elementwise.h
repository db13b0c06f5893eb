#pragma once
#include "cuda/launch.h"
#include "cuda/pack.h"
#include "cuda/types.h"

/// y = f(x…), element by element: all functions without broadcasting are this one kernel.
namespace kintsugi::cuda {

/// f of every element, computed in Accumulate of the operands' types.
template <class Y, int kSize, class F, class... Xs>
__device__ Pack<Y, kSize> map_pack(const F& f, const Pack<Xs, kSize>&... x) {
  Pack<Y, kSize> y;
  for (int i = 0; i < kSize; ++i) y[i] = static_cast<Y>(f(static_cast<Accumulate<Xs>>(x[i])...));
  return y;
}

/// Packs of kSize elements, then those that are left, one by one.
template <int kSize, class F, class Y, class... Xs>
__global__ void map_kernel(F f, int64_t count, Y* y, const Xs*... x) {
  const int64_t packed = count / kSize * kSize;
  for (int64_t i = first_index() * kSize; i < packed; i += index_stride() * kSize)
    store_pack(y + i, map_pack<Y, kSize>(f, load_pack<kSize>(x + i)...));
  for (int64_t i = packed + first_index(); i < count; i += index_stride())
    store_pack(y + i, map_pack<Y, 1>(f, load_pack<1>(x + i)...));
}

/// y [count] = f(x…), each operand [count], where tensors begin. f is a functor with a __device__
/// operator().
template <class F, class Y, class... Xs>
void map(const F& f, int64_t count, Y* y, const Xs*... x) {
  constexpr int kSize = std::min({kPackSize<Y>, kPackSize<Xs>...});
  launch(map_kernel<kSize, F, Y, Xs...>, grid_for((count + kSize - 1) / kSize), f, count, y, x...);
}

}  // namespace kintsugi::cuda

#pragma once
#include <cuda_bf16.h>

#include <type_traits>

#include "tensor/dtype.h"

namespace kintsugi {

template <>
inline constexpr DType dtype_of<__nv_bfloat16> = DType::bfloat16;

namespace cuda {

/// What numbers of a type are computed and summed up in, and the type of what there is one number a
/// channel of beside maps of T.
template <class T>
using Accumulate = std::conditional_t<std::is_same_v<T, double>, double, float>;

/// dispatch() of kernels that take bfloat16, too, or do where kTakesBfloat16.
template <bool kTakesBfloat16 = true, class Kernel>
void dispatch_cuda(DType dtype, Kernel&& kernel) {
  if constexpr (kTakesBfloat16)
    if (dtype == DType::bfloat16) return kernel(__nv_bfloat16{});
  dispatch(dtype, kernel);
}

}  // namespace cuda

}  // namespace kintsugi

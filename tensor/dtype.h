#pragma once
#include <cstddef>
#include <string>

namespace kintsugi {

/// float32 is for work, float64 for gradient checks, chosen at run time. bfloat16, the upper half
/// of a float32, is what a GPU may keep activations in (tensor/precision.h): tensors on the CPU
/// can have it to be moved and cast, but not to compute with.
enum class DType { float32, float64, bfloat16 };

size_t size_of(DType dtype);
std::string to_string(DType dtype);
/// Throws Error: no kernel of the CPU computes with this dtype.
[[noreturn]] void refuse_dtype(DType dtype);

template <class T>
inline constexpr DType dtype_of = DType::float32;
template <>
inline constexpr DType dtype_of<double> = DType::float64;

/// Calls `kernel` with a value of the C++ type that `dtype` stands for, float32 or float64:
/// dispatch(x.dtype(), [&]<class T>(T) { relu_kernel(x.data<T>(), ...); });
template <class Kernel>
decltype(auto) dispatch(DType dtype, Kernel&& kernel) {
  if (dtype == DType::bfloat16) refuse_dtype(dtype);
  return dtype == DType::float32 ? kernel(float{}) : kernel(double{});
}

}  // namespace kintsugi

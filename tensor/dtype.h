#pragma once
#include <cstddef>
#include <string>

namespace kintsugi {

/// float32 is for work, float64 for gradient checks; chosen at run time.
enum class DType { float32, float64 };

inline size_t size_of(DType dtype) { return dtype == DType::float32 ? 4 : 8; }
inline std::string to_string(DType dtype) {
  return dtype == DType::float32 ? "float32" : "float64";
}

template <class T>
inline constexpr DType dtype_of = DType::float32;
template <>
inline constexpr DType dtype_of<double> = DType::float64;

/// Calls `kernel` with a value of the C++ type that `dtype` stands for:
/// dispatch(x.dtype(), [&]<class T>(T) { relu_kernel(x.data<T>(), ...); });
template <class Kernel>
decltype(auto) dispatch(DType dtype, Kernel&& kernel) {
  return dtype == DType::float32 ? kernel(float{}) : kernel(double{});
}

}  // namespace kintsugi

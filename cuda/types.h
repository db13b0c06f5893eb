#pragma once
#include <type_traits>

namespace kintsugi::cuda {

/// What numbers of a type are computed and summed up in.
template <class T>
using Accumulate = std::conditional_t<std::is_same_v<T, double>, double, float>;

}  // namespace kintsugi::cuda

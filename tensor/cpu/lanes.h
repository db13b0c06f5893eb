#pragma once
// g++ 12 takes the don't-care operands of its own AVX-512 intrinsics for uninitialised variables
// (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <limits>

namespace kintsugi::cpu {

/// As many numbers as fill a cache line: Eigen computes exp and its kind on whole ones with vector
/// instructions. Included by .cpp files of this folder only.
template <class T>
using Lane = Eigen::Array<T, 64 / sizeof(T), 1>;

template <class T>
inline constexpr int64_t kLaneSize = 64 / static_cast<int64_t>(sizeof(T));

/// y[i] = f(x[i]) for a function on Lanes. A rest at the end is padded to a whole Lane, so that a
/// number's result does not depend on where it stands. x and y may be the same.
template <class T, class F>
void map_lanes(const T* x, T* y, int64_t count, F f) {
  using Block = Eigen::Map<Lane<T>>;
  using ConstBlock = Eigen::Map<const Lane<T>>;
  int64_t i = 0;
  for (; i + kLaneSize<T> <= count; i += kLaneSize<T>) Block(y + i) = f(Lane<T>(ConstBlock(x + i)));
  if (i == count) return;
  Lane<T> rest = Lane<T>::Zero();
  std::copy(x + i, x + count, rest.data());
  rest = f(rest);
  std::copy_n(rest.data(), count - i, y + i);
}

/// exp(x), with 0 and infinity beyond the range of T (Eigen's stops at its smallest and largest
/// result there).
template <class T>
Lane<T> exp_lane(const Lane<T>& x) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  const T highest = std::log(std::numeric_limits<T>::max());
  const T lowest = std::log(std::numeric_limits<T>::denorm_min());
  Lane<T> y = x.exp();
  y = (x > highest).select(kInfinity, y);
  return (x < lowest).select(T{0}, y);
}

}  // namespace kintsugi::cpu

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

/// exp(x), with 0 and infinity beyond the range of T: Eigen's stops at its smallest and largest
/// result there. (Eigen's select() is not vectorised; a loop is.)
template <class T>
Lane<T> exp_lane(const Lane<T>& x) {
  constexpr T kInfinity = std::numeric_limits<T>::infinity();
  constexpr T kHighest = sizeof(T) == 4 ? T(88.72284) : T(709.782712893384);
  constexpr T kLowest = sizeof(T) == 4 ? T(-103.97209) : T(-745.1332191019412);
  Lane<T> y = x.exp();
  for (int i = 0; i < kLaneSize<T>; ++i)
    y[i] = x[i] > kHighest ? kInfinity : x[i] < kLowest ? T{0} : y[i];
  return y;
}

/// log(1 + x) for x ≥ 0, exact to rounding where 1 + x rounds: log(u)·x / (u − 1), u = 1 + x
/// (Goldberg 1991, theorem 4).
template <class T>
Lane<T> log1p_lane(const Lane<T>& x) {
  const Lane<T> u = 1 + x, logarithm = u.log();
  Lane<T> y;
  for (int i = 0; i < kLaneSize<T>; ++i) y[i] = u[i] == 1 ? x[i] : logarithm[i] * x[i] / (u[i] - 1);
  return y;
}

}  // namespace kintsugi::cpu

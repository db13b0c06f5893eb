#pragma once
#include <cstring>

namespace kintsugi::cpu {

// The widest vector registers of the machine this is compiled for.
#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64, kVectorRegisters = 32;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32, kVectorRegisters = 16;
#else
inline constexpr int kVectorBytes = 16, kVectorRegisters = 16;
#endif

template <class T>
struct VectorOf {
  typedef T type __attribute__((vector_size(kVectorBytes)));
};
/// A register full of T, with arithmetic on all its lanes at once.
template <class T>
using Vector = typename VectorOf<T>::type;
template <class T>
inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

/// V, a Vector<T> or a T, from any address.
template <class V, class T>
V load(const T* from) {
  V value;
  std::memcpy(&value, from, sizeof value);
  return value;
}
template <class V, class T>
void store(const V& value, T* to) {
  std::memcpy(to, &value, sizeof value);
}

}  // namespace kintsugi::cpu

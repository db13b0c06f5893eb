#pragma once
#include <type_traits>

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
  /// The same at any address, among numbers of type T.
  typedef T unaligned __attribute__((vector_size(kVectorBytes), aligned(sizeof(T)), may_alias));
};
/// A register full of T, with arithmetic on all its lanes at once.
template <class T>
using Vector = typename VectorOf<T>::type;
template <class T>
inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

/// V, a Vector<T> or a T, from any address.
template <class V, class T>
V load(const T* from) {
  if constexpr (std::is_same_v<V, T>)
    return *from;
  else
    return *reinterpret_cast<const typename VectorOf<T>::unaligned*>(from);
}
template <class V, class T>
void store(const V& value, T* to) {
  if constexpr (std::is_same_v<V, T>)
    *to = value;
  else
    *reinterpret_cast<typename VectorOf<T>::unaligned*>(to) = value;
}

}  // namespace kintsugi::cpu

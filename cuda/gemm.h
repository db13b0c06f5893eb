#pragma once
#include <cstdint>

namespace kintsugi::cuda {

/// c[i] = op(a[i]) · op(b[i]) for i < batch, all row-major, without gaps within a matrix or between
/// them: op(a) [rows, depth], op(b) [depth, columns], c [rows, columns].
template <class T, class C = T>
struct Product {
  int64_t batch = 1, rows = 0, columns = 0, depth = 0;
  const T* a = nullptr;  ///< [batch, rows, depth], or [batch, depth, rows] transposed
  bool transpose_a = false;
  const T* b = nullptr;  ///< [batch, depth, columns], or [batch, columns, depth] transposed
  bool transpose_b = false;
  C* c = nullptr;
  bool accumulate = false;  ///< the product is added to what c holds
};

/// By cuBLAS, on the device's stream; float32 operands as precision() says (tensor/precision.h),
/// bfloat16 ones summed in float32. The same bits each run on the same kind of GPU. T and C are
/// alike, float, double or __nv_bfloat16; or T is __nv_bfloat16, and C float.
template <class T, class C = T>
void multiply(const Product<T, C>& product);

}  // namespace kintsugi::cuda

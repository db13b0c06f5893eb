#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "cuda/emulator/cuda_bf16.h"
#include "cuda/emulator/warp.h"

/// Tensor cores: products of small matrices by a warp, d [16, 16] = a [16, k] · b [k, 16] + c, with
/// k = 8 for TF32 and 16 for bfloat16; sums are float.
///
/// A fragment is a lane's share of a matrix. CUDA leaves open which elements that are, so a kernel
/// may only load, store and multiply fragments, fill them, and treat all of x[] alike. Here a lane
/// has the sums of rows 2·(lane / 4) and the next, columns 4·(lane % 4) to the third next, and of a
/// and b the rows and columns that these are made of: so elements of a and b are held by several
/// lanes, and a lane multiplies without asking others. That all lanes take part is checked.
namespace nvcuda::wmma {

struct matrix_a {};
struct matrix_b {};
struct accumulator {};
struct row_major {};
struct col_major {};
enum layout_t { mem_row_major, mem_col_major };
namespace precision {
struct tf32 {};
}  // namespace precision

/// How an element is kept in x[].
template <class T>
using Storage = std::conditional_t<std::is_same_v<T, precision::tf32>, float, T>;

constexpr int kLaneRows = 2, kLaneColumns = 4;  ///< of the sums
inline int first_row() { return emulator::running_lane() / 4 * kLaneRows; }
inline int first_column() { return emulator::running_lane() % 4 * kLaneColumns; }

template <int m, int n, int k, class T>
constexpr bool kSupported = m == 16 && n == 16 &&
                            ((k == 8 && std::is_same_v<T, precision::tf32>) ||
                             (k == 16 && std::is_same_v<T, __nv_bfloat16>) ||
                             std::is_same_v<T, float>);

template <class T, int kLines, int kLength>
struct Share {
  static constexpr int num_elements = kLines * kLength;
  Storage<T> x[num_elements];
};

template <class Use, int m, int n, int k, class T, class Order = void>
struct fragment;

/// x[] = a(first_row + line, depth) at [line][depth]
template <int m, int n, int k, class T, class Order>
struct fragment<matrix_a, m, n, k, T, Order> : Share<T, kLaneRows, k> {
  static_assert(kSupported<m, n, k, T>);
};
/// x[] = b(depth, first_column + line) at [line][depth]
template <int m, int n, int k, class T, class Order>
struct fragment<matrix_b, m, n, k, T, Order> : Share<T, kLaneColumns, k> {
  static_assert(kSupported<m, n, k, T>);
};
/// x[] = sum(first_row + i, first_column + j) at [i][j]
template <int m, int n, int k>
struct fragment<accumulator, m, n, k, float> : Share<float, kLaneRows, kLaneColumns> {
  static_assert(kSupported<m, n, k, float>);
};

/// To 10 bits of mantissa, to the nearest, ties away from zero.
inline float __float_to_tf32(float value) {
  if (!std::isfinite(value)) return value;
  return std::bit_cast<float>((std::bit_cast<uint32_t>(value) + 0x1000) & 0xffffe000);
}

template <class T, int kLines, int kLength>
void fill_fragment(Share<T, kLines, kLength>& a, const Storage<T>& value) {
  for (auto& x : a.x) x = value;
}

/// Throws Fault unless all lanes of the warp make this call, `address` is a multiple of 32 bytes
/// and a line of `stride` elements one of 16 bytes.
void check_matrix(const char* function, const void* address, unsigned stride, size_t element_size,
                  const EmulatorSite& site);

/// Of a matrix whose lines of `stride` elements begin at `from`: its rows where row_major.
template <int k, class T, class Order>
void load_matrix_sync(fragment<matrix_a, 16, 16, k, T, Order>& a, const Storage<T>* from,
                      unsigned stride, EmulatorSite site = EmulatorSite::current()) {
  check_matrix("load_matrix_sync", from, stride, sizeof *from, site);
  const int along = std::is_same_v<Order, row_major> ? 1 : static_cast<int>(stride);
  const int across = std::is_same_v<Order, row_major> ? static_cast<int>(stride) : 1;
  for (int i = 0; i < kLaneRows; ++i)
    for (int d = 0; d < k; ++d) a.x[i * k + d] = from[(first_row() + i) * across + d * along];
}
template <int k, class T, class Order>
void load_matrix_sync(fragment<matrix_b, 16, 16, k, T, Order>& b, const Storage<T>* from,
                      unsigned stride, EmulatorSite site = EmulatorSite::current()) {
  check_matrix("load_matrix_sync", from, stride, sizeof *from, site);
  const int along = std::is_same_v<Order, row_major> ? static_cast<int>(stride) : 1;
  const int across = std::is_same_v<Order, row_major> ? 1 : static_cast<int>(stride);
  for (int j = 0; j < kLaneColumns; ++j)
    for (int d = 0; d < k; ++d) b.x[j * k + d] = from[(first_column() + j) * across + d * along];
}
template <int k>
void load_matrix_sync(fragment<accumulator, 16, 16, k, float>& c, const float* from,
                      unsigned stride, layout_t order,
                      EmulatorSite site = EmulatorSite::current()) {
  check_matrix("load_matrix_sync", from, stride, sizeof *from, site);
  const int down = order == mem_row_major ? static_cast<int>(stride) : 1;
  const int across = order == mem_row_major ? 1 : static_cast<int>(stride);
  for (int i = 0; i < kLaneRows; ++i)
    for (int j = 0; j < kLaneColumns; ++j)
      c.x[i * kLaneColumns + j] = from[(first_row() + i) * down + (first_column() + j) * across];
}

template <int k>
void store_matrix_sync(float* to, const fragment<accumulator, 16, 16, k, float>& c, unsigned stride,
                       layout_t order, EmulatorSite site = EmulatorSite::current()) {
  check_matrix("store_matrix_sync", to, stride, sizeof *to, site);
  const int down = order == mem_row_major ? static_cast<int>(stride) : 1;
  const int across = order == mem_row_major ? 1 : static_cast<int>(stride);
  for (int i = 0; i < kLaneRows; ++i)
    for (int j = 0; j < kLaneColumns; ++j)
      to[(first_row() + i) * down + (first_column() + j) * across] = c.x[i * kLaneColumns + j];
}

/// What the tensor cores see of an element: of TF32 they ignore the lower 13 bits.
inline float multiplicand(float value) {
  return std::bit_cast<float>(std::bit_cast<uint32_t>(value) & 0xffffe000);
}
inline float multiplicand(__nv_bfloat16 value) { return value; }

/// d += a · b of one lane, line by line; fragments are no memory of the kernel's.
template <int k, class T>
__attribute__((no_sanitize("thread"))) void multiply_share(const T* a, const T* b, float* d) {
  float rows[kLaneRows * k], columns[kLaneColumns * k];
  for (int e = 0; e < kLaneRows * k; ++e) rows[e] = multiplicand(a[e]);
  for (int e = 0; e < kLaneColumns * k; ++e) columns[e] = multiplicand(b[e]);
  for (int i = 0; i < kLaneRows; ++i)
    for (int j = 0; j < kLaneColumns; ++j)
      for (int e = 0; e < k; ++e) d[i * kLaneColumns + j] += rows[i * k + e] * columns[j * k + e];
}

template <int k, class T, class OrderA, class OrderB>
void mma_sync(fragment<accumulator, 16, 16, k, float>& d,
              const fragment<matrix_a, 16, 16, k, T, OrderA>& a,
              const fragment<matrix_b, 16, 16, k, T, OrderB>& b,
              const fragment<accumulator, 16, 16, k, float>& c,
              EmulatorSite site = EmulatorSite::current()) {
  __syncwarp(0xffffffff, site);
  d = c;
  multiply_share<k>(a.x, b.x, d.x);
}

}  // namespace nvcuda::wmma

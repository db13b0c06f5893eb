#pragma once
#include <cstddef>

#include "tensor/cpu/vector.h"

namespace kintsugi::cpu {

/// The matrices of Winograd's minimal filtering F(m, r): m outputs of a filter g of r taps from
/// n = m + r − 1 inputs d by n products instead of m·r,
///   y = Aᵀ [ (G g) ⊙ (Bᵀ d) ]                 y_i = Σ_k g_k·d_{i+k}.
///
/// Where they come from (Toom & Cook; Blahut, "Fast Algorithms for Signal Processing", 2010, ch.
/// 5): a polynomial of degree n − 1 is known from its values at n places, here 0, 1, −1, 2, −2, …
/// and infinity. A product of two polynomials takes one multiplication at each place: evaluate
/// both, multiply, interpolate. Filtering is the transpose of multiplying by a polynomial, so the
/// same three matrices do it, transposed and in the reverse order. With places p_j and N_j =
/// Π_{l≠j} (p_j − p_l):
///   Aᵀ_ij = p_jⁱ         G_jk = p_jᵏ / N_j         Bᵀ_jl: the coefficient of xˡ in Π_{l≠j} (x −
///   p_l)
/// At infinity only the highest power counts, and Bᵀ's row is Π_l (x − p_l) over all finite places.
///
/// Bᵀ depends on n alone: F(2, 3) and F(3, 2) transform their inputs alike.
template <int kOutputs, int kTaps>
struct WinogradMatrices {
  static constexpr int kPoints = kOutputs + kTaps - 1;

  double a[kOutputs][kPoints] = {};  ///< Aᵀ
  double g[kPoints][kTaps] = {};
  double b[kPoints][kPoints] = {};  ///< Bᵀ
  double a_transposed[kPoints][kOutputs] = {};
  double g_transposed[kTaps][kPoints] = {};

  constexpr WinogradMatrices() {
    constexpr double kPlaces[] = {0, 1, -1, 2, -2};
    constexpr int kFinite = kPoints - 1;
    static_assert(kFinite <= 5);
    double all[kPoints] = {1};  // Π_l (x − p_l), so far
    for (int l = 0; l < kFinite; ++l) multiply_by_root(all, kPlaces[l]);
    for (int j = 0; j < kFinite; ++j) {
      double norm = 1;
      b[j][0] = 1;
      for (int l = 0; l < kFinite; ++l)
        if (l != j) {
          multiply_by_root(b[j], kPlaces[l]);
          norm *= kPlaces[j] - kPlaces[l];
        }
      double power = 1;
      for (int i = 0; i < kPoints; ++i, power *= kPlaces[j]) {
        if (i < kOutputs) a[i][j] = power;
        if (i < kTaps) g[j][i] = power / norm;
      }
    }
    a[kOutputs - 1][kFinite] = 1;
    g[kFinite][kTaps - 1] = 1;
    for (int l = 0; l < kPoints; ++l) b[kFinite][l] = all[l];

    for (int j = 0; j < kPoints; ++j) {
      for (int i = 0; i < kOutputs; ++i) a_transposed[j][i] = a[i][j];
      for (int k = 0; k < kTaps; ++k) g_transposed[k][j] = g[j][k];
    }
  }

 private:
  /// polynomial ← polynomial·(x − root), coefficients from the lowest power on.
  static constexpr void multiply_by_root(double (&polynomial)[kPoints], double root) {
    for (int i = kPoints - 1; i > 0; --i) polynomial[i] = polynomial[i - 1] - root * polynomial[i];
    polynomial[0] *= -root;
  }
};

template <int kOutputs, int kTaps>
inline constexpr WinogradMatrices<kOutputs, kTaps> kWinograd{};

/// Row `row` of M x for vectors or numbers x_0, x_1, … that lie `step` apart. Unrolled, the
/// constants are known: zeros cost nothing, ones no multiplication.
template <class V, class T, size_t kRows, size_t kColumns>
[[gnu::always_inline]] inline V row_times(const double (&matrix)[kRows][kColumns], size_t row,
                                          const V* x, size_t step) {
  V sum{};
  bool empty = true;
#pragma GCC unroll 8
  for (size_t j = 0; j < kColumns; ++j) {
    const double factor = matrix[row][j];
    if (factor == 0) continue;
    const V& term = x[j * step];
    if (empty)
      sum = factor == 1 ? term : static_cast<T>(factor) * term;
    else
      sum += static_cast<T>(factor) * term;
    empty = false;
  }
  return sum;
}

/// Y = M X Mᵀ for a square X of vectors or numbers, both row by row.
template <class T, class V, size_t kRows, size_t kColumns>
[[gnu::always_inline]] inline void transform(const double (&matrix)[kRows][kColumns],
                                             const V (&x)[kColumns * kColumns],
                                             V (&y)[kRows * kRows]) {
  V half[kColumns * kRows];  // X Mᵀ
#pragma GCC unroll 8
  for (size_t i = 0; i < kColumns; ++i)
#pragma GCC unroll 8
    for (size_t j = 0; j < kRows; ++j)
      half[i * kRows + j] = row_times<V, T>(matrix, j, x + i * kColumns, 1);
#pragma GCC unroll 8
  for (size_t j = 0; j < kRows; ++j)
#pragma GCC unroll 8
    for (size_t i = 0; i < kRows; ++i)
      y[i * kRows + j] = row_times<V, T>(matrix, i, half + j, kRows);
}

/// Row kRow of that alone.
template <size_t kRow, class T, class V, size_t kRows, size_t kColumns>
[[gnu::always_inline]] inline void transform_row(const double (&matrix)[kRows][kColumns],
                                                 const V (&x)[kColumns * kColumns], V (&y)[kRows]) {
  V half[kColumns];  // row of M X
#pragma GCC unroll 8
  for (size_t j = 0; j < kColumns; ++j) half[j] = row_times<V, T>(matrix, kRow, x + j, kColumns);
#pragma GCC unroll 8
  for (size_t j = 0; j < kRows; ++j) y[j] = row_times<V, T>(matrix, j, half, 1);
}

}  // namespace kintsugi::cpu

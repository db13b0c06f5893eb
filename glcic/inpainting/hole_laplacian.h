#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace kintsugi {

/// Numbered pixels with weighted links between them, and the operator
///   (A·x)_p = diagonal_p·x_p − Σ_k weight_k·x_{neighbour_k}.
struct LinkedPixels {
  static constexpr int32_t kNone = -1;
  std::vector<std::array<int32_t, 4>> neighbours;  ///< up, down, left, right; kNone: no link
  std::vector<std::array<double, 4>> weights;      ///< of the links
  std::vector<double> diagonal;                    ///< all weights, those to known pixels included
  std::vector<int32_t> block;  ///< the pixel of the next coarser level, 2 x 2 of these

  size_t size() const { return diagonal.size(); }
};

/// The Laplace operator on the pixels of a hole, and its inverse:
///   (A·x)_p = Σ_{q ∈ N_p} (x_p − x_q),   x_q = 0 where q is known,
/// N_p the up to 4 neighbours of p inside the grid. So a known pixel around the hole holds its
/// value (Dirichlet), and nothing flows over the grid's border (Neumann). Vectors have one number
/// for each pixel of the hole, row by row.
class HoleLaplacian {
 public:
  /// hole [height·width], 1 = hole, of any shape; at least one pixel is known.
  HoleLaplacian(const std::vector<uint8_t>& hole, int64_t height, int64_t width);

  /// row·width + column of each pixel of the hole, in the vectors' order.
  const std::vector<int64_t>& places() const { return places_; }

  /// Solves A·x = b from the start x, until the root mean square of b − A·x is at most `tolerance`:
  /// conjugate gradients (Hestenes & Stiefel 1952), preconditioned by one cycle of multigrid, so
  /// that the number of steps hardly depends on the hole's size. Returns that number.
  int solve(const std::vector<double>& b, double tolerance, std::vector<double>& x) const;

 private:
  std::vector<int64_t> places_;
  std::vector<LinkedPixels> levels_;  ///< from the hole itself to a single pixel
};

}  // namespace kintsugi

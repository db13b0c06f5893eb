#pragma once
#include <cstdint>
#include <vector>

namespace kintsugi {

struct FastMarch {
  /// [height·width] T in pixels, signed: 0 on the known pixels that have a pixel of the hole among
  /// their 4 neighbours (the edge), positive in the hole, negative on the other known pixels.
  std::vector<double> distance;
  /// The hole's pixels, row·width + column, by rising T; where T is the same, row by row.
  std::vector<int64_t> order;
};

/// The time at which a front reaches each pixel that starts at the hole's edge and moves at speed
/// 1, into the hole and away from it: the eikonal equation ‖∇T‖ = 1 (Sethian, "A fast marching
/// level set method", 1996; Telea 2004, §2). Of the pixels beside the front the one with the
/// smallest T is next (a heap); with l, r, u, d its neighbours that the front has passed, T is the
/// larger root of
///   (T − a)² + (T − b)² = 1,   a = min(T_l, T_r), b = min(T_u, T_d),
/// or min(a, b) + 1 where |a − b| ≥ 1. First order: too large by up to some tenths of a pixel along
/// diagonals.
///
/// hole [height·width], 1 = hole, of any shape, in several pieces, at the border. Known pixels
/// further away than `reach` have T = −reach. Throws Error where no pixel is known.
FastMarch march_from_edge(const std::vector<uint8_t>& hole, int64_t height, int64_t width,
                          double reach);

}  // namespace kintsugi

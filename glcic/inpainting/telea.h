#pragma once
#include "tensor/tensor.h"

namespace kintsugi {

struct TeleaOptions {
  int radius = 3;  ///< in pixels, of the neighbourhood that a pixel is made from; 1: 4 neighbours
  /// s below, from 0 to 1: how much of the slope is carried on. The paper has 1, which continues a
  /// ramp exactly, but the noise at the edge as well, growing all the way into the hole: of use for
  /// scratches in smooth pictures alone. OpenCV's version bounds the term by 1.5 grey values.
  double slope = 0.0;
};

/// Inpainting along a front (Telea, "An Image Inpainting Technique Based on the Fast Marching
/// Method", 2004): the hole is filled pixel by pixel in the order of the distance T from its edge
/// (march_from_edge), each pixel p from the pixels q around it, ‖p − q‖ ≤ radius, that are known or
/// that have been filled because T_q < T_p:
///   I_p = Σ_q w(p, q)·(I_q + s·∇I_q·(p − q)) / Σ_q w(p, q),   w = dir·dst·lev,
///   dir = |∇T_p·(p − q)| / ‖p − q‖   the pixels that lie along the front's way,
///   dst = 1 / ‖p − q‖²               the pixels nearby,
///   lev = 1 / (1 + |T_p − T_q|)      the pixels at the same distance from the edge.
/// ∇I_q is made of such pixels alone. The result is clamped to [0, 1].
///
/// Pixels of the same T do not see each other, so that their order does not matter: a mirrored
/// picture has a mirrored result.
///
/// picture [H, W, C] in [0, 1], mask [H, W, 1] or [H, W] with 1 = hole, of any shape → [H, W, C],
/// in the picture's dtype, on the CPU; where mask is 0 the picture bit for bit; an empty mask gives
/// the picture. Throws ShapeError where shapes disagree, Error for a radius below 1, where the hole
/// covers the whole picture, or where a value is not finite.
Tensor telea_fill(const Tensor& picture, const Tensor& mask, TeleaOptions options = {});

}  // namespace kintsugi

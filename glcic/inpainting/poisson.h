#pragma once
#include "tensor/tensor.h"

namespace kintsugi {

/// What happens to the guidance's gradient from a pixel in the hole to one outside it.
enum class EdgeGradient {
  guidance,  ///< v_pq = g_p − g_q as everywhere else: the guidance is to be trusted on both sides
  zero,      ///< v_pq = 0: the guidance is only known inside the hole; f meets the picture smoothly
};

struct PoissonOptions {
  EdgeGradient edge = EdgeGradient::guidance;
  /// Of the root mean square, over the hole, of what the two sides of the equation differ by: for
  /// each channel, in units of the picture's values. The arithmetic is double precision.
  double tolerance = 1e-8;
};

/// Poisson's equation in a hole (Pérez, Gangnet & Blake, "Poisson Image Editing", 2003, eq. 7):
/// f has the guidance's gradients inside the hole and the picture's values outside of it. For each
/// pixel p of the hole, with its neighbours N_p (up to 4: those inside the picture),
///   Σ_{q ∈ N_p} (f_p − f_q) = Σ_{q ∈ N_p} v_pq,   v_pq = g_p − g_q,
/// f_q being the picture's value where q lies outside the hole (Dirichlet); where the hole touches
/// the picture's border the neighbour is missing from both sums (Neumann). Each channel is
/// solved alone (HoleLaplacian); any hole shape, any number of holes. Nothing is read further than
/// a pixel away from the hole's bounding box, and nothing of the picture under the hole.
///
/// picture, guidance [H, W, C], mask [H, W, 1] or [H, W] with 1 = hole → f [H, W, C], in the
/// picture's dtype, on the CPU; not clamped. Where mask is 0 it is the picture bit for bit; an
/// empty mask gives the picture. Throws ShapeError where shapes disagree, Error where the hole has
/// no known pixel around it (it covers the whole picture), or where a value read is not finite.
Tensor solve_poisson(const Tensor& picture, const Tensor& mask, const Tensor& guidance,
                     PoissonOptions options = {});

/// Laplace's equation Δf = 0: colour diffuses from the hole's edge into it, until every pixel is
/// the mean of its neighbours. The plainest filling there is.
Tensor diffusion_fill(const Tensor& picture, const Tensor& mask);

}  // namespace kintsugi

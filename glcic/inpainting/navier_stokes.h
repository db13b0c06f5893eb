#pragma once
#include "tensor/tensor.h"

namespace kintsugi {

struct NavierStokesOptions {
  double viscosity = 0.3;   ///< ν
  double edge = 0.2;        ///< K: steps between pixels larger than this are edges, hardly diffused
  double time_step = 0.2;   ///< of explicit Euler
  double tolerance = 1e-3;  ///< a scale is done when no pixel changes faster than this, per time
  int max_steps = 300;      ///< at each scale, where the picture does not come to rest before
};

/// Inpainting by a flow (Bertalmio, Bertozzi & Sapiro, "Navier-Stokes, Fluid Dynamics, and Image
/// and Video Inpainting", 2001). The picture's intensity I is the stream function of a fluid: its
/// isophotes are the streamlines, ∇⊥I = (−∂_y I, ∂_x I) the velocity, the smoothness L = ΔI the
/// vorticity. In the hole, with the known pixels around it held, each channel follows
///   ∂I/∂t = ∇L·∇⊥I + ν ∇·(g ∇I),   g = 1 / (1 + (|∇I| / K)²):
/// L is carried along the isophotes into the hole, and diffusion that spares edges (Perona & Malik)
/// keeps the flow stable. This is the transport of Bertalmio, Sapiro, Caselles & Ballester (2000),
/// which the paper shows to be a fluid's, with the viscosity that it adds. The paper itself steps
/// the vorticity, ∂L/∂t + ∇⊥I·∇L = ν ∇·(g ∇L), and solves ΔI = L after each step; viscosity then
/// continues slopes as well as values, so that noise at the edge of a wide hole runs far out of
/// [0, 1]. Acting on I it does not. OpenCV's INPAINT_NS solves no equation: it fills along a front
/// as telea_fill does, with weights that follow the isophotes.
///
/// Coarse to fine: the picture is halved until the hole is gone, and each scale starts from the one
/// below. The values are kept in [0, 1] at each step. One thread, the same bits each time.
///
/// picture [H, W, C] in [0, 1], mask [H, W, 1] or [H, W] with 1 = hole, of any shape → [H, W, C],
/// in the picture's dtype, on the CPU; where mask is 0 the picture bit for bit; an empty mask gives
/// the picture. Throws ShapeError where shapes disagree, Error where the hole covers the whole
/// picture or a value is not finite.
Tensor navier_stokes_fill(const Tensor& picture, const Tensor& mask,
                          NavierStokesOptions options = {});

}  // namespace kintsugi

#pragma once
#include "tensor/cpu/conv_patches.h"
#include "tensor/cpu/winograd_tiles.h"

namespace kintsugi::cpu {

/// Winograd's minimal filtering in two dimensions (Lavin & Gray, "Fast Algorithms for Convolutional
/// Neural Networks", CVPR 2016): m x m outputs of a kernel of r x r taps from n x n inputs,
/// n = m + r − 1, by n² products a channel instead of m²·r²,
///   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A                      (winograd_matrices.h).
/// Summed over channels, ⊙ is n² matrix products. F(4, 3) takes 36 products where plain convolution
/// takes 144; F(5, 2), for the 2x2 kernels that a 4x4 deconvolution of stride 2 is made of, 36 for
/// 100; F(2, 3) and F(3, 2) where maps are too small for these. A stride of 2 makes four phases of
/// the source, which are four times the channels of a convolution without stride.

/// y = patches · weights, with the epilogue. plan.possible().
/// `kept`, where given, holds the transformed weights from call to call: made where it is
/// undefined, believed where it is not.
template <class T>
void winograd(const PatchGrid& grid, const WinogradPlan& plan, const T* source,
              const TapMatrices<T>& weights, const Epilogue& epilogue, const OutputMap<T>& y,
              Tensor* kept);

/// dw = Σ over tiles of Gᵀ [ (Bᵀ d B) ⊙ (A dY Aᵀ) ] G: the transpose of that by the weights;
/// dw [taps, in, out].
template <class T>
void winograd_weight_grad(const PatchGrid& grid, const WinogradPlan& plan, const T* source,
                          const OutputMap<const T>& dy, T* dw);

}  // namespace kintsugi::cpu

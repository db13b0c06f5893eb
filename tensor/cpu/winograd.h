#pragma once
#include "tensor/backend.h"
#include "tensor/cpu/conv_patches.h"

namespace kintsugi::cpu {

/// Winograd's minimal filtering F(2x2, 3x3) (Lavin & Gray, "Fast Algorithms for Convolutional
/// Neural Networks", CVPR 2016): a 3x3 convolution without stride makes 2x2 outputs from 4x4 inputs
/// by 16 products a channel instead of 36,
///   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A.
/// Summed over channels, ⊙ is 16 matrix products. Pixels of a dilated convolution that lie
/// `dilation` apart are a convolution without dilation of their own.

/// Whether the patches of the grid are those of such a convolution, and large enough to gain by it.
bool winograd_suits(const PatchGrid& grid, int64_t out);

/// y [images, rows, columns, out] = patches · weights, with the epilogue. Where winograd_suits.
template <class T>
void winograd(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
              const Epilogue& epilogue, int64_t out, T* y);

/// dw [3, 3, in, out] = Σ over tiles of Gᵀ [ (Bᵀ d B) ⊙ (A dY Aᵀ) ] G: the transpose of that by the
/// weights. Where winograd_suits.
template <class T>
void winograd_weight_grad(const PatchGrid& grid, const T* source, const T* dy, int64_t out, T* dw);

}  // namespace kintsugi::cpu

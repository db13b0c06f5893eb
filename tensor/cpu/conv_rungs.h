#pragma once
#include "tensor/cpu/conv_patches.h"

namespace kintsugi::cpu {

// The ladder of convolutions, from the formula to the fast kernel (docs/fast-convolution.md). Every
// rung computes the same two functions, of the same arguments:
//
//   convolve      y = max(patches · weights + bias, 0)           (the epilogue says which of these)
//   weight_grad   dw = patchesᵀ · dy                             dw [taps, in, out]
//
// The fourth rung is winograd.h. conv_choice.h says which one is taken.

/// One number after the other, straight from the definition.
template <class T>
void convolve_naive(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
                    const Epilogue& epilogue, const OutputMap<T>& y);
template <class T>
void weight_grad_naive(const PatchGrid& grid, const T* source, const OutputMap<const T>& dy, T* dw);

/// All patches written out as one matrix, often called im2col, then one matrix product.
template <class T>
void convolve_patches(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
                      const Epilogue& epilogue, const OutputMap<T>& y);
template <class T>
void weight_grad_patches(const PatchGrid& grid, const T* source, const OutputMap<const T>& dy,
                         T* dw);

/// The same product in blocks: patches are made where they are used, and stay in the cache.
template <class T>
void convolve_blocked(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
                      const Epilogue& epilogue, const OutputMap<T>& y);
template <class T>
void weight_grad_blocked(const PatchGrid& grid, const T* source, const OutputMap<const T>& dy,
                         T* dw);

/// For few output channels and a step of 1: taps are columns of the product, not rows
/// (conv_narrow.cpp).
template <class T>
void convolve_narrow(const PatchGrid& grid, const T* source, const TapMatrices<T>& weights,
                     const Epilogue& epilogue, const OutputMap<T>& y);
template <class T>
void weight_grad_narrow(const PatchGrid& grid, const T* source, const OutputMap<const T>& dy,
                        T* dw);

}  // namespace kintsugi::cpu

#pragma once
#include "cuda/winograd_tiles.h"

/// The transforms of Winograd's F(m x m, 3x3) (Lavin & Gray, CVPR 2016; tensor/cpu/winograd.h and
/// winograd_matrices.h have the mathematics), n = m + 2:
///   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A.
/// Each runs one thread for a tile and a channel (or for a weight), which holds its n x n numbers
/// in registers. What the products take and make lies as n² matrices one behind the other, so that
/// neighbouring threads, neighbours in channels, read and write side by side. m is 2 or 4, T float
/// or double.
namespace kintsugi::cuda::winograd {

/// u [n², in, out] = G g Gᵀ of w [3, 3, in, out], the taps in the reverse order where `reversed`.
template <class T>
void transform_weights(int outputs, const T* w, int64_t matrix, bool reversed, T* u);

/// v [n², block.count, channels] = Bᵀ d B of the source's n x n pixels that each tile sees.
template <class T>
void transform_input(const Tiles& tiles, TileBlock block, const T* source, int channels, T* v);

/// The target's pixels = finish(Aᵀ M A) of m [n², block.count, channels].
template <class T>
void transform_output(const Tiles& tiles, TileBlock block, const T* m, int channels,
                      const Finish<T>& finish, T* target);

/// e [n², block.count, channels] = A dY Aᵀ of the gradient by the target's pixels.
template <class T>
void transform_cotangent(const Tiles& tiles, TileBlock block, const T* dy, int channels, T* e);

/// dw [3, 3, in, out] = Gᵀ U G of u [n², in, out], `matrix` = in·out.
template <class T>
void transform_products(int outputs, const T* u, int64_t matrix, T* dw);

}  // namespace kintsugi::cuda::winograd

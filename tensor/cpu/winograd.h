#pragma once
#include "tensor/cpu/conv_patches.h"
#include "tensor/cpu/winograd_tiles.h"

namespace kintsugi::cpu {

/// Winograd's minimal filtering in two dimensions (Lavin & Gray, "Fast Algorithms for Convolutional
/// Neural Networks", CVPR 2016): m x m outputs of a kernel of r x r taps from n x n inputs,
/// n = m + r − 1, by n² products a channel instead of m²·r²,
///   Y = Aᵀ [ (G g Gᵀ) ⊙ (Bᵀ d B) ] A                      (winograd_matrices.h).
/// Summed over channels, ⊙ is n² matrix products. F(4, 3) takes 36 products where plain convolution
/// takes 144, F(2, 3), where maps are too small for it, 16 for 36; F(3, 2), for the 2x2 kernels
/// that a 4x4 deconvolution of stride 2 is made of, 16 for 36. A stride of 2 makes four phases of
/// the source, which are four times the channels of a convolution without stride.

/// Parts that can be computed from the same transforms of their source: their taps lie equally, but
/// may begin at different pixels. A part's tiles then begin that much earlier, so that all parts'
/// tiles look at the same n x n pixels.
template <class T>
struct WinogradJob {
  explicit WinogradJob(const std::vector<ConvPart<T>>& parts);

  struct Filter {
    const ConvPart<T>* part;
    WinogradAxis y, x;         ///< the part's own taps
    int64_t shift_y, shift_x;  ///< by how much its tiles begin before the job's
  };
  PatchGrid grid;  ///< all pixels that are the first of a tile, and all taps
  WinogradPlan plan;
  std::vector<Filter> filters;

 private:
  WinogradJob(const std::vector<ConvPart<T>>& parts,
              const std::vector<std::array<WinogradAxis, 2>>& axes);
};

/// Where the transforms of a filter's weights lie, n² matrices U [depth, out] (depth: channels
/// times phases), in the order in which a block of tiles reads them: [blocks of columns, n²,
/// matrix], each matrix as Panels (gemm.h). Matrices lie a line more apart than they are long: at a
/// distance of a large power of two they would all meet in the same few lines of the cache.
template <class T>
struct WinogradWeights {
  WinogradWeights(int64_t products, int64_t depth, int64_t out);

  Shape shape() const { return {(out + columns - 1) / columns, products, matrix}; }
  /// Of U's element (row, column) of product k.
  int64_t index(int64_t k, int64_t row, int64_t column) const;

  int64_t products, depth, out;
  int64_t columns;  ///< of a block
  int64_t matrix;   ///< numbers from one to the next
};

/// y = patches · weights of each part, with the epilogue. job.plan.possible(). `w` is the tensor
/// that the parts' weights lie in; its transforms are kept in `kept` where that is not nullptr.
template <class T>
void winograd(const WinogradJob<T>& job, const T* source, const T* w, const Epilogue& epilogue,
              KeptWeights* kept);

/// dw = Σ over tiles of Gᵀ [ (Bᵀ d B) ⊙ (A dY Aᵀ) ] G: the transpose of that by the weights;
/// dw [taps, in, out].
template <class T>
void winograd_weight_grad(const PatchGrid& grid, const WinogradPlan& plan, const T* source,
                          const OutputMap<const T>& dy, T* dw);

}  // namespace kintsugi::cpu

#pragma once
#include "tensor/backend.h"
#include "tensor/cpu/conv_patches.h"
#include "tensor/cpu/winograd_tiles.h"

namespace kintsugi::cpu {

/// Which rung of the ladder computes this convolution (forward, a class of its transpose, or its
/// weight gradient; `out` are the channels that the patches are multiplied to): the one that
/// set_conv_algorithm forces, where it can; else
/// - blocked for float64, whose users want the plain sums;
/// - Winograd where its products and transforms together take fewer multiply-adds than the plain
///   convolution, by WinogradPlan::cost: not for few channels (the transforms are all the work),
///   nor for maps of few tiles (transforming the weights is);
/// - narrow where the few output channels would leave most of a register tile empty;
/// - blocked otherwise.
/// Never automatic. Depends on shapes and dtype alone.
ConvAlgorithm choose_algorithm(const PatchGrid& grid, int64_t out, const WinogradPlan& plan,
                               DType dtype);

/// Whether the parts of a transposed convolution, `plain` multiply-adds in all, are computed from
/// the same transforms: where Winograd is forced or cheaper.
bool joins(const WinogradPlan& plan, double plain, DType dtype);

}  // namespace kintsugi::cpu

#pragma once
#include "autograd/ops.h"
#include "autograd/registry.h"

namespace kintsugi {

/// What batch_norm and instance_norm share: x seen as `view` [G, M, C], normalised over M to mean 0
/// and variance 1, times gamma, plus beta [C], then max(y, 0) where `relu`. The statistics are
/// [G, C]. `op` names the caller in the graph and in errors.
Normalised normalise(const char* op, const Variable& x, const Shape& view, const Variable& gamma,
                     const Variable& beta, double eps, bool relu);

/// Samples of a normalisation, plain and with its ReLU: x of this shape, gamma, beta.
std::vector<Sample> normalisation_samples(Normalised (*op)(const Variable&, const Variable&,
                                                           const Variable&, double, bool),
                                          const Shape& shape);

/// Throws ShapeError unless gamma and beta have one number for each channel of x.
void check_channels(const char* op, const Variable& x, const Variable& gamma, const Variable& beta);

}  // namespace kintsugi

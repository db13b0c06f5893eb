#pragma once
#include "tensor/random.h"

namespace kintsugi {

/// The generator that layers draw their first weights from unless given another.
Generator& default_generator();
void manual_seed(uint64_t seed);

/// First weights. fan_in and fan_out count the numbers that go into, and come out of, one unit:
/// kernel²·in and kernel²·out for a convolution, whose weight is [kernel, kernel, in, out].
namespace init {

/// Normal, deviation √(2 / fan_in): He et al. 2015, eq. 10.
Tensor he_normal(const Shape& shape, int64_t fan_in, Generator& generator);
/// Uniform in ±√(6 / (fan_in + fan_out)): Glorot & Bengio 2010, eq. 16.
Tensor xavier_uniform(const Shape& shape, int64_t fan_in, int64_t fan_out, Generator& generator);
/// Uniform in ±1/√fan_in: what PyTorch gives weights and biases of convolutions and linear layers.
Tensor pytorch_default(const Shape& shape, int64_t fan_in, Generator& generator);
/// Normal around 0.
Tensor gaussian(const Shape& shape, double deviation, Generator& generator);
/// Seen as a matrix [numel / columns, columns], columns the last extent: its columns, or its rows
/// where they are fewer, are orthonormal times `gain` (Saxe et al. 2014).
Tensor orthogonal(const Shape& shape, double gain, Generator& generator);

}  // namespace init

}  // namespace kintsugi

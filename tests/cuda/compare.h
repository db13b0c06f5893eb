#pragma once
#include "tensor/tensor.h"

/// Checks of the CUDA backend against the CPU's: the same call of ops:: on both.
namespace kintsugi {

inline Tensor on_cuda(const Tensor& x) { return x.to(Device::cuda); }

/// Normal random numbers on the CPU, the same for the same seed.
Tensor random_tensor(const Shape& shape, DType dtype, uint64_t seed);

/// A doctest CHECK that `actual` has the shape and dtype of `expected` and that no element differs
/// by more than `tolerance` times the largest |expected| (at least 1e-30). By default, what sums of
/// some hundred numbers lose in the dtype: 1e-5 in float32, 1e-13 in float64.
void check_close(const Tensor& actual, const Tensor& expected, double tolerance = 0);

/// A doctest CHECK that both are the same bits.
void check_same(const Tensor& actual, const Tensor& expected);

}  // namespace kintsugi

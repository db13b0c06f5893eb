#pragma once
#include "autograd/variable.h"

/// Mixed precision (Micikevicius et al., "Mixed Precision Training", 2018), decided here for all
/// layers. Under Precision::bf16 (tensor/precision.h) a layer on a CUDA device multiplies bfloat16
/// numbers and gives bfloat16 maps, in half the memory; its parameters stay float32, and so do
/// biases, statistics and losses. bfloat16 has the exponents of float32, so gradients need no
/// scaling. On the CPU, and of float64 numbers, everything is as without it.
namespace kintsugi {

/// The dtype that x is multiplied in: bfloat16 where that is wanted and x is float32 on a CUDA
/// device, else its own.
DType operand_dtype(const Tensor& x);
/// x in that dtype. A parameter's gradient comes back in the parameter's.
Variable as_operand(const Variable& x);

/// What a network gives, for sigmoids and losses: float32 where x is bfloat16, else x itself.
Variable as_result(const Variable& x);

}  // namespace kintsugi

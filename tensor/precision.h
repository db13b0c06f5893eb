#pragma once
#include <string>

namespace kintsugi {

/// How a CUDA device computes products (convolutions, matrix products) of float32 numbers; sums are
/// in float32 in every case. The CPU always computes as float32 says; float64 is exact everywhere.
/// PyTorch's default is tf32 for convolutions and float32 for matrix products; here both are alike.
enum class Precision {
  float32,  ///< operands as they are: for checks against the CPU
  tf32,     ///< operands rounded to TF32 (8 bits of exponent, 10 of mantissa) for the tensor cores
  bf16,     ///< layers keep activations, and multiply, in bfloat16 (8 bits, 7 bits)
};

std::string to_string(Precision precision);
/// "float32", "tf32" or "bf16"; throws Error for any other name.
Precision precision_from_string(const std::string& name);

/// For all work that follows; tf32 from the start.
void set_precision(Precision precision);
Precision precision();

}  // namespace kintsugi

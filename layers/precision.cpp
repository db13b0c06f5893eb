#include "layers/precision.h"

#include "autograd/ops.h"
#include "tensor/precision.h"

namespace kintsugi {

DType operand_dtype(const Tensor& x) {
  const bool halved =
      precision() == Precision::bf16 && x.device() == Device::cuda && x.dtype() == DType::float32;
  return halved ? DType::bfloat16 : x.dtype();
}

Variable as_operand(const Variable& x) {
  const DType dtype = operand_dtype(x.value());
  return dtype == x.value().dtype() ? x : cast(x, dtype);
}

Variable as_result(const Variable& x) {
  return x.value().dtype() == DType::bfloat16 ? cast(x, DType::float32) : x;
}

}  // namespace kintsugi

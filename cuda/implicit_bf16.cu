#include "cuda/implicit_kernel.h"

namespace kintsugi::cuda::implicit {

using T = __nv_bfloat16;

template void multiply<Math::tensor_cores>(const ForwardPass<T>&, const Output<T>&);
template void multiply<Math::tensor_cores>(const InputGradPass<T>&, const Output<T>&);
template void multiply<Math::tensor_cores>(const WeightGradPass<T>&, const Output<T>&);

// For GPUs whose tensor cores do not know it.
template void multiply<Math::fma>(const ForwardPass<T>&, const Output<T>&);
template void multiply<Math::fma>(const InputGradPass<T>&, const Output<T>&);
template void multiply<Math::fma>(const WeightGradPass<T>&, const Output<T>&);

}  // namespace kintsugi::cuda::implicit

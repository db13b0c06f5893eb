#include "cuda/implicit_kernel.h"

namespace kintsugi::cuda::implicit {

template void multiply<Math::fma>(const ForwardPass<double>&, const Output<double>&);
template void multiply<Math::fma>(const InputGradPass<double>&, const Output<double>&);
template void multiply<Math::fma>(const WeightGradPass<double>&, const Output<double>&);

}  // namespace kintsugi::cuda::implicit

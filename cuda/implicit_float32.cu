#include "cuda/implicit_kernel.h"

namespace kintsugi::cuda::implicit {

template void multiply<Math::fma>(const ForwardPass<float>&, const Output<float>&);
template void multiply<Math::fma>(const InputGradPass<float>&, const Output<float>&);
template void multiply<Math::fma>(const WeightGradPass<float>&, const Output<float>&);

}  // namespace kintsugi::cuda::implicit

#include "cuda/implicit_kernel.h"

namespace kintsugi::cuda::implicit {

template void multiply<Math::tensor_cores>(const ForwardPass<float>&, const Output<float>&);
template void multiply<Math::tensor_cores>(const InputGradPass<float>&, const Output<float>&);
template void multiply<Math::tensor_cores>(const WeightGradPass<float>&, const Output<float>&);

}  // namespace kintsugi::cuda::implicit

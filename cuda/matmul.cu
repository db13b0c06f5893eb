#include "cuda/backend.h"
#include "cuda/gemm.h"
#include "cuda/types.h"

namespace kintsugi {

void CudaBackend::matmul(const Tensor& a, bool transpose_a, const Tensor& b, bool transpose_b,
                         Tensor& y) {
  cuda::dispatch_cuda(y.dtype(), [&]<class T>(T) {
    cuda::multiply<T>({.batch = y.size(0),
                       .rows = y.size(1),
                       .columns = y.size(2),
                       .depth = a.size(transpose_a ? 1 : 2),
                       .a = a.data<T>(),
                       .transpose_a = transpose_a,
                       .b = b.data<T>(),
                       .transpose_b = transpose_b,
                       .c = y.data<T>()});
  });
}

}  // namespace kintsugi

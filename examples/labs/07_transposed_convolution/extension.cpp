// Lab 7, extension. `make lab-run LAB=7` builds this with your file and runs it.
//
// Puts a transposed convolution with weights of 1 on a map of 1 and prints how many copies of the
// kernel meet at each pixel of one row. Where these numbers differ from pixel to pixel, so do the
// pictures that a network makes with it: a checkerboard (Odena et al., "Deconvolution and
// Checkerboard Artifacts", Distill, 2016).
#include <fmt/core.h>

#include "autograd/ops.h"

int main() {
  using namespace kintsugi;
  const NoGrad no_grad;
  const int64_t stride = 2;
  for (int64_t kernel = 1; kernel <= 6; ++kernel) {
    const Variable x(Tensor::full({1, 12, 12, 1}, 1));
    const Variable w(Tensor::full({kernel, kernel, 1, 1}, 1));
    const Tensor y = conv_transpose2d(x, w, {}, {.stride = stride}).value();
    fmt::print("kernel {}, stride {}: ", kernel, stride);
    const float* row = y.data<float>() + 4 * stride * y.size(2);
    for (int64_t column = 4 * stride; column < 4 * stride + 8; ++column)
      fmt::print(" {:2g}", row[column]);
    fmt::print("\n");
  }
}

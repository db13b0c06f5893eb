#pragma once
#include "tensor/backend.h"

/// The ladder of convolution kernels, each rung faster than the one before (docs/cuda.md). All take
/// what Backend::conv2d and its gradients take (tensor/backend.h): x [N, H, W, in], w [kh, kw, in,
/// out], y and dy [N, OH, OW, out]; any stride, padding and dilation, float32, float64 and, but for
/// rung 4, bfloat16.
namespace kintsugi::cuda {

/// Rung 1, conv_naive.cu: one thread an output, which sums its window up.
namespace naive {
void forward(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
             Tensor& y);
void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                Tensor& dx);
void weight_grad(const Tensor& x, const Tensor& dy, const Window& window, Tensor& dw);
}  // namespace naive

/// Rung 2, conv_im2col.cu: windows copied out as rows of a matrix, in blocks; cuBLAS multiplies.
namespace patches {
void forward(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
             Tensor& y);
void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                Tensor& dx);
void weight_grad(const Tensor& x, const Tensor& dy, const Window& window, Tensor& dw);
}  // namespace patches

/// Rung 3, conv_implicit.cu: the same matrix product, whose patches exist only as tiles in shared
/// memory; tensor cores multiply where precision() allows.
namespace implicit {
void forward(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
             Tensor& y);
void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                Tensor& dx);
void weight_grad(const Tensor& x, const Tensor& dy, const Window& window, Tensor& dw);
}  // namespace implicit

/// Rung 4, winograd.cu: fewer multiplications, F(4x4, 3x3) or F(2x2, 3x3), for kernels of 3x3 and
/// stride 1. Like rung 2 it takes maps that have elements only.
namespace winograd {
bool can_run(const Window& window, DType dtype);
void forward(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
             KeptWeights* kept, Tensor& y);
void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                KeptWeights* kept, Tensor& dx);
void weight_grad(const Tensor& x, const Tensor& dy, const Window& window, Tensor& dw);
}  // namespace winograd

}  // namespace kintsugi::cuda

#include "cuda/backend.h"
#include "cuda/conv_choice.h"
#include "cuda/conv_rungs.h"

namespace kintsugi {

using namespace cuda;

void CudaBackend::conv2d(const Tensor& x, const Tensor& w, const Window& window,
                         const Epilogue& epilogue, KeptWeights* kept, Tensor& y) {
  const auto run = [&](ConvAlgorithm algorithm, KeptWeights* forms) {
    switch (algorithm) {
      case ConvAlgorithm::naive:
        return naive::forward(x, w, window, epilogue, y);
      case ConvAlgorithm::patches:
        return patches::forward(x, w, window, epilogue, y);
      case ConvAlgorithm::winograd:
        return winograd::forward(x, w, window, epilogue, forms, y);
      default:
        return implicit::forward(x, w, window, epilogue, y);
    }
  };
  const ConvKind kind{ConvPass::forward, x.shape(),   y.shape(),      window,
                      y.dtype(),         precision(), kept != nullptr};
  run(choose_algorithm(kind, run), kept);
}

void CudaBackend::conv2d_input_grad(const Tensor& dy, const Tensor& w, const Window& window,
                                    const Epilogue& epilogue, KeptWeights* kept, Tensor& dx) {
  const auto run = [&](ConvAlgorithm algorithm, KeptWeights* forms) {
    switch (algorithm) {
      case ConvAlgorithm::naive:
        return naive::input_grad(dy, w, window, epilogue, dx);
      case ConvAlgorithm::patches:
        return patches::input_grad(dy, w, window, epilogue, dx);
      case ConvAlgorithm::winograd:
        return winograd::input_grad(dy, w, window, epilogue, forms, dx);
      default:
        return implicit::input_grad(dy, w, window, epilogue, dx);
    }
  };
  const ConvKind kind{ConvPass::input_grad, dx.shape(),  dy.shape(),     window,
                      dx.dtype(),           precision(), kept != nullptr};
  run(choose_algorithm(kind, run), kept);
}

void CudaBackend::conv2d_weight_grad(const Tensor& x, const Tensor& dy, const Window& window,
                                     Tensor& dw) {
  const auto run = [&](ConvAlgorithm algorithm, KeptWeights*) {
    switch (algorithm) {
      case ConvAlgorithm::naive:
        return naive::weight_grad(x, dy, window, dw);
      case ConvAlgorithm::patches:
        return patches::weight_grad(x, dy, window, dw);
      case ConvAlgorithm::winograd:
        return winograd::weight_grad(x, dy, window, dw);
      default:
        return implicit::weight_grad(x, dy, window, dw);
    }
  };
  const ConvKind kind{ConvPass::weight_grad, x.shape(), dy.shape(), window, dw.dtype(),
                      precision(),           false};
  run(choose_algorithm(kind, run), nullptr);
}

}  // namespace kintsugi

// The convolution family: which taps take part at all, and which rung of the ladder computes it.
#include <algorithm>

#include "cuda/backend.h"
#include "cuda/conv_choice.h"
#include "cuda/conv_rungs.h"

namespace kintsugi {
namespace {

using namespace cuda;

// ---- taps that only ever meet padding -----------------------------------------------------------

/// The taps [first, first + count) of a kernel, along one axis.
struct Taps {
  int64_t first, count;
  bool operator==(const Taps&) const = default;
};

/// Those of `kernel` taps that touch an axis of `size` from some of its `outputs`. A dilation as
/// large as the map leaves the middle one alone.
Taps live_taps(int64_t kernel, int64_t size, int64_t outputs, const Window& window) {
  const auto is_dead = [&](int64_t tap) {
    const int64_t position = tap * window.dilation - window.padding;  // seen by output 0
    return position + (outputs - 1) * window.stride < 0 || position >= size;
  };
  int64_t first = 0, last = kernel;
  while (first < last && is_dead(first)) ++first;
  while (first < last && is_dead(last - 1)) --last;
  return {first, last - first};
}

/// A convolution without its dead taps, of those that rows and columns both lose.
struct LiveWindow {
  LiveWindow(const Shape& x, const Shape& y, const Window& all) : window(all) {
    rows = live_taps(all.kernel_h, x[1], y[1], all);
    columns = live_taps(all.kernel_w, x[2], y[2], all);
    const int64_t padding = all.padding - rows.first * all.dilation;
    const bool fits = rows.first == columns.first && padding >= 0 && rows.count * columns.count > 0;
    if (!fits) rows = {0, all.kernel_h}, columns = {0, all.kernel_w};
    any_dead = rows.count < all.kernel_h || columns.count < all.kernel_w;
    window.kernel_h = rows.count;
    window.kernel_w = columns.count;
    window.padding -= rows.first * all.dilation;
  }

  /// Where the live ones lie in weights [kh, kw, in, out].
  Backend::StridedView place_in(const Tensor& w) const {
    const auto strides = contiguous_strides(w.shape());
    return {.offset = rows.first * strides[0] + columns.first * strides[1], .strides = strides};
  }
  Tensor empty_like(const Tensor& w) const {
    return Tensor::empty({rows.count, columns.count, w.size(2), w.size(3)}, w.options());
  }
  Tensor weights(const Tensor& w, KeptWeights* kept) const {
    const auto cut = [&] {
      Tensor part = empty_like(w);
      cuda_backend().copy_strided(w, place_in(w), part,
                                  {.strides = contiguous_strides(part.shape())}, part.shape());
      return part;
    };
    if (kept == nullptr) return cut();
    return kept->get({rows.first, rows.count, columns.first, columns.count}, cut);
  }

  Window window;
  Taps rows, columns;
  bool any_dead;
};

// ---- the rungs ----------------------------------------------------------------------------------

void run_forward(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
                 KeptWeights* kept, Tensor& y) {
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

void run_input_grad(const Tensor& dy, const Tensor& w, const Window& window,
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

void run_weight_grad(const Tensor& x, const Tensor& dy, const Window& window, Tensor& dw) {
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

}  // namespace

void CudaBackend::conv2d(const Tensor& x, const Tensor& w, const Window& window,
                         const Epilogue& epilogue, KeptWeights* kept, Tensor& y) {
  const LiveWindow live(x.shape(), y.shape(), window);
  if (live.any_dead)
    run_forward(x, live.weights(w, kept), live.window, epilogue, nullptr, y);
  else
    run_forward(x, w, window, epilogue, kept, y);
}

void CudaBackend::conv2d_input_grad(const Tensor& dy, const Tensor& w, const Window& window,
                                    const Epilogue& epilogue, KeptWeights* kept, Tensor& dx) {
  const LiveWindow live(dx.shape(), dy.shape(), window);
  if (live.any_dead)
    run_input_grad(dy, live.weights(w, kept), live.window, epilogue, nullptr, dx);
  else
    run_input_grad(dy, w, window, epilogue, kept, dx);
}

void CudaBackend::conv2d_weight_grad(const Tensor& x, const Tensor& dy, const Window& window,
                                     Tensor& dw) {
  const LiveWindow live(x.shape(), dy.shape(), window);
  if (!live.any_dead) return run_weight_grad(x, dy, window, dw);
  Tensor part = live.empty_like(dw);
  run_weight_grad(x, dy, live.window, part);
  fill(dw, 0);
  copy_strided(part, {.strides = contiguous_strides(part.shape())}, dw, live.place_in(dw),
               part.shape());
}

}  // namespace kintsugi

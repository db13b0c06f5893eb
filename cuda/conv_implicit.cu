// Rung 3: the matrix product of rung 2 without its matrices. Read on in this order:
// implicit_passes.h (which products), implicit_operands.h (where their elements lie),
// implicit_tiles.h (into shared memory), implicit_sums.h (multiply), implicit_kernel.h (the loop).
#include <limits>

#include "cuda/context.h"
#include "cuda/conv_rungs.h"
#include "cuda/implicit_passes.h"
#include "tensor/error.h"
#include "tensor/precision.h"

namespace kintsugi::cuda::implicit {
namespace {

/// The extent as the 32-bit number that kernels count with.
int count(int64_t extent, const char* what) {
  if (extent >= std::numeric_limits<int>::max())
    throw Error(
        fmt::format("conv2d: {} {} are more than a CUDA kernel counts, 2147483646", extent, what));
  return static_cast<int>(extent);
}

int pixels_of(const Tensor& map) {
  return count(map.size(0) * map.size(1) * map.size(2), "pixels");
}

/// How windows stand on an axis of x.
Axis window_axis(int64_t outputs, int64_t size, int64_t kernel, const Window& window) {
  return {.outputs = static_cast<int>(outputs),
          .taps = static_cast<int>(kernel),
          .size = static_cast<int>(size),
          .step = static_cast<int>(window.stride),
          .origin = -static_cast<int>(window.padding),
          .tap_step = static_cast<int>(window.dilation)};
}

/// The patches of x [N, H, W, in] that make y [N, OH, OW, out].
template <class T>
Patches<T> patches_of(const Tensor& x, const Tensor& y, const Window& window) {
  pixels_of(x);
  pixels_of(y);
  count(window.kernel_h * window.kernel_w * x.size(3), "numbers of a patch");
  return Patches<T>(x.data<T>(), static_cast<int>(x.size(0)),
                    window_axis(y.size(1), x.size(1), window.kernel_h, window),
                    window_axis(y.size(2), x.size(2), window.kernel_w, window),
                    static_cast<int>(x.size(3)));
}

template <class T>
Output<T> output_of(Tensor& y, const Epilogue& epilogue) {
  return {.values = y.data<T>(),
          .numel = y.numel(),
          .columns = count(y.size(3), "channels"),
          .bias = epilogue.bias.defined() ? epilogue.bias.data<Accumulate<T>>() : nullptr,
          .relu = epilogue.relu};
}

/// Tensor cores for bfloat16, and where they may round float32 to TF32: where there are some that
/// do.
template <class Pass>
void run(const Pass& pass, const Output<typename Pass::Element>& output) {
  using T = typename Pass::Element;
  if constexpr (!std::is_same_v<T, double>) {
    const bool rounded = std::is_same_v<T, __nv_bfloat16> || precision() != Precision::float32;
    if (rounded && context().properties.major >= 8)
      return multiply<Math::tensor_cores>(pass, output);
  }
  multiply<Math::fma>(pass, output);
}

}  // namespace

void forward(const Tensor& x, const Tensor& w, const Window& window, const Epilogue& epilogue,
             Tensor& y) {
  dispatch_cuda(y.dtype(), [&]<class T>(T) {
    const Patches<T> patches = patches_of<T>(x, y, window);
    const int out = count(y.size(3), "channels");
    run(ForwardPass<T>{{.left = {patches},
                        .right = {w.data<T>(), patches.size, out},
                        .rows = patches.pixels,
                        .columns = out,
                        .depth = patches.size}},
        output_of<T>(y, epilogue));
  });
}

void input_grad(const Tensor& dy, const Tensor& w, const Window& window, const Epilogue& epilogue,
                Tensor& dx) {
  dispatch_cuda(dx.dtype(), [&]<class T>(T) {
    pixels_of(dx);
    pixels_of(dy);
    count(w.size(0) * w.size(1) * w.size(3), "numbers of a patch");
    run(InputGradPass<T>{.dy = dy.data<T>(),
                         .weights = w.data<T>(),
                         .batch = static_cast<int>(dx.size(0)),
                         .height = static_cast<int>(dx.size(1)),
                         .width = static_cast<int>(dx.size(2)),
                         .dy_height = static_cast<int>(dy.size(1)),
                         .dy_width = static_cast<int>(dy.size(2)),
                         .in = count(dx.size(3), "channels"),
                         .out = count(dy.size(3), "channels"),
                         .kernel_h = static_cast<int>(window.kernel_h),
                         .kernel_w = static_cast<int>(window.kernel_w),
                         .stride = static_cast<int>(window.stride),
                         .padding = static_cast<int>(window.padding),
                         .dilation = static_cast<int>(window.dilation)},
        output_of<T>(dx, epilogue));
  });
}

void weight_grad(const Tensor& x, const Tensor& dy, const Window& window, Tensor& dw) {
  dispatch_cuda(dw.dtype(), [&]<class T>(T) {
    const Patches<T> patches = patches_of<T>(x, dy, window);
    const int out = count(dy.size(3), "channels");
    run(WeightGradPass<T>{{.left = {patches},
                           .right = {dy.data<T>(), patches.pixels, out},
                           .rows = patches.size,
                           .columns = out,
                           .depth = patches.pixels}},
        output_of<T>(dw, {}));
  });
}

}  // namespace kintsugi::cuda::implicit

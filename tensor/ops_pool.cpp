#include "tensor/ops.h"
#include "tensor/ops_check.h"
#include "tensor/profiler.h"

namespace kintsugi::ops {
namespace {

constexpr const char* kMapLayout = "[N, H, W, C]";

/// The shape that a window walking over x leaves.
Shape pooled_shape(const char* op, const Tensor& x, const Window& window) {
  check_rank(op, "input", x, 4, kMapLayout);
  return {x.size(0), conv_output_size(op, x.size(1), window.kernel_h, window),
          conv_output_size(op, x.size(2), window.kernel_w, window), x.size(3)};
}

/// Throws where some window of an axis holds nothing but padding: it would have no maximum.
void check_no_empty_window(int64_t input, int64_t outputs, int64_t kernel, const Window& window) {
  for (int64_t output = 0; output < outputs; ++output) {
    bool sees_map = false;
    for (int64_t tap = 0; tap < kernel; ++tap) {
      const int64_t at = output * window.stride + tap * window.dilation - window.padding;
      sees_map = sees_map || (at >= 0 && at < input);
    }
    check_shape(sees_map,
                "max_pool2d: with kernel {}, padding {} and dilation {}, window {} on a map of {} "
                "holds nothing but padding",
                kernel, window.padding, window.dilation, output, input);
  }
}

/// The largest pixel number that the dtype holds exactly.
int64_t max_index(DType dtype) {
  return dtype == DType::float32 ? int64_t{1} << 24 : int64_t{1} << 53;
}

void check_map_index(const char* op, const Tensor& map, const Tensor& index) {
  check_rank(op, "map", map, 4, kMapLayout);
  check_rank(op, "index", index, 4, kMapLayout);
  check_alike(op, map, index);
}

}  // namespace

MaxPool max_pool2d(const Tensor& x, Window window) {
  const Shape shape = pooled_shape("max_pool2d", x, window);
  check_no_empty_window(x.size(1), shape[1], window.kernel_h, window);
  check_no_empty_window(x.size(2), shape[2], window.kernel_w, window);
  check_shape(x.size(1) * x.size(2) <= max_index(x.dtype()),
              "max_pool2d: a map of {} has more pixels than {} can number", x.shape(),
              to_string(x.dtype()));
  MaxPool result{Tensor::empty(shape, x.options()), Tensor::empty(shape, x.options())};
  const OpSpan span("max_pool2d", moving(x, result.y, result.index));
  backend(x.device()).max_pool2d(x, window, result.y, result.index);
  return result;
}

Tensor max_pool2d_gather(const Tensor& x, const Tensor& index) {
  check_map_index("max_pool2d_gather", x, index);
  check_shape(x.size(0) == index.size(0) && x.size(3) == index.size(3),
              "max_pool2d_gather: map {} and index {} differ in batch or channels", x.shape(),
              index.shape());
  Tensor y = Tensor::empty(index.shape(), x.options());
  const OpSpan span("max_pool2d_gather", moving(x, index, y));
  backend(x.device()).max_pool2d_gather(x, index, y);
  return y;
}

Tensor max_pool2d_grad(const Tensor& dy, const Tensor& index, int64_t height, int64_t width) {
  check_map_index("max_pool2d_grad", dy, index);
  check_has_shape("max_pool2d_grad", "dy", dy, index.shape());
  Tensor dx = Tensor::empty({dy.size(0), height, width, dy.size(3)}, dy.options());
  const OpSpan span("max_pool2d_grad", moving(dy, index, dx));
  backend(dy.device()).max_pool2d_grad(dy, index, dx);
  return dx;
}

Tensor avg_pool2d(const Tensor& x, Window window) {
  Tensor y = Tensor::empty(pooled_shape("avg_pool2d", x, window), x.options());
  const OpSpan span("avg_pool2d", moving(x, y));
  backend(x.device()).avg_pool2d(x, window, y);
  return y;
}

Tensor avg_pool2d_grad(const Tensor& dy, Window window, int64_t height, int64_t width) {
  check_rank("avg_pool2d_grad", "dy", dy, 4, kMapLayout);
  Tensor dx = Tensor::empty({dy.size(0), height, width, dy.size(3)}, dy.options());
  check_has_shape("avg_pool2d_grad", "dy", dy, pooled_shape("avg_pool2d_grad", dx, window));
  const OpSpan span("avg_pool2d_grad", moving(dy, dx));
  backend(dy.device()).avg_pool2d_grad(dy, window, dx);
  return dx;
}

namespace {

void check_sizes(const char* op, const Tensor& x, int64_t height, int64_t width) {
  check_rank(op, "input", x, 4, kMapLayout);
  check_shape(x.size(1) > 0 && x.size(2) > 0 && height > 0 && width > 0,
              "{}: neither {} nor the other size, {} x {}, may be without pixels", op, x.shape(),
              height, width);
}

}  // namespace

Tensor resize2d(const Tensor& x, int64_t height, int64_t width, Interpolation mode) {
  check_sizes("resize2d", x, height, width);
  Tensor y = Tensor::empty({x.size(0), height, width, x.size(3)}, x.options());
  const OpSpan span("resize2d", moving(x, y));
  backend(x.device()).resize2d(x, mode, y);
  return y;
}

Tensor resize2d_grad(const Tensor& dy, int64_t height, int64_t width, Interpolation mode) {
  check_sizes("resize2d_grad", dy, height, width);
  Tensor dx = Tensor::empty({dy.size(0), height, width, dy.size(3)}, dy.options());
  const OpSpan span("resize2d_grad", moving(dy, dx));
  backend(dy.device()).resize2d_grad(dy, mode, dx);
  return dx;
}

}  // namespace kintsugi::ops

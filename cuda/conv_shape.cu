#include <algorithm>
#include <atomic>
#include <limits>

#include "cuda/conv_scratch.h"
#include "cuda/conv_shape.h"
#include "tensor/error.h"

namespace kintsugi::cuda {
namespace {

std::atomic<int64_t> scratch_bytes{int64_t{64} << 20};

}  // namespace

int64_t conv_scratch_bytes() { return scratch_bytes; }
void set_conv_scratch_bytes(int64_t bytes) { scratch_bytes = bytes; }

int64_t conv_block_rows(int64_t rows, int64_t row_bytes) {
  const int64_t most = std::min<int64_t>(scratch_bytes, std::numeric_limits<int>::max());
  return std::clamp<int64_t>(most / row_bytes, 1, rows);
}

ConvShape conv_shape(const Shape& x, const Shape& y, const Window& window) {
  constexpr int64_t kLargest = std::numeric_limits<int>::max();
  check_shape(x[0] * x[1] * x[2] <= kLargest && y[0] * y[1] * y[2] <= kLargest,
              "device cuda: a convolution of {} to {} has more than {} pixels in a batch of maps",
              x, y, kLargest);
  check_shape(
      window.kernel_h * window.kernel_w * x[3] * y[3] <= kLargest,
      "device cuda: a convolution of {} to {} by a kernel of {}x{} has more than {} weights", x, y,
      window.kernel_h, window.kernel_w, kLargest);
  const auto extent = [](int64_t number) { return static_cast<int>(number); };
  return {.batch = extent(x[0]),
          .height = extent(x[1]),
          .width = extent(x[2]),
          .in = extent(x[3]),
          .kernel_h = extent(window.kernel_h),
          .kernel_w = extent(window.kernel_w),
          .stride = extent(window.stride),
          .padding = extent(window.padding),
          .dilation = extent(window.dilation),
          .rows = extent(y[1]),
          .columns = extent(y[2]),
          .out = extent(y[3])};
}

}  // namespace kintsugi::cuda

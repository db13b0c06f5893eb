#include "glcic/pictures/pixel_mask.h"

#include <algorithm>

#include "tensor/error.h"

namespace kintsugi {

PixelMask::PixelMask(const Tensor& mask) : PixelMask(mask.size(0), mask.size(1)) {
  check_shape(mask.rank() == 2 || (mask.rank() == 3 && mask.size(2) == 1),
              "PixelMask: a mask is [H, W] or [H, W, 1], not {}", mask.shape());
  const Tensor values = mask.to(Device::cpu).to(DType::float32);
  std::transform(values.data<float>(), values.data<float>() + values.numel(), pixels_.begin(),
                 [](float value) { return static_cast<uint8_t>(value != 0.0f); });
}

int64_t PixelMask::count() const { return std::count(pixels_.begin(), pixels_.end(), 1); }

Hole PixelMask::bounding_box() const {
  int64_t left = width_, right = 0, top = height_, bottom = 0;
  for (int64_t y = 0; y < height_; ++y) {
    const uint8_t *begin = row(y), *end = begin + width_;
    const uint8_t* first = std::find(begin, end, 1);
    if (first == end) continue;
    const auto last =
        std::find(std::make_reverse_iterator(end), std::make_reverse_iterator(first), uint8_t{1});
    left = std::min(left, first - begin);
    right = std::max(right, last.base() - begin);
    top = std::min(top, y);
    bottom = y + 1;
  }
  return bottom == 0 ? Hole{} : Hole{left, top, right - left, bottom - top};
}

bool PixelMask::touches_border() const {
  const Hole box = bounding_box();
  return box.width > 0 &&
         (box.x == 0 || box.y == 0 || box.x + box.width == width_ || box.y + box.height == height_);
}

Tensor PixelMask::tensor(const Hole& window) const {
  const Tensor values = Tensor::empty({window.height, window.width, 1});
  float* out = values.data<float>();
  for (int64_t y = window.y; y < window.y + window.height; ++y)
    out = std::copy_n(row(y) + window.x, window.width, out);
  return values;
}

void PixelMask::add(const Hole& rectangle) {
  check(rectangle.x >= 0 && rectangle.y >= 0 && rectangle.width > 0 && rectangle.height > 0 &&
            rectangle.x <= width_ - rectangle.width && rectangle.y <= height_ - rectangle.height,
        "the rectangle {},{},{},{} (x, y, width, height) does not lie inside a picture of {} x {} "
        "pixels",
        rectangle.x, rectangle.y, rectangle.width, rectangle.height, width_, height_);
  for (int64_t y = rectangle.y; y < rectangle.y + rectangle.height; ++y)
    std::fill_n(row(y) + rectangle.x, rectangle.width, uint8_t{1});
}

}  // namespace kintsugi

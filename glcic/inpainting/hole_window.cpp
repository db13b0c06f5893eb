#include "glcic/inpainting/hole_window.h"

#include <algorithm>
#include <cmath>

#include "glcic/mask.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

template <class T>
void write_hole(const HoleWindow& window, const Tensor& picture) {
  const int64_t picture_width = picture.size(1), channels = window.channels;
  for (int64_t row = 0; row < window.height; ++row)
    for (int64_t column = 0; column < window.width; ++column) {
      const int64_t from = row * window.width + column;
      if (window.hole[static_cast<size_t>(from)] == 0) continue;
      const int64_t to = (row + window.top) * picture_width + column + window.left;
      for (int64_t c = 0; c < channels; ++c)
        picture.data<T>()[to * channels + c] =
            static_cast<T>(window.values[static_cast<size_t>(from * channels + c)]);
    }
}

}  // namespace

HoleWindow hole_window(const char* op, const Tensor& picture, const Tensor& mask, int64_t margin) {
  check_shape(picture.rank() == 3 && picture.numel() > 0, "{}: a picture is [H, W, C], not {}", op,
              picture.shape());
  check_shape((mask.rank() == 2 || (mask.rank() == 3 && mask.size(2) == 1)) &&
                  mask.size(0) == picture.size(0) && mask.size(1) == picture.size(1),
              "{}: mask {} does not fit picture {}", op, mask.shape(), picture.shape());
  check(picture.dtype() == DType::float32 || picture.dtype() == DType::float64,
        "{}: a picture is float32 or float64, not {}", op, to_string(picture.dtype()));
  HoleWindow window;
  window.channels = picture.size(2);
  if (ops::max(mask).item() == 0.0) return window;

  const Hole box = bounding_box(mask);
  window.top = std::max<int64_t>(0, box.y - margin);
  window.left = std::max<int64_t>(0, box.x - margin);
  window.height = std::min(picture.size(0), box.y + box.height + margin) - window.top;
  window.width = std::min(picture.size(1), box.x + box.width + margin) - window.left;
  window.values = values_in(window, picture);
  const Tensor rows = ops::slice(mask, 0, window.top, window.height);
  const std::vector<double> marks = ops::slice(rows, 1, window.left, window.width).to_vector();
  window.hole.resize(marks.size());
  std::transform(marks.begin(), marks.end(), window.hole.begin(),
                 [](double mark) { return static_cast<uint8_t>(mark != 0.0); });
  check(std::find(window.hole.begin(), window.hole.end(), 0) != window.hole.end(),
        "{}: the hole covers the whole picture, so that there is nothing to fill it from", op);
  for (size_t i = 0; i < window.values.size(); ++i) {
    double& value = window.values[i];
    if (window.hole[i / static_cast<size_t>(window.channels)] != 0) value = 0.0;
    check(std::isfinite(value), "{}: the picture holds a value that is not finite", op);
  }
  return window;
}

std::vector<double> values_in(const HoleWindow& window, const Tensor& picture) {
  const Tensor rows = ops::slice(picture, 0, window.top, window.height);
  return ops::slice(rows, 1, window.left, window.width).to_vector();
}

Tensor with_hole_filled(const Tensor& picture, const HoleWindow& window) {
  Tensor filled = picture.clone();
  if (picture.dtype() == DType::float32)
    write_hole<float>(window, filled);
  else
    write_hole<double>(window, filled);
  return filled;
}

}  // namespace kintsugi

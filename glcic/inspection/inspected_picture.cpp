#include "glcic/inspection/inspected_picture.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "glcic/completer.h"
#include "glcic/image_ops.h"
#include "tensor/ops.h"

namespace kintsugi {
namespace {

/// `length` pixels round the middle of [first, first + hole), inside an axis of `extent`.
int64_t window_start(int64_t first, int64_t hole, int64_t length, int64_t extent) {
  return std::clamp<int64_t>(first + hole / 2 - length / 2, 0, extent - length);
}

Hole window_round(const Hole& box, int64_t side, int64_t height, int64_t width) {
  const int64_t rows = std::min(side, height), columns = std::min(side, width);
  return {window_start(box.x, box.width, columns, width),
          window_start(box.y, box.height, rows, height), columns, rows};
}

Tensor scaled_mask(const Tensor& mask, int64_t height, int64_t width) {
  return ops::greater(resize_image(mask, height, width), Tensor::zeros({1}));
}

std::string note_on(const Photograph& photograph, const Hole& window, double scale) {
  if (window == photograph.frame() && scale == 1.0) return "";
  return fmt::format(
      "The picture has {} × {} pixels (width × height); this page shows {} × {} of them round the "
      "hole, columns {} to {} and rows {} to {}{}, and the network sees these alone.",
      photograph.width(), photograph.height(), window.width, window.height, window.x,
      window.x + window.width - 1, window.y, window.y + window.height - 1,
      scale == 1.0 ? "" : fmt::format(", scaled to {:.0f} %", 100 * scale));
}

}  // namespace

InspectedPicture inspected_picture(const Photograph& photograph, const PixelMask& hole,
                                   const Model& model, int64_t limit) {
  check_fits(model, photograph.height(), photograph.width());
  if (model.only_size > 0) limit = std::max(limit, model.only_size);
  const bool fits = std::max(photograph.height(), photograph.width()) <= limit;
  const Hole box = hole.bounding_box();
  const double scale =
      fits ? 1.0
           : std::min(1.0, 0.5 * static_cast<double>(limit) /
                               static_cast<double>(std::max(box.width, box.height)));
  const auto scaled = [&](int64_t length) {
    return std::clamp<int64_t>(std::lround(scale * static_cast<double>(length)), 1, limit);
  };
  const auto side = static_cast<int64_t>(static_cast<double>(limit) / scale);
  const Hole window =
      fits ? photograph.frame() : window_round(box, side, photograph.height(), photograph.width());

  InspectedPicture picture{.rgb = photograph.rgb(window),
                           .mask = hole.tensor(window),
                           .note = note_on(photograph, window, scale)};
  if (scale < 1.0) {
    picture.rgb = resize_image(picture.rgb, scaled(window.height), scaled(window.width));
    picture.mask = scaled_mask(picture.mask, picture.rgb.size(0), picture.rgb.size(1));
  }
  picture.rgb = pad_by_repetition(picture.rgb);
  picture.mask = pad_by_repetition(picture.mask);
  return picture;
}

SquareView square_view(const Tensor& mask, int64_t size) {
  const int64_t side = std::min(mask.size(0), mask.size(1));
  return {window_round(bounding_box(mask), side, mask.size(0), mask.size(1)), size};
}

Tensor SquareView::of_picture(const Tensor& rgb) const {
  return resize_image(crop_image(rgb, square.x, square.y, square.width, square.height), size, size);
}

Tensor SquareView::of_mask(const Tensor& mask) const {
  return scaled_mask(crop_image(mask, square.x, square.y, square.width, square.height), size, size);
}

}  // namespace kintsugi

#include "glcic/mask.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

#include "tensor/error.h"
#include "tensor/io/image.h"

namespace kintsugi {
namespace {

// lab 10: hide
/// ⌊a / 2⌋, also for negative a.
int64_t floor_half(int64_t a) { return (a - (a < 0 ? 1 : 0)) / 2; }
// lab 10: end

/// All kept. Filled on this thread: loader threads make masks side by side.
Tensor blank_mask(const Shape& shape) {
  const Tensor mask = Tensor::empty(shape);
  std::fill_n(mask.data<float>(), mask.numel(), 0.0f);
  return mask;
}

void fill_hole(const Hole& hole, float* mask, int64_t height, int64_t width) {
  // lab 10: begin 1 in the hole, or an Error where it leaves the picture
  check(hole.x >= 0 && hole.y >= 0 && hole.width > 0 && hole.height > 0 &&
            hole.x + hole.width <= width && hole.y + hole.height <= height,
        "mask: a hole of {} x {} (width x height) at column {}, row {} does not lie inside {} x {} "
        "pixels",
        hole.width, hole.height, hole.x, hole.y, width, height);
  for (int64_t row = hole.y; row < hole.y + hole.height; ++row)
    std::fill_n(mask + row * width + hole.x, hole.width, 1.0f);
  // lab 10: end
}

struct Point {
  double x, y;
};

/// Sets every pixel whose centre lies within `radius` of the segment from `a` to `b`.
void paint_segment(Point a, Point b, double radius, const Tensor& mask) {
  const int64_t height = mask.size(0), width = mask.size(1);
  const auto first = [](double edge, int64_t end) {
    return std::clamp(static_cast<int64_t>(std::floor(edge)), int64_t{0}, end);
  };
  const int64_t left = first(std::min(a.x, b.x) - radius, width);
  const int64_t right = first(std::max(a.x, b.x) + radius + 1.0, width);
  const int64_t top = first(std::min(a.y, b.y) - radius, height);
  const int64_t bottom = first(std::max(a.y, b.y) + radius + 1.0, height);
  const double dx = b.x - a.x, dy = b.y - a.y;
  const double length_squared = std::max(dx * dx + dy * dy, 1e-12);
  for (int64_t row = top; row < bottom; ++row)
    for (int64_t column = left; column < right; ++column) {
      const double px = static_cast<double>(column) + 0.5 - a.x;
      const double py = static_cast<double>(row) + 0.5 - a.y;
      const double along = std::clamp((px * dx + py * dy) / length_squared, 0.0, 1.0);
      if (std::hypot(px - along * dx, py - along * dy) <= radius)
        mask.data<float>()[row * width + column] = 1.0f;
    }
}

void paint_stroke(const FreeFormOptions& options, Generator& generator, const Tensor& mask) {
  const auto height = static_cast<double>(mask.size(0)), width = static_cast<double>(mask.size(1));
  const double unit = std::min(height, width);
  const double brush = generator.uniform(options.min_brush, options.max_brush) * unit;
  // At least a pixel wide, so that a stroke always covers some pixel's centre.
  const double radius = std::max(0.5 * brush, 0.75);
  const int64_t vertices = generator.integer(options.min_vertices, options.max_vertices);
  const double first_angle = generator.uniform(0.0, 2.0 * std::numbers::pi);
  Point at{generator.uniform() * width, generator.uniform() * height};
  for (int64_t vertex = 0; vertex < vertices; ++vertex) {
    // Every second piece turns back, as in Yu et al.: a stroke folds rather than runs away.
    const double turn = generator.uniform(-0.25, 0.25) * std::numbers::pi;
    const double angle = first_angle + turn + (vertex % 2 == 0 ? 0.0 : 0.8 * std::numbers::pi);
    const double length = generator.uniform(options.min_length, options.max_length) * unit;
    const Point to{std::clamp(at.x + length * std::cos(angle), 0.0, width),
                   std::clamp(at.y + length * std::sin(angle), 0.0, height)};
    paint_segment(at, to, radius, mask);
    at = to;
  }
}

}  // namespace

HoleRange default_hole_range(int64_t size) {
  check(size >= 2, "default_hole_range: pictures of {} x {} have no room for a hole", size, size);
  return {std::max(3 * size / 8, int64_t{1}), size / 2};
}

HoleRange hole_range_from_string(const std::string& text) {
  HoleRange range;
  const char* end = text.data() + text.size();
  const auto low = std::from_chars(text.data(), end, range.low);
  const bool colon = low.ec == std::errc() && low.ptr != end && *low.ptr == ':';
  const auto high = std::from_chars(colon ? low.ptr + 1 : end, end, range.high);
  check(colon && high.ec == std::errc() && high.ptr == end && range.low >= 1 &&
            range.low <= range.high,
        "\"{}\" is not a range of hole sides such as 24:32", text);
  return range;
}

Hole random_hole(HoleRange sides, int64_t height, int64_t width, Generator& generator) {
  check(sides.low >= 1 && sides.low <= sides.high && sides.high <= std::min(height, width),
        "random_hole: sides from {} to {} do not fit pictures of {} x {} pixels", sides.low,
        sides.high, width, height);
  Hole hole;
  hole.width = generator.integer(sides.low, sides.high);
  hole.height = generator.integer(sides.low, sides.high);
  hole.x = generator.integer(0, width - hole.width);
  hole.y = generator.integer(0, height - hole.height);
  return hole;
}

std::vector<Hole> random_holes(int count, HoleRange sides, int64_t height, int64_t width,
                               Generator& generator) {
  std::vector<Hole> holes;
  for (int i = 0; i < count; ++i) holes.push_back(random_hole(sides, height, width, generator));
  return holes;
}

Hole centre_hole(int64_t size) {
  const int64_t side = size / 2, corner = (size - side) / 2;
  return {corner, corner, side, side};
}

Tensor free_form_mask(int64_t height, int64_t width, Generator& generator,
                      const FreeFormOptions& options) {
  check(height > 0 && width > 0, "free_form_mask: a mask of {} x {} pixels", width, height);
  const Tensor mask = blank_mask({height, width, 1});
  const int64_t strokes =
      std::max(generator.integer(options.min_strokes, options.max_strokes), int64_t{1});
  for (int64_t i = 0; i < strokes; ++i) paint_stroke(options, generator, mask);
  return mask;
}

Tensor mask_from_holes(std::span<const Hole> holes, int64_t height, int64_t width) {
  const Tensor mask = blank_mask({height, width, 1});
  for (const Hole& hole : holes) fill_hole(hole, mask.data<float>(), height, width);
  return mask;
}

Tensor masks_from_holes(std::span<const Hole> holes, int64_t height, int64_t width) {
  const Tensor masks = blank_mask({static_cast<int64_t>(holes.size()), height, width, 1});
  float* mask = masks.data<float>();
  for (const Hole& hole : holes) {
    fill_hole(hole, mask, height, width);
    mask += height * width;
  }
  return masks;
}

Tensor read_mask(const std::string& path, int64_t height, int64_t width) {
  const Tensor grey = read_grey(path);
  check(grey.size(0) == height && grey.size(1) == width,
        "the mask {} has {} x {} pixels, but the picture has {} x {}", path, grey.size(1),
        grey.size(0), width, height);
  float* values = grey.data<float>();
  const int64_t count = grey.numel();
  const float largest = *std::max_element(values, values + count);
  check(largest > 0.0f, "the mask {} is empty: nothing to fill", path);
  const float threshold = largest <= 1.0f / 255.0f ? 0.5f / 255.0f : 0.5f;
  check(largest > threshold, "the mask {} is empty: no value reaches 128, so nothing to fill",
        path);
  std::transform(values, values + count, values,
                 [=](float value) { return value > threshold ? 1.0f : 0.0f; });
  return grey.reshape({height, width, 1});
}

Hole bounding_box(const Tensor& mask) {
  check_shape(mask.rank() == 2 || (mask.rank() == 3 && mask.size(2) == 1),
              "bounding_box: a mask is [H, W] or [H, W, 1], not {}", mask.shape());
  const int64_t height = mask.size(0), width = mask.size(1);
  const Tensor pixels = mask.to(DType::float32);
  const float* values = pixels.data<float>();
  int64_t left = width, right = -1, top = height, bottom = -1;
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x)
      if (values[y * width + x] != 0.0f) {
        left = std::min(left, x);
        right = std::max(right, x);
        top = std::min(top, y);
        bottom = y;
      }
  check(right >= 0, "bounding_box: the mask is empty");
  return {left, top, right - left + 1, bottom - top + 1};
}

Corner local_patch_corner(const Hole& hole, int64_t size) {
  // lab 10: begin the top-left pixel of the patch
  const int64_t patch = size / 2;
  const auto corner = [&](int64_t start, int64_t side) {
    // ⌊start + side/2 − size/4⌋ in whole numbers
    return std::clamp(floor_half(2 * start + side - patch), int64_t{0}, size - patch);
  };
  return {corner(hole.x, hole.width), corner(hole.y, hole.height)};
  // lab 10: end
}

}  // namespace kintsugi

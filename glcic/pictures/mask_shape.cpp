#include "glcic/pictures/mask_shape.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/error.h"

namespace kintsugi {
namespace {

/// ⌊√n⌋
int64_t whole_root(int64_t n) {
  auto root = static_cast<int64_t>(std::sqrt(static_cast<double>(n)));
  while (root * root > n) --root;
  while ((root + 1) * (root + 1) <= n) ++root;
  return root;
}

constexpr int32_t kNever = std::numeric_limits<int32_t>::max() / 2;

/// Walks down the rows of a box, and knows for each of its columns how far above or below, within
/// the box, the nearest pixel of one kind lies.
class ColumnDistances {
 public:
  ColumnDistances(const PixelMask& mask, uint8_t kind, const Hole& box)
      : mask_(mask),
        kind_(kind),
        box_(box),
        above_(static_cast<size_t>(box.width), -kNever),
        below_(static_cast<size_t>(box.width), -1) {}

  void enter_row(int64_t y) {
    y_ = static_cast<int32_t>(y);
    for (int64_t x = 0; x < box_.width; ++x) {
      const auto column = static_cast<size_t>(x);
      if (mask_.row(y)[box_.x + x] == kind_) above_[column] = y_;
      if (below_[column] < y_) below_[column] = next_below(box_.x + x, y);
    }
  }
  /// To the nearest in column x of the box; kNever or more where there is none.
  int32_t at(int64_t x) const {
    const auto column = static_cast<size_t>(x);
    return std::min(y_ - above_[column], below_[column] - y_);
  }

 private:
  int32_t next_below(int64_t x, int64_t y) const {
    const int64_t end = box_.y + box_.height;
    while (y < end && mask_.row(y)[x] != kind_) ++y;
    return y < end ? static_cast<int32_t>(y) : 2 * (kNever - 1);
  }

  const PixelMask& mask_;
  uint8_t kind_;
  Hole box_;
  int32_t y_ = 0;
  std::vector<int32_t> above_, below_;  // rows of the nearest at or above, at or below
};

/// Calls visit(y, x, near) for the pixels of a box: whether one that is `kind` lies in the box at
/// most `radius` away. A disc is a stack of chords: in a row, a column whose nearest pixel of the
/// kind is d rows away reaches √(radius² − d²) to both sides.
template <class Visit>
void for_pixels(const PixelMask& mask, uint8_t kind, int64_t radius, const Hole& box,
                const Visit& visit) {
  std::vector<int64_t> chord;  // half its length, by rows from the centre
  for (int64_t d = 0; d <= radius; ++d) chord.push_back(whole_root(radius * radius - d * d));

  ColumnDistances distances(mask, kind, box);
  std::vector<int32_t> steps(static_cast<size_t>(box.width) + 1);  // chords that begin less end
  for (int64_t y = box.y; y < box.y + box.height; ++y) {
    distances.enter_row(y);
    std::fill(steps.begin(), steps.end(), 0);
    for (int64_t x = 0; x < box.width; ++x) {
      const int64_t distance = distances.at(x);
      if (distance > radius) continue;
      const int64_t half = chord[static_cast<size_t>(distance)];
      ++steps[static_cast<size_t>(std::max(x - half, int64_t{0}))];
      --steps[static_cast<size_t>(std::min(x + half + 1, box.width))];
    }
    int32_t open = 0;
    for (int64_t x = 0; x < box.width; ++x) {
      open += steps[static_cast<size_t>(x)];
      visit(y, box.x + x, open > 0);
    }
  }
}

/// The part of the picture that lies within `radius` of the hole's bounding box.
Hole surroundings(const PixelMask& mask, int64_t radius) {
  const Hole box = mask.bounding_box();
  const int64_t left = std::max(box.x - radius, int64_t{0});
  const int64_t top = std::max(box.y - radius, int64_t{0});
  return {left, top, std::min(box.x + box.width + radius, mask.width()) - left,
          std::min(box.y + box.height + radius, mask.height()) - top};
}

void check_radius(int64_t radius) {
  check(radius >= 0 && radius <= 10'000, "a hole cannot grow or shrink by {} pixels: 0 to 10000",
        radius);
}

}  // namespace

PixelMask grown(const PixelMask& mask, int64_t radius) {
  check_radius(radius);
  PixelMask result(mask.height(), mask.width());
  for_pixels(mask, 1, radius, surroundings(mask, radius),
             [&](int64_t y, int64_t x, bool near) { result.row(y)[x] = near; });
  return result;
}

PixelMask shrunk(const PixelMask& mask, int64_t radius) {
  check_radius(radius);
  PixelMask result(mask.height(), mask.width());
  for_pixels(mask, 0, radius, surroundings(mask, radius),
             [&](int64_t y, int64_t x, bool near) { result.row(y)[x] = !near; });
  return result;
}

}  // namespace kintsugi

#include "tensor/shape.h"

#include <algorithm>
#include <limits>

#include "tensor/error.h"

namespace kintsugi {

Shape::Shape(std::initializer_list<int64_t> extents)
    : Shape(std::span<const int64_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const int64_t> extents) {
  check_shape(extents.size() <= kMaxRank, "shape: {} axes, at most {} are supported",
              extents.size(), kMaxRank);
  rank_ = static_cast<int>(extents.size());
  std::copy(extents.begin(), extents.end(), extents_.begin());
  int64_t product = 1;
  for (int64_t extent : extents) {
    check_shape(extent >= 0, "shape: {} has a negative extent", str());
    check_shape(extent == 0 || product <= std::numeric_limits<int64_t>::max() / extent,
                "shape: {} has more elements than fit 63 bits", str());
    if (extent > 0) product *= extent;
  }
}

int64_t Shape::numel() const {
  int64_t product = 1;
  for (int64_t extent : *this) product *= extent;
  return product;
}

int Shape::normalise_axis(int axis) const {
  check_shape(axis >= -rank_ && axis < rank_, "shape: {} has no axis {}", *this, axis);
  return axis < 0 ? axis + rank_ : axis;
}

Shape Shape::with(int axis, int64_t extent) const {
  Shape changed = *this;
  changed.extents_[normalise_axis(axis)] = extent;
  return changed;
}

bool Shape::operator==(const Shape& other) const {
  return std::equal(begin(), end(), other.begin(), other.end());
}

std::string Shape::str() const {
  std::string text = "[";
  for (int axis = 0; axis < rank_; ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(extents_[axis]);
  }
  return text + "]";
}

Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b) {
  int rank = std::max(a.rank(), b.rank());
  std::array<int64_t, Shape::kMaxRank> extents{};
  for (int axis = -1; axis >= -rank; --axis) {
    // lab 1: begin the extent of the result on this axis (-1 is the last), or a ShapeError
    int64_t extent_a = -axis <= a.rank() ? a[axis] : 1;
    int64_t extent_b = -axis <= b.rank() ? b[axis] : 1;
    check_shape(extent_a == extent_b || extent_a == 1 || extent_b == 1,
                "{}: shapes {} and {} do not broadcast: axis {} has {} against {}", op, a, b, axis,
                extent_a, extent_b);
    extents[rank + axis] = extent_a == 1 ? extent_b : extent_a;
    // lab 1: end
  }
  return Shape(std::span<const int64_t>(extents.data(), rank));
}

std::array<int64_t, Shape::kMaxRank> contiguous_strides(const Shape& shape) {
  std::array<int64_t, Shape::kMaxRank> strides{};
  int64_t stride = 1;
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

}  // namespace kintsugi

#pragma once
#include <fmt/core.h>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace kintsugi {

/// The extents of a tensor, outermost first: a batch of pictures is [N, H, W, C].
/// Rank 0 is a scalar: one element. An extent may be 0: no elements.
class Shape {
 public:
  static constexpr int kMaxRank = 6;

  Shape() = default;
  /// Throws ShapeError for more than kMaxRank extents, for a negative one, or for a product
  /// that does not fit 63 bits.
  Shape(std::initializer_list<int64_t> extents);
  explicit Shape(std::span<const int64_t> extents);

  int rank() const { return rank_; }
  /// Number of elements: the product of the extents, 1 for a scalar.
  int64_t numel() const;
  /// Extent of an axis; axis −1 is the last one. Throws ShapeError outside [−rank, rank).
  int64_t operator[](int axis) const { return extents_[normalise_axis(axis)]; }
  /// The same axis counted from the front. Throws ShapeError outside [−rank, rank).
  int normalise_axis(int axis) const;
  /// A copy with one extent changed.
  Shape with(int axis, int64_t extent) const;

  const int64_t* begin() const { return extents_.data(); }
  const int64_t* end() const { return extents_.data() + rank_; }
  bool operator==(const Shape& other) const;

  /// "[8, 32, 32, 3]"
  std::string str() const;

 private:
  std::array<int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

/// The shape that two broadcast to (NumPy's rule): aligned at the last axis, extents equal or one
/// of them 1. Throws ShapeError that names `op` and both shapes.
Shape broadcast_shapes(const char* op, const Shape& a, const Shape& b);

/// Row-major strides in elements.
std::array<int64_t, Shape::kMaxRank> contiguous_strides(const Shape& shape);

}  // namespace kintsugi

template <>
struct fmt::formatter<kintsugi::Shape> {
  constexpr auto parse(fmt::format_parse_context& context) { return context.begin(); }
  auto format(const kintsugi::Shape& shape, fmt::format_context& context) const {
    return fmt::format_to(context.out(), "{}", shape.str());
  }
};

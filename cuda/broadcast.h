#pragma once
#include <cuda_runtime.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "cuda/division.h"
#include "tensor/shape.h"

namespace kintsugi::cuda {

/// A plain array that a kernel can take as an argument and index.
template <class T, int kSize>
struct Array {
  T values[kSize];
  __host__ __device__ T& operator[](int i) { return values[i]; }
  __host__ __device__ const T& operator[](int i) const { return values[i]; }
};

/// The axes of a row-major output, outermost first, and how far each of kCount operands moves along
/// them, in elements: 0 where it repeats. None has an extent of 1, and neighbours along which all
/// operands walk on evenly are one axis, so that most calls have one or two.
template <int kCount>
struct StridedAxes {
  using Strides = std::array<int64_t, Shape::kMaxRank>;

  int rank = 0;
  std::array<int64_t, Shape::kMaxRank> extents{};
  std::array<Strides, kCount> strides{};

  StridedAxes() = default;
  StridedAxes(const Shape& shape, const std::array<Strides, kCount>& from) {
    for (int i = 0; i < shape.rank(); ++i) {
      std::array<int64_t, kCount> own;
      for (size_t k = 0; k < kCount; ++k) own[k] = from[k][static_cast<size_t>(i)];
      add(shape[i], own);
    }
  }

  /// An axis within all those so far.
  void add(int64_t extent, const std::array<int64_t, kCount>& own) {
    if (extent == 1) return;
    const auto last = static_cast<size_t>(rank - 1);
    bool joins = rank > 0;
    for (size_t k = 0; joins && k < kCount; ++k) joins = strides[k][last] == extent * own[k];
    const auto at = joins ? last : static_cast<size_t>(rank++);
    extents[at] = joins ? extents[at] * extent : extent;
    for (size_t k = 0; k < kCount; ++k) strides[k][at] = own[k];
  }
  int64_t numel() const {
    int64_t product = 1;
    for (int i = 0; i < rank; ++i) product *= extents[static_cast<size_t>(i)];
    return product;
  }
  /// Of the innermost axis; 1 where there is none.
  int64_t inner_extent() const { return rank == 0 ? 1 : extents[static_cast<size_t>(rank - 1)]; }
  /// Of operand k along it; 0 where there is none.
  int64_t inner_stride(size_t k) const {
    return rank == 0 ? 0 : strides[k][static_cast<size_t>(rank - 1)];
  }
  /// Only every `size`-th index of the innermost axis, whose extent must be a multiple of it.
  StridedAxes in_packs(int64_t size) const {
    StridedAxes packs = *this;
    if (rank == 0) return packs;
    const auto inner = static_cast<size_t>(rank - 1);
    packs.extents[inner] /= size;
    for (Strides& own : packs.strides) own[inner] *= size;
    return packs;
  }
  /// Whether no index and no offset is above 2³⁰: those, and their sums, are counted in 32 bits.
  bool fits_32_bits() const {
    constexpr int64_t kMost = int64_t{1} << 30;
    bool fits = numel() <= kMost;
    for (const Strides& own : strides) {
      int64_t reach = 0;
      for (size_t i = 0; i < static_cast<size_t>(rank); ++i)
        reach += (extents[i] - 1) * std::abs(own[i]);
      fits = fits && reach <= kMost;
    }
    return fits;
  }
};

/// The strides of a row-major operand that broadcasts to `shape` (NumPy's rule).
inline std::array<int64_t, Shape::kMaxRank> broadcast_strides(const Shape& operand,
                                                              const Shape& shape) {
  std::array<int64_t, Shape::kMaxRank> strides{};
  int64_t stride = 1;
  for (int axis = operand.rank() - 1; axis >= 0; --axis) {
    const int target = axis + shape.rank() - operand.rank();
    strides[static_cast<size_t>(target)] = operand[axis] == 1 ? 0 : stride;
    stride *= operand[axis];
  }
  return strides;
}

/// Finds, for element i of the output, the element of each operand that it is made of: operand k's
/// is Σ_axis (index of i on the axis)·stride_k(axis).
template <int kCount, class Integer>
struct StridedIndex {
  int rank = 0;
  Array<Divisor<Integer>, Shape::kMaxRank> extents{};
  Array<Integer, Shape::kMaxRank> strides[kCount]{};

  explicit StridedIndex(const StridedAxes<kCount>& axes) : rank(axes.rank) {
    for (int axis = 0; axis < rank; ++axis) {
      const auto i = static_cast<size_t>(axis);
      extents[axis] = Divisor<Integer>(axes.extents[i]);
      for (size_t k = 0; k < kCount; ++k)
        strides[k][axis] = static_cast<Integer>(axes.strides[k][i]);
    }
  }

  __device__ Array<Integer, kCount> operator()(Integer i) const {
    Array<Integer, kCount> at{};
#pragma unroll  // so that the arrays are indexed by constants and stay out of local memory
    for (int axis = Shape::kMaxRank - 1; axis > 0; --axis) {
      if (axis >= rank) continue;
      const Integer above = extents[axis].quotient(i);
      const Integer index = extents[axis].remainder(i, above);
      for (int k = 0; k < kCount; ++k) at[k] += index * strides[k][axis];
      i = above;
    }
    for (int k = 0; k < kCount; ++k) at[k] += i * strides[k][0];
    return at;
  }
};

/// Calls use(index) with the StridedIndex of the axes, of 32 bits where that is enough; not at all
/// where there are no elements.
template <int kCount, class Use>
void with_index(const StridedAxes<kCount>& axes, Use use) {
  if (axes.numel() == 0) return;
  if (axes.fits_32_bits())
    use(StridedIndex<kCount, int32_t>(axes));
  else
    use(StridedIndex<kCount, int64_t>(axes));
}

}  // namespace kintsugi::cuda

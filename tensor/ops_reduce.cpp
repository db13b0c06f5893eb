#include <algorithm>
#include <array>

#include "tensor/ops.h"
#include "tensor/ops_check.h"
#include "tensor/profiler.h"

namespace kintsugi::ops {
namespace {

using AxisMask = std::array<bool, Shape::kMaxRank>;

/// Which axes to reduce: those listed, or all.
AxisMask mark_axes(const char* name, const Tensor& x, const std::vector<int>& axes) {
  check_defined(name, x);
  AxisMask marked{};
  for (int axis : axes) {
    check_shape(axis >= -x.rank() && axis < x.rank(), "{}: {} has no axis {}", name, x.shape(),
                axis);
    bool& mark = marked[static_cast<size_t>(x.shape().normalise_axis(axis))];
    check_shape(!mark, "{}: axis {} of {} is listed twice", name, axis, x.shape());
    mark = true;
  }
  if (axes.empty()) std::fill_n(marked.begin(), x.rank(), true);
  return marked;
}

Shape reduced_shape(const Shape& shape, const AxisMask& marked, bool keep_axes) {
  std::vector<int64_t> extents;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool reduced = marked[static_cast<size_t>(axis)];
    if (!reduced || keep_axes) extents.push_back(reduced ? 1 : shape[axis]);
  }
  return Shape(extents);
}

/// One call of the backend for every run of neighbouring axes, the last run first. The result
/// keeps its axes.
Tensor reduce(Reduction op, const Tensor& x, const AxisMask& marked) {
  Tensor y = x;
  for (int last = x.rank() - 1; last >= 0; --last) {
    if (!marked[static_cast<size_t>(last)]) continue;
    int first = last;
    while (first > 0 && (marked[static_cast<size_t>(first - 1)] || y.size(first - 1) == 1)) --first;
    int64_t outer = 1, reduced = 1, inner = 1;
    for (int axis = 0; axis < y.rank(); ++axis)
      (axis < first ? outer : axis <= last ? reduced : inner) *= y.size(axis);
    Shape shape = y.shape();
    for (int axis = first; axis <= last; ++axis) shape = shape.with(axis, 1);
    if (reduced == 1) {
      y = y.reshape(shape);
    } else {
      Tensor less = Tensor::empty(shape, y.options());
      const OpSpan span(op == Reduction::sum ? "sum" : "max", moving(y, less));
      backend(y.device()).reduce(op, y, outer, reduced, inner, less);
      y = less;
    }
    last = first;
  }
  return y;
}

int64_t reduced_count(const Shape& shape, const AxisMask& marked) {
  int64_t count = 1;
  for (int axis = 0; axis < shape.rank(); ++axis)
    if (marked[static_cast<size_t>(axis)]) count *= shape[axis];
  return count;
}

}  // namespace

Tensor sum(const Tensor& x, const std::vector<int>& axes, bool keep_axes) {
  const AxisMask marked = mark_axes("sum", x, axes);
  return reduce(Reduction::sum, x, marked).reshape(reduced_shape(x.shape(), marked, keep_axes));
}

Tensor mean(const Tensor& x, const std::vector<int>& axes, bool keep_axes) {
  const AxisMask marked = mark_axes("mean", x, axes);
  const Tensor total = reduce(Reduction::sum, x, marked);
  const auto count = static_cast<double>(reduced_count(x.shape(), marked));
  return affine(total, 1 / count, 0).reshape(reduced_shape(x.shape(), marked, keep_axes));
}

Tensor max(const Tensor& x, const std::vector<int>& axes, bool keep_axes) {
  const AxisMask marked = mark_axes("max", x, axes);
  check_shape(reduced_count(x.shape(), marked) > 0, "max: {} has no elements to choose from",
              x.shape());
  return reduce(Reduction::max, x, marked).reshape(reduced_shape(x.shape(), marked, keep_axes));
}

Tensor sum_to(const Tensor& x, const Shape& shape) {
  check_defined("sum_to", x);
  const int extra = x.rank() - shape.rank();
  bool fits = extra >= 0;
  AxisMask marked{};
  for (int axis = 0; fits && axis < x.rank(); ++axis) {
    // lab 1: begin whether `shape` fits x on this axis, and whether x is summed along it
    const int64_t extent = axis < extra ? 1 : shape[axis - extra];
    fits = extent == x.size(axis) || extent == 1;
    marked[static_cast<size_t>(axis)] = extent == 1 && (axis < extra || x.size(axis) != 1);
    // lab 1: end
  }
  check_shape(fits, "sum_to: {} does not broadcast to {}", shape, x.shape());
  return reduce(Reduction::sum, x, marked).reshape(shape);
}

}  // namespace kintsugi::ops

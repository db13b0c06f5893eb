#include <algorithm>
#include <array>

#include "tensor/ops.h"
#include "tensor/ops_check.h"
#include "tensor/profiler.h"

namespace kintsugi::ops {
namespace {

using View = Backend::StridedView;

View whole(const Shape& shape) { return {0, contiguous_strides(shape)}; }

int checked_axis(const char* op, const Tensor& x, int axis) {
  check_defined(op, x);
  check_shape(axis >= -x.rank() && axis < x.rank(), "{}: {} has no axis {}", op, x.shape(), axis);
  return x.shape().normalise_axis(axis);
}

/// The view of `shape` that begins at `start` on an axis.
View from_start(const Shape& shape, int axis, int64_t start) {
  View view = whole(shape);
  view.offset = start * view.strides[static_cast<size_t>(axis)];
  return view;
}

Tensor copied(const char* op, const Tensor& x, const View& view, const Shape& shape) {
  Tensor y = Tensor::empty(shape, x.options());
  const OpSpan span(
      op, [&] { return OpCost{.bytes = std::min(bytes_of(x), bytes_of(y)) + bytes_of(y)}; });
  backend(x.device()).copy_strided(x, view, y, whole(shape), shape);
  return y;
}

}  // namespace

Tensor broadcast_to(const Tensor& x, const Shape& shape) {
  check_defined("broadcast_to", x);
  if (x.shape() == shape) return x;
  const int extra = shape.rank() - x.rank();
  bool fits = extra >= 0;
  const auto strides = contiguous_strides(x.shape());
  View view;
  for (int axis = 0; fits && axis < x.rank(); ++axis) {
    fits = x.size(axis) == shape[axis + extra] || x.size(axis) == 1;
    view.strides[static_cast<size_t>(axis + extra)] =
        x.size(axis) == 1 ? 0 : strides[static_cast<size_t>(axis)];
  }
  check_shape(fits, "broadcast_to: {} does not broadcast to {}", x.shape(), shape);
  return copied("broadcast_to", x, view, shape);
}

Tensor permute(const Tensor& x, const std::vector<int>& axes) {
  check_defined("permute", x);
  check_shape(static_cast<int>(axes.size()) == x.rank(),
              "permute: {} axes are listed, but {} has {}", axes.size(), x.shape(), x.rank());
  const auto strides = contiguous_strides(x.shape());
  std::array<bool, Shape::kMaxRank> seen{};
  std::vector<int64_t> extents;
  View view;
  for (int listed : axes) {
    const int axis = checked_axis("permute", x, listed);
    bool& already = seen[static_cast<size_t>(axis)];
    check_shape(!already, "permute: axis {} of {} is listed twice", listed, x.shape());
    already = true;
    view.strides[extents.size()] = strides[static_cast<size_t>(axis)];
    extents.push_back(x.size(axis));
  }
  return copied("permute", x, view, Shape(extents));
}

Tensor transpose(const Tensor& x) {
  check_defined("transpose", x);
  check_shape(x.rank() >= 2, "transpose: {} must have at least 2 axes", x.shape());
  std::vector<int> axes;
  for (int axis = 0; axis < x.rank(); ++axis) axes.push_back(axis);
  std::swap(axes[axes.size() - 1], axes[axes.size() - 2]);
  return permute(x, axes);
}

Tensor slice(const Tensor& x, int axis, int64_t start, int64_t length) {
  axis = checked_axis("slice", x, axis);
  check_shape(start >= 0 && length >= 0 && start <= x.size(axis) && length <= x.size(axis) - start,
              "slice: {} entries from {} on do not lie within axis {} of {}", length, start, axis,
              x.shape());
  return copied("slice", x, from_start(x.shape(), axis, start), x.shape().with(axis, length));
}

Tensor slice_grad(const Tensor& x, int axis, int64_t start, int64_t extent) {
  axis = checked_axis("slice_grad", x, axis);
  check_shape(start >= 0 && start <= extent && x.size(axis) <= extent - start,
              "slice_grad: {} at {} of axis {} does not lie within an extent of {}", x.shape(),
              start, axis, extent);
  const Shape shape = x.shape().with(axis, extent);
  const OpSpan span("slice_grad", [&] {
    return OpCost{.bytes = bytes_of(x) + shape.numel() * static_cast<int64_t>(size_of(x.dtype()))};
  });
  Tensor y = Tensor::zeros(shape, x.options());
  backend(x.device())
      .copy_strided(x, whole(x.shape()), y, from_start(shape, axis, start), x.shape());
  return y;
}

Tensor concat(const std::vector<Tensor>& parts, int axis) {
  check_shape(!parts.empty(), "concat: there are no parts");
  const Tensor& first = parts.front();
  axis = checked_axis("concat", first, axis);
  int64_t extent = 0;
  for (const Tensor& part : parts) {
    check_alike("concat", first, part);
    check_shape(
        part.rank() == first.rank() && part.shape().with(axis, 0) == first.shape().with(axis, 0),
        "concat: {} and {} differ on another axis than {}", first.shape(), part.shape(), axis);
    extent += part.size(axis);
  }
  const Shape shape = first.shape().with(axis, extent);
  Tensor y = Tensor::empty(shape, first.options());
  const OpSpan span("concat", [&] { return OpCost{.bytes = 2 * bytes_of(y)}; });
  int64_t start = 0;
  for (const Tensor& part : parts) {
    backend(y.device())
        .copy_strided(part, whole(part.shape()), y, from_start(shape, axis, start), part.shape());
    start += part.size(axis);
  }
  return y;
}

Tensor flip(const Tensor& x, int axis) {
  axis = checked_axis("flip", x, axis);
  if (x.numel() == 0) return x;
  View view = from_start(x.shape(), axis, x.size(axis) - 1);
  view.strides[static_cast<size_t>(axis)] *= -1;
  return copied("flip", x, view, x.shape());
}

}  // namespace kintsugi::ops

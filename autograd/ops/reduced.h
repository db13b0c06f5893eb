#pragma once
#include <vector>

#include "autograd/ops.h"
#include "autograd/registry.h"

namespace kintsugi {

/// `shape` with extents of 1 on the reduced axes (all axes where the list is empty).
inline Shape with_axes_kept(Shape shape, const std::vector<int>& axes) {
  if (axes.empty())
    for (int axis = 0; axis < shape.rank(); ++axis) shape = shape.with(axis, 1);
  for (int axis : axes) shape = shape.with(axis, 1);
  return shape;
}

/// A reduction's output, or its gradient, repeated along the reduced axes to the input's shape.
inline Variable spread_over(const Variable& y, const Shape& shape, const std::vector<int>& axes) {
  return broadcast_to(reshape(y, with_axes_kept(shape, axes)), shape);
}

/// Samples of a reduction: every choice of axes that has a case of its own.
std::vector<Sample> reduction_samples(Variable (*reduce)(const Variable&, const std::vector<int>&,
                                                         bool));

}  // namespace kintsugi

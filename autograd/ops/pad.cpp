// Padding: `before` and `after` new entries on one axis.
//
// No map of its own, but a composition, whose gradient follows from its parts:
//
//   zero:    x placed within zeros, which is slice_grad (slice.cpp)
//   reflect: concat of the mirrored head, x and the mirrored tail, each a flip of a slice; the edge
//            itself is not repeated: 3 2 | 1 2 3 4 | 3 2
//
// In reflect an element near the edge is used up to three times, and its gradient is the sum of the
// gradients of all its places.
#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

Variable pad_reflect(const Variable& x, int axis, int64_t before, int64_t after) {
  const int64_t extent = x.size(axis);
  check_shape(before < extent && after < extent,
              "pad: reflecting {} and {} entries on axis {} of {} needs an extent above both",
              before, after, axis, x.shape());
  Variables parts;
  if (before > 0) parts.push_back(flip(slice(x, axis, 1, before), axis));
  parts.push_back(x);
  if (after > 0) parts.push_back(flip(slice(x, axis, extent - 1 - after, after), axis));
  return concat(parts, axis);
}

}  // namespace

Variable pad(const Variable& x, int axis, int64_t before, int64_t after, PadMode mode) {
  check_shape(axis >= -x.shape().rank() && axis < x.shape().rank(), "pad: {} has no axis {}",
              x.shape(), axis);
  check_shape(before >= 0 && after >= 0, "pad: {} and {} new entries on axis {} of {}", before,
              after, axis, x.shape());
  if (before == 0 && after == 0) return x;
  if (mode == PadMode::reflect) return pad_reflect(x, axis, before, after);
  return slice_grad(x, axis, before, before + x.size(axis) + after);
}

namespace {

Sample sample(const Shape& shape, int axis, int64_t before, int64_t after, PadMode mode,
              const char* label) {
  return {.inputs = {{.shape = shape}},
          .apply = [=](const Variables& in) { return pad(in[0], axis, before, after, mode); },
          .label = label};
}

const RegisterOp registered{
    {.name = "pad",
     .formula = "x with new entries on both sides of an axis: zeros, or x mirrored",
     .derivative = "dx = the sum of dy over the places of each entry",
     .composed = true,
     .samples = {sample({2, 3, 4}, 1, 2, 1, PadMode::zero, "zeros"),
                 sample({2, 3, 4}, -1, 0, 2, PadMode::zero, "zeros, after the last axis"),
                 sample({2, 4, 3}, 1, 3, 2, PadMode::reflect, "reflect, entries used three times"),
                 sample({2, 4}, -1, 0, 1, PadMode::reflect, "reflect, after the last axis")}}};

}  // namespace

}  // namespace kintsugi

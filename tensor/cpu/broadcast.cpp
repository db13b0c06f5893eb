#include "tensor/cpu/broadcast.h"

namespace kintsugi::cpu {

BroadcastAxes::BroadcastAxes(const Shape& a, const Shape& b, const Shape& y) {
  const auto strides_a = contiguous_strides(a), strides_b = contiguous_strides(b);
  const auto stride = [&](const Shape& shape, const auto& strides, int axis) -> int64_t {
    // lab 1: begin how far the operand moves when y moves on by one along `axis` of y
    const int own = axis - (y.rank() - shape.rank());
    return own < 0 || shape[own] == 1 ? 0 : strides[static_cast<size_t>(own)];
    // lab 1: end
  };
  count = 2;  // of extent 1, so that there always is a plane
  for (int i = 0; i < y.rank(); ++i) {
    const Axis axis{y[i], stride(a, strides_a, i), stride(b, strides_b, i)};
    Axis& last = axes[static_cast<size_t>(count - 1)];
    if (axis.extent == 1) continue;
    if (last.extent == 1)
      last = axis;
    else if (last.a == axis.a * axis.extent && last.b == axis.b * axis.extent)
      last = {last.extent * axis.extent, axis.a, axis.b};
    else
      axes[static_cast<size_t>(count++)] = axis;
  }
}

BroadcastAxes::Offsets BroadcastAxes::offsets(int outer_axes, int64_t number) const {
  Offsets result;
  // lab 1: begin element `number` of the outer axes: its index on each, times the strides
  for (int i = outer_axes - 1; i >= 0; --i) {
    const Axis& axis = axes[static_cast<size_t>(i)];
    const int64_t index = number % axis.extent;
    number /= axis.extent;
    result.a += index * axis.a;
    result.b += index * axis.b;
  }
  // lab 1: end
  return result;
}

int64_t BroadcastAxes::extent(int first_axis, int last_axis) const {
  int64_t product = 1;
  for (int i = first_axis; i < last_axis; ++i) product *= axes[static_cast<size_t>(i)].extent;
  return product;
}

}  // namespace kintsugi::cpu

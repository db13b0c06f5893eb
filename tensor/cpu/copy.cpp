#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "tensor/bfloat16.h"
#include "tensor/cpu/backend.h"
#include "tensor/cpu/parallel.h"

namespace kintsugi {
namespace {

using cpu::kParallelGrain;
using cpu::parallel_for;

/// dispatch() of what moves numbers but does not compute with them: bfloat16, too.
template <class Kernel>
void dispatch_moved(DType dtype, Kernel&& kernel) {
  if (dtype == DType::bfloat16) return kernel(Bfloat16{});
  dispatch(dtype, kernel);
}

struct Axis {
  int64_t extent, from, to;  // strides in elements
};

/// The axes of a strided copy without those of extent 1, neighbours merged that one stride walks.
std::vector<Axis> merge_axes(const Shape& extent, const Backend::StridedView& from,
                             const Backend::StridedView& to) {
  std::vector<Axis> axes;
  for (int i = 0; i < extent.rank(); ++i) {
    const auto at = static_cast<size_t>(i);
    const Axis axis{extent[i], from.strides[at], to.strides[at]};
    if (axis.extent == 1) continue;
    if (!axes.empty() && axes.back().from == axis.from * axis.extent &&
        axes.back().to == axis.to * axis.extent)
      axes.back() = {axes.back().extent * axis.extent, axis.from, axis.to};
    else
      axes.push_back(axis);
  }
  return axes;
}

/// Where index `number` (row-major) over `axes` lies in both tensors.
struct Position {
  int64_t from = 0, to = 0;
};
Position position(std::span<const Axis> axes, int64_t number) {
  Position result;
  for (size_t i = axes.size(); i-- > 0;) {
    const int64_t index = number % axes[i].extent;
    number /= axes[i].extent;
    result.from += index * axes[i].from;
    result.to += index * axes[i].to;
  }
  return result;
}

/// to[r·row.to + c·column.to] = from[r·row.from + c·column.from] for all r and c.
template <class T>
void copy_plane(const T* from, T* to, const Axis& row, const Axis& column) {
  constexpr int64_t kShort = 8;  // a call of memcpy costs more than the copy
  if (column.extent <= kShort) {
    for (int64_t c = 0; c < column.extent; ++c)
      for (int64_t r = 0; r < row.extent; ++r)
        to[r * row.to + c * column.to] = from[r * row.from + c * column.from];
    return;
  }
  if (column.from == 1 && column.to == 1) {
    for (int64_t r = 0; r < row.extent; ++r)
      std::copy_n(from + r * row.from, column.extent, to + r * row.to);
    return;
  }
  constexpr int64_t kTile = 16;  // a cache line of float32 each way
  for (int64_t first = 0; first < column.extent; first += kTile) {
    const int64_t last = std::min(first + kTile, column.extent);
    for (int64_t r = 0; r < row.extent; ++r)
      for (int64_t c = first; c < last; ++c)
        to[r * row.to + c * column.to] = from[r * row.from + c * column.from];
  }
}

template <class T>
void copy_axes(const T* from, T* to, std::vector<Axis> axes) {
  while (axes.size() < 2) axes.insert(axes.begin(), {1, 0, 0});
  // The plane: the last axis, and the one along which `from` is contiguous (a transposition), or
  // else the last but one.
  const Axis column = axes.back();
  axes.pop_back();
  auto plane = std::find_if(axes.begin(), axes.end(), [](const Axis& a) { return a.from == 1; });
  if (column.from == 1 || plane == axes.end()) plane = axes.end() - 1;
  const Axis row = *plane;
  axes.erase(plane);

  int64_t planes = 1;
  for (const Axis& axis : axes) planes *= axis.extent;
  const int64_t plane_size = row.extent * column.extent;
  if (planes * plane_size == 0) return;
  const int64_t rows = std::clamp<int64_t>(kParallelGrain / column.extent, 1, row.extent);
  const int64_t strips = (row.extent + rows - 1) / rows;
  const int64_t grain = std::max<int64_t>(1, kParallelGrain / (rows * column.extent));
  parallel_for(planes * strips, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      const Position at = position(axes, task / strips);
      const int64_t first = task % strips * rows;
      const Axis strip{std::min(rows, row.extent - first), row.from, row.to};
      copy_plane(from + at.from + first * row.from, to + at.to + first * row.to, strip, column);
    }
  });
}

}  // namespace

void CpuBackend::copy(const Tensor& from, Tensor& to) {
  const char* source = static_cast<const char*>(from.raw());
  char* target = static_cast<char*>(to.raw());
  const int64_t bytes = static_cast<int64_t>(from.bytes());
  parallel_for(bytes, 4 * kParallelGrain, [&](int64_t begin, int64_t end) {
    std::memcpy(target + begin, source + begin, static_cast<size_t>(end - begin));
  });
}

void CpuBackend::fill(Tensor& x, double value) {
  dispatch_moved(x.dtype(), [&]<class T>(T) {
    T* to = x.data<T>();
    parallel_for(x.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
      std::fill(to + begin, to + end, static_cast<T>(value));
    });
  });
}

void CpuBackend::cast(const Tensor& x, Tensor& y) {
  dispatch_moved(x.dtype(), [&]<class From>(From) {
    dispatch_moved(y.dtype(), [&]<class To>(To) {
      const From* from = x.data<From>();
      To* to = y.data<To>();
      parallel_for(x.numel(), kParallelGrain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) to[i] = static_cast<To>(from[i]);
      });
    });
  });
}

void CpuBackend::copy_strided(const Tensor& from, const StridedView& from_view, Tensor& to,
                              const StridedView& to_view, const Shape& extent) {
  dispatch_moved(to.dtype(), [&]<class T>(T) {
    copy_axes(from.data<T>() + from_view.offset, to.data<T>() + to_view.offset,
              merge_axes(extent, from_view, to_view));
  });
}

}  // namespace kintsugi

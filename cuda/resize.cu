#include "cuda/backend.h"
#include "cuda/maps.h"
#include "cuda/types.h"

namespace kintsugi {
namespace {

using namespace cuda;

/// One axis of a resized map, `from` positions to `to`. Position i of the result has its centre in
/// the source at (i + ½)·from/to − ½, kept between the first and the last position: a fraction with
/// the denominator 2·to, so that everything is exact in integers.
template <Interpolation mode>
struct Axis {
  static constexpr bool kNearest = mode == Interpolation::nearest;

  int64_t from, to;

  __device__ int64_t denominator() const { return 2 * to; }
  __device__ int64_t numerator(int64_t i) const {
    const int64_t centre = (2 * i + 1) * from - to, highest = (from - 1) * denominator();
    return centre < 0 ? 0 : centre > highest ? highest : centre;
  }

  /// The positions of the source that position i is made of: one or two.
  __device__ Span sources(int64_t i) const {
    if constexpr (kNearest) return {i * from / to, i * from / to};
    return {numerator(i) / denominator(), ceil_divide(numerator(i), denominator())};
  }

  /// The positions of the result that may be made of `source`.
  __device__ Span results(int64_t source) const {
    if constexpr (kNearest)
      return {ceil_divide(source * to, from), ceil_divide((source + 1) * to, from) - 1};
    // those whose centre lies less than 1 from it
    const int64_t first = floor_divide(denominator() * (source - 1) + to - from, 2 * from) + 1;
    const int64_t last = ceil_divide(denominator() * (source + 1) + to - from, 2 * from) - 1;
    return {first < 0 ? 0 : first, last < to ? last : to - 1};
  }

  /// What position i of the result takes of `source`, one of its sources: 1 − |centre − source|.
  template <class A>
  __device__ A weight(int64_t i, int64_t source) const {
    if constexpr (kNearest) return 1;
    const int64_t distance = numerator(i) - source * denominator();
    return static_cast<A>(denominator() - (distance < 0 ? -distance : distance)) /
           static_cast<A>(denominator());
  }
};

/// y [N, OH, OW, C] of x [N, H, W, C].
template <class T, Interpolation mode>
struct Resize {
  const T* x;
  T* y;
  MapShape in, out;
  Axis<mode> height, width;

  __device__ void operator()(int64_t image, int64_t oy, int64_t ox, int64_t channel) const {
    const Span rows = height.sources(oy), columns = width.sources(ox);
    using A = Accumulate<T>;
    A sum = 0;
    for (int64_t row = rows.first; row <= rows.last; ++row) {
      const A row_weight = height.template weight<A>(oy, row);
      for (int64_t column = columns.first; column <= columns.last; ++column)
        sum += row_weight * width.template weight<A>(ox, column) *
               static_cast<A>(x[in.at(image, row, column, channel)]);
    }
    y[out.at(image, oy, ox, channel)] = static_cast<T>(sum);
  }
};

/// The transposed map: each element of dx gathers from the outputs that it was a part of.
template <class T, Interpolation mode>
struct ResizeGrad {
  const T* dy;
  T* dx;
  MapShape in, out;
  Axis<mode> height, width;

  __device__ void operator()(int64_t image, int64_t row, int64_t column, int64_t channel) const {
    const Span rows = height.results(row), columns = width.results(column);
    using A = Accumulate<T>;
    A sum = 0;
    for (int64_t oy = rows.first; oy <= rows.last; ++oy) {
      const A row_weight = height.template weight<A>(oy, row);
      for (int64_t ox = columns.first; ox <= columns.last; ++ox)
        sum += row_weight * width.template weight<A>(ox, column) *
               static_cast<A>(dy[out.at(image, oy, ox, channel)]);
    }
    dx[in.at(image, row, column, channel)] = static_cast<T>(sum);
  }
};

template <class T, Interpolation mode>
void resize(const Tensor& x, Tensor& y) {
  const MapShape in(x), out(y);
  for_each_element(
      out, Resize<T, mode>{
               x.data<T>(), y.data<T>(), in, out, {in.height, out.height}, {in.width, out.width}});
}

template <class T, Interpolation mode>
void resize_grad(const Tensor& dy, Tensor& dx) {
  const MapShape in(dx), out(dy);
  for_each_element(
      in, ResizeGrad<T, mode>{
              dy.data<T>(), dx.data<T>(), in, out, {in.height, out.height}, {in.width, out.width}});
}

}  // namespace

void CudaBackend::resize2d(const Tensor& x, Interpolation mode, Tensor& y) {
  dispatch(x.dtype(), [&]<class T>(T) {
    if (mode == Interpolation::nearest)
      resize<T, Interpolation::nearest>(x, y);
    else
      resize<T, Interpolation::bilinear>(x, y);
  });
}

void CudaBackend::resize2d_grad(const Tensor& dy, Interpolation mode, Tensor& dx) {
  dispatch(dy.dtype(), [&]<class T>(T) {
    if (mode == Interpolation::nearest)
      resize_grad<T, Interpolation::nearest>(dy, dx);
    else
      resize_grad<T, Interpolation::bilinear>(dy, dx);
  });
}

}  // namespace kintsugi

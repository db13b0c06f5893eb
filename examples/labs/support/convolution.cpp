#include "examples/labs/support/convolution.h"

namespace kintsugi::lab {
namespace {

/// How often a kernel fits into one axis of a padded map, a stride further each time.
int64_t places(int64_t input, int64_t kernel, const Conv2dOptions& options) {
  int64_t count = 0;
  while (count * options.stride + options.dilation * (kernel - 1) < input + 2 * options.padding)
    ++count;
  return count;
}

/// body(number of y, of x, of w) for every product that y is a sum of.
template <class Body>
void for_products(const Shape& x, const Shape& w, const Conv2dOptions& options, Body body) {
  const int64_t rows = places(x[1], w[0], options), columns = places(x[2], w[1], options);
  for (int64_t n = 0; n < x[0]; ++n)
    for (int64_t i = 0; i < rows; ++i)
      for (int64_t j = 0; j < columns; ++j)
        for (int64_t u = 0; u < w[0]; ++u)
          for (int64_t v = 0; v < w[1]; ++v) {
            const int64_t row = options.stride * i - options.padding + options.dilation * u;
            const int64_t column = options.stride * j - options.padding + options.dilation * v;
            if (row < 0 || row >= x[1] || column < 0 || column >= x[2]) continue;
            for (int64_t in = 0; in < x[3]; ++in)
              for (int64_t out = 0; out < w[3]; ++out)
                body(((n * rows + i) * columns + j) * w[3] + out,
                     ((n * x[1] + row) * x[2] + column) * x[3] + in,
                     ((u * w[1] + v) * x[3] + in) * w[3] + out);
          }
}

}  // namespace

Tensor convolved(const Tensor& x, const Tensor& w, const Conv2dOptions& options) {
  Tensor y = Tensor::zeros({x.size(0), places(x.size(1), w.size(0), options),
                            places(x.size(2), w.size(1), options), w.size(3)},
                           x.options());
  for_products(x.shape(), w.shape(), options, [&](int64_t at_y, int64_t at_x, int64_t at_w) {
    y.data<double>()[at_y] += x.data<double>()[at_x] * w.data<double>()[at_w];
  });
  return y;
}

Tensor input_gradient(const Tensor& dy, const Tensor& w, const Shape& x,
                      const Conv2dOptions& options) {
  Tensor dx = Tensor::zeros(x, dy.options());
  for_products(x, w.shape(), options, [&](int64_t at_y, int64_t at_x, int64_t at_w) {
    dx.data<double>()[at_x] += dy.data<double>()[at_y] * w.data<double>()[at_w];
  });
  return dx;
}

Tensor weight_gradient(const Tensor& x, const Tensor& dy, const Shape& w,
                       const Conv2dOptions& options) {
  Tensor dw = Tensor::zeros(w, x.options());
  for_products(x.shape(), w, options, [&](int64_t at_y, int64_t at_x, int64_t at_w) {
    dw.data<double>()[at_w] += x.data<double>()[at_x] * dy.data<double>()[at_y];
  });
  return dw;
}

}  // namespace kintsugi::lab

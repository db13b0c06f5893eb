#include "tensor/ops.h"
#include "tensor/ops_check.h"
#include "tensor/profiler.h"

namespace kintsugi::ops {
namespace {

/// Of what there is one number a channel of, beside x.
TensorOptions channel_options(const Tensor& x) { return {channel_dtype(x.dtype()), x.device()}; }

Shape columns_of(const Tensor& x) { return {x.size(0), x.size(2)}; }

void check_statistics(const char* op, const Tensor& x, const NormStatistics& statistics) {
  check_rank(op, "input", x, 3, "[G, M, C]");
  check_channel_numbers(op, x, statistics.mean);
  check_channel_numbers(op, x, statistics.rstd);
  check_has_shape(op, "mean", statistics.mean, columns_of(x));
  check_has_shape(op, "rstd", statistics.rstd, columns_of(x));
}

void check_channels(const char* op, const char* name, const Tensor& x, const Tensor& parameter) {
  check_channel_numbers(op, x, parameter);
  check_has_shape(op, name, parameter, {x.size(2)});
}

void check_gradient(const char* op, const Tensor& dy, const Tensor& x, const Tensor& y) {
  check_alike(op, dy, x);
  check_has_shape(op, "dy", dy, x.shape());
  if (!y.defined()) return;
  check_alike(op, y, x);
  check_has_shape(op, "y", y, x.shape());
}

}  // namespace

NormStatistics norm_statistics(const Tensor& x, double eps) {
  check_rank("norm_statistics", "input", x, 3, "[G, M, C]");
  check_shape(x.size(1) > 0, "norm_statistics: {} has no rows to take a mean of", x.shape());
  const Shape shape = columns_of(x);
  const TensorOptions options = channel_options(x);
  NormStatistics result{Tensor::empty(shape, options), Tensor::empty(shape, options),
                        Tensor::empty(shape, options)};
  const OpSpan span("norm_statistics", moving(x, result.mean, result.variance, result.rstd));
  backend(x.device()).norm_statistics(x, eps, result.mean, result.variance, result.rstd);
  return result;
}

Tensor norm_apply(const Tensor& x, const NormStatistics& statistics, const Tensor& gamma,
                  const Tensor& beta, bool relu) {
  check_statistics("norm_apply", x, statistics);
  check_channels("norm_apply", "gamma", x, gamma);
  check_channels("norm_apply", "beta", x, beta);
  Tensor y = Tensor::empty(x.shape(), x.options());
  const OpSpan span("norm_apply", moving(x, statistics.mean, statistics.rstd, gamma, beta, y));
  backend(x.device()).norm_apply(x, statistics.mean, statistics.rstd, gamma, beta, relu, y);
  return y;
}

Tensor norm_grad_sums(const Tensor& dy, const Tensor& x, const NormStatistics& statistics,
                      const Tensor& y) {
  check_statistics("norm_grad_sums", x, statistics);
  check_gradient("norm_grad_sums", dy, x, y);
  Tensor sums = Tensor::empty({2, x.size(0), x.size(2)}, channel_options(x));
  const OpSpan span("norm_grad_sums", moving(dy, x, statistics.mean, statistics.rstd, y, sums));
  backend(x.device()).norm_grad_sums(dy, x, statistics.mean, statistics.rstd, y, sums);
  return sums;
}

Tensor norm_grad_input(const Tensor& dy, const Tensor& x, const NormStatistics& statistics,
                       const Tensor& gamma, const Tensor& sums, const Tensor& y) {
  check_statistics("norm_grad_input", x, statistics);
  check_gradient("norm_grad_input", dy, x, y);
  check_channels("norm_grad_input", "gamma", x, gamma);
  check_channel_numbers("norm_grad_input", x, sums);
  check_has_shape("norm_grad_input", "sums", sums, {2, x.size(0), x.size(2)});
  Tensor dx = Tensor::empty(x.shape(), x.options());
  const OpSpan span("norm_grad_input",
                    moving(dy, x, statistics.mean, statistics.rstd, gamma, sums, y, dx));
  backend(x.device()).norm_grad_input(dy, x, statistics.mean, statistics.rstd, gamma, sums, y, dx);
  return dx;
}

}  // namespace kintsugi::ops

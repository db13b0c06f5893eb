// Batch normalisation (Ioffe & Szegedy 2015): each channel of the batch brought to mean 0 and
// variance 1, then given the scale γ and the shift β that training finds best:
//
//   y = (x − mean(x)) / √(var(x) + eps)·γ + β        mean and var over all axes but the last
//
// Channels last makes a batch [N, H, W, C] a matrix of N·H·W rows, and this the normalisation of
// its columns: normalise.cpp with one group, where the derivative is.
//
// At inference the statistics are given, and y is a straight line in x, with r = 1/√(variance +
// eps):
//
//   y = (x − mean)·r·γ + β        dx = dy·r·γ        dγ = Σ dy·(x − mean)·r        dβ = Σ dy
#include "autograd/ops/normalise.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

/// x [..., C] as one group [1, M, C].
Shape one_group(const char* op, const Variable& x) {
  check_shape(x.shape().rank() >= 1 && x.size(-1) > 0, "{}: x {} has no channels", op, x.shape());
  return {1, x.value().numel() / x.size(-1), x.size(-1)};
}

}  // namespace

Normalised batch_norm(const Variable& x, const Variable& gamma, const Variable& beta, double eps,
                      bool relu) {
  Normalised result =
      normalise("batch_norm", x, one_group("batch_norm", x), gamma, beta, eps, relu);
  const Shape channels{x.size(-1)};
  return {result.y, result.mean.reshape(channels), result.variance.reshape(channels)};
}

Variable batch_norm_inference(const Variable& x, const Variable& gamma, const Variable& beta,
                              const Tensor& mean, const Tensor& variance, double eps) {
  constexpr const char* kOp = "batch_norm_inference";
  const Shape group = one_group(kOp, x), channels{x.size(-1)};
  check_channels(kOp, x, gamma, beta);
  check_shape(mean.shape() == channels && variance.shape() == channels,
              "{}: mean {} and variance {} must be {}, the channels of x {}", kOp, mean.shape(),
              variance.shape(), channels, x.shape());
  const Tensor rstd = ops::reciprocal(ops::sqrt(ops::affine(variance, 1, eps)));
  const ops::NormStatistics statistics{mean.reshape({1, channels[0]}),
                                       variance.reshape({1, channels[0]}),
                                       rstd.reshape({1, channels[0]})};
  const Tensor y =
      ops::norm_apply(x.value().reshape(group), statistics, gamma.value(), beta.value(), false);
  return record(
      kOp, y.reshape(x.shape()), {x, gamma, beta}, [=](const Variable& dy, const Variable&) {
        const DType dtype = x.value().dtype(), of_channels = mean.dtype();
        const Variable g = cast(dy, of_channels);
        Grads grads(3);
        if (x.requires_grad()) grads[0] = cast(g * (Variable(rstd) * gamma), dtype);
        if (gamma.requires_grad())
          grads[1] = sum_to(g * (cast(x, of_channels) - Variable(mean)), channels) * Variable(rstd);
        if (beta.requires_grad()) grads[2] = sum_to(g, channels);
        return grads;
      });
}

namespace {

std::vector<Sample> batch_norm_samples() {
  std::vector<Sample> samples = normalisation_samples(batch_norm, {2, 3, 2, 3});
  for (Sample& vectors : normalisation_samples(batch_norm, {6, 2})) {
    vectors.label += vectors.label.empty() ? "vectors" : ", vectors";
    samples.push_back(vectors);
  }
  return samples;
}

const RegisterOp batch_norm_info{
    {.name = "batch_norm",
     .formula = "(x − mean(x)) / √(var(x) + eps)·γ + β for each channel",
     .derivative = "dx = γ·r·(dy − (Σ dy + x̂·Σ dy·x̂) / M), dγ = Σ dy·x̂, dβ = Σ dy",
     .samples = batch_norm_samples()}};

const RegisterOp inference_info{
    {.name = "batch_norm_inference",
     .formula = "(x − mean) / √(variance + eps)·γ + β, the statistics given",
     .derivative = "dx = dy·γ·r, dγ = Σ dy·(x − mean)·r, dβ = Σ dy",
     .samples = {{.inputs = {{.shape = {2, 3, 2, 3}},
                             {.shape = {3}, .low = 0.5, .high = 1.5},
                             {.shape = {3}},
                             {.shape = {3}, .differentiable = false},
                             {.shape = {3}, .low = 0.5, .high = 2, .differentiable = false}},
                  .apply = [](const Variables& in) {
                    return batch_norm_inference(in[0], in[1], in[2], in[3].value(), in[4].value());
                  }}}}};

}  // namespace

}  // namespace kintsugi

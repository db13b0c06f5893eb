// Batch normalisation (Ioffe & Szegedy 2015): each channel of the batch brought to mean 0 and
// variance 1, then given the scale γ and the shift β that training finds best:
//
//   y = (x − mean(x)) / √(var(x) + eps)·γ + β        mean and var over all axes but the last
//
// Channels last makes a batch [N, H, W, C] a matrix of N·H·W rows, and this the normalisation of
// its columns: normalise.cpp with one group, where the derivative is. Several batches in a row,
// each to be normalised by itself, are as many groups ("ghost batches").
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

/// x [..., C] as groups [G, M, C].
Shape in_groups(const char* op, const Variable& x, int64_t groups) {
  check_shape(x.shape().rank() >= 1 && x.size(-1) > 0, "{}: x {} has no channels", op, x.shape());
  check_shape(groups > 0 && x.size(0) % groups == 0, "{}: x {} is not {} batches of one size", op,
              x.shape(), groups);
  return {groups, x.value().numel() / x.size(-1) / groups, x.size(-1)};
}

}  // namespace

Normalised batch_norm(const Variable& x, const Variable& gamma, const Variable& beta, double eps,
                      bool relu, int64_t ghost_batches) {
  Normalised result =
      normalise("batch_norm", x, in_groups("batch_norm", x, ghost_batches), gamma, beta, eps, relu);
  if (ghost_batches > 1) return result;
  const Shape channels{x.size(-1)};
  return {result.y, result.mean.reshape(channels), result.variance.reshape(channels)};
}

Variable batch_norm_inference(const Variable& x, const Variable& gamma, const Variable& beta,
                              const Tensor& mean, const Tensor& variance, double eps) {
  constexpr const char* kOp = "batch_norm_inference";
  const Shape group = in_groups(kOp, x, 1), channels{x.size(-1)};
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

template <int64_t kGhostBatches>
Normalised norm_of(const Variable& x, const Variable& gamma, const Variable& beta, double eps,
                   bool relu) {
  return batch_norm(x, gamma, beta, eps, relu, kGhostBatches);
}

std::vector<Sample> batch_norm_samples() {
  std::vector<Sample> samples = normalisation_samples(norm_of<1>, {2, 3, 2, 3});
  const auto add = [&](std::vector<Sample> more, const std::string& label) {
    for (Sample& sample : more) {
      sample.label += sample.label.empty() ? label : ", " + label;
      samples.push_back(sample);
    }
  };
  add(normalisation_samples(norm_of<1>, {6, 2}), "vectors");
  add(normalisation_samples(norm_of<2>, {4, 2, 1, 3}), "two ghost batches");
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

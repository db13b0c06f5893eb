// Normalisation over the middle axis of x [G, M, C], and its gradient.
//
// With μ and σ² the mean and the (biased) variance of the M numbers of a group and a channel, and
// r = 1/√(σ² + eps):
//
//   x̂_i = (x_i − μ)·r        y_i = γ·x̂_i + β
//
// By γ and β, y is linear: dγ = Σ dy_i·x̂_i and dβ = Σ dy_i. By x there are three paths: x_j acts
// on its own x̂_j, and through μ and r on every x̂_i. From ∂μ/∂x_j = 1/M and
// ∂r/∂x_j = −½·r³·∂σ²/∂x_j = −½·r³·(2/M)·(x_j − μ) = −r²·x̂_j/M follows
//
//   ∂x̂_i/∂x_j = r·(δ_ij − 1/M − x̂_i·x̂_j/M)
//
// and, summed over i with dx̂_i = γ·dy_i:
//
//   dx_j = γ·r·( dy_j − (Σ_i dy_i + x̂_j·Σ_i dy_i·x̂_i) / M )
//
// The two sums are dβ and dγ before these are added up over the groups, so one pass over the data
// makes both (norm_grad_sums) and a second one makes dx (norm_grad_input). dx is what is left of dy
// when its mean and its part along x̂ are taken away: normalisation undoes every shift and scaling
// of x, so y does not feel them. With ReLU fused, dy counts only where y > 0.
//
// The two fused functions are ops themselves, so that gradients can be differentiated; their own
// backward comes from their formulas above, written in ops (definition.h).
#include "autograd/ops/normalise.h"

#include <utility>

#include "autograd/ops/definition.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

/// What the gradient functions know beside their Variables.
struct Context {
  ops::NormStatistics statistics;  ///< of x
  double eps;
  Tensor y;  ///< output of the fused ReLU, or undefined
};

struct Standardised {
  Variable rstd, x_hat;  ///< [G, 1, C], [G, M, C]
};

Standardised standardised(const Variable& x, double eps) {
  const Variable centred = x - mean(x, {1}, true);
  const Variable rstd = reciprocal(sqrt(mean(square(centred), {1}, true) + eps));
  return {rstd, centred * rstd};
}

/// dy where the fused ReLU let it through.
Variable let_through(const Variable& dy, const Tensor& y) {
  return y.defined() ? relu_grad(dy, Variable(y)) : dy;
}

/// [2, G, C]: Σ dy and Σ dy·x̂.
Variable norm_grad_sums(const Variable& dy, const Variable& x, const Context& context) {
  const Definition definition = [eps = context.eps, y = context.y](const Variables& in) {
    const Variable dy = let_through(in[0], y);
    const Variable x_hat = standardised(in[1], eps).x_hat;
    const Shape row{1, dy.size(0), dy.size(2)};  // [1, G, C]
    return concat({reshape(sum(dy, {1}), row), reshape(sum(dy * x_hat, {1}), row)}, 0);
  };
  return record("norm_grad_sums",
                ops::norm_grad_sums(dy.value(), x.value(), context.statistics, context.y), {dy, x},
                from_definition(definition, {dy, x}));
}

/// [G, M, C]: γ·r·(dy − (Σ dy + x̂·Σ dy·x̂) / M), the sums given.
Variable norm_grad_input(const Variable& dy, const Variable& x, const Variable& gamma,
                         const Variable& sums, const Context& context) {
  const Definition definition = [eps = context.eps, y = context.y](const Variables& in) {
    const Variable dy = let_through(in[0], y), &x = in[1], &gamma = in[2], &sums = in[3];
    const auto [rstd, x_hat] = standardised(x, eps);
    const Shape column{x.size(0), 1, x.size(2)};  // [G, 1, C]
    const Variable sum_dy = reshape(slice(sums, 0, 0, 1), column);
    const Variable sum_dy_x_hat = reshape(slice(sums, 0, 1, 1), column);
    const double share = 1 / static_cast<double>(x.size(1));  // 1/M
    return gamma * rstd * (dy - share * (sum_dy + x_hat * sum_dy_x_hat));
  };
  return record("norm_grad_input",
                ops::norm_grad_input(dy.value(), x.value(), context.statistics, gamma.value(),
                                     sums.value(), context.y),
                {dy, x, gamma, sums}, from_definition(definition, {dy, x, gamma, sums}));
}

/// One of the two rows of sums [2, G, C], added up over the groups: [C].
Variable over_groups(const Variable& sums, int64_t row) {
  return sum(slice(sums, 0, row, 1), {0, 1});
}

}  // namespace

void check_channels(const char* op, const Variable& x, const Variable& gamma,
                    const Variable& beta) {
  const Shape channels{x.size(-1)};
  check_shape(gamma.shape() == channels && beta.shape() == channels,
              "{}: gamma {} and beta {} must be {}, the channels of x {}", op, gamma.shape(),
              beta.shape(), channels, x.shape());
}

Normalised normalise(const char* op, const Variable& x, const Shape& view, const Variable& gamma,
                     const Variable& beta, double eps, bool relu) {
  check_channels(op, x, gamma, beta);
  check_shape(view[1] > 0, "{}: x {} has nothing to take a mean of", op, x.shape());
  const ops::NormStatistics statistics = ops::norm_statistics(x.value().reshape(view), eps);
  // Holds gamma and beta as they are now, whatever an optimiser makes of them.
  Remake make = [=, gamma = gamma.value(), beta = beta.value()] {
    return ops::norm_apply(x.value().reshape(view), statistics, gamma, beta, relu)
        .reshape(x.shape());
  };
  Backward backward = [=](const Variable& dy, const Variable& y) {
    const Context context{statistics, eps, relu ? y.value().reshape(view) : Tensor()};
    const Variable rows = reshape(x, view), dy_rows = reshape(dy, view);
    const Variable sums = norm_grad_sums(dy_rows, rows, context);
    Grads grads(3);
    if (x.requires_grad())
      grads[0] = reshape(norm_grad_input(dy_rows, rows, gamma, sums, context), x.shape());
    if (gamma.requires_grad()) grads[1] = over_groups(sums, 1);
    if (beta.requires_grad()) grads[2] = over_groups(sums, 0);
    return grads;
  };
  Tensor y = make();
  return {record(op, std::move(y), {x, gamma, beta}, std::move(backward), std::move(make)),
          statistics.mean, statistics.variance};
}

namespace {

/// x with neighbouring rows pushed 3 up and 3 down: their normalised values lie near ±1, away from
/// the kink of a fused ReLU, on both of its sides.
Variable pushed_apart(const Variable& x) {
  const int64_t channels = x.size(-1), rows = x.value().numel() / channels;
  std::vector<double> push;
  for (int64_t row = 0; row < rows; ++row) push.push_back(row % 2 == 0 ? 3 : -3);
  const Tensor column = Tensor::from(push, {rows, 1}, x.options());
  return reshape(reshape(x, {rows, channels}) + Variable(column), x.shape());
}

constexpr double kEps = 1e-5;

}  // namespace

std::vector<Sample> normalisation_samples(Normalised (*op)(const Variable&, const Variable&,
                                                           const Variable&, double, bool),
                                          const Shape& shape) {
  const Shape channels{shape[-1]};
  const std::vector<SampleInput> inputs = {{.shape = shape},
                                           {.shape = channels, .low = 0.8, .high = 1.2},
                                           {.shape = channels, .low = -0.3, .high = 0.3}};
  return {{.inputs = inputs,
           .apply = [op](const Variables& in) { return op(in[0], in[1], in[2], kEps, false).y; }},
          {.inputs = inputs,
           .apply = [op](const Variables& in) { return op(in[0], in[1], in[2], 0.1, false).y; },
           .label = "large eps"},
          {.inputs = inputs,
           .apply =
               [op](const Variables& in) {
                 return op(pushed_apart(in[0]), in[1], in[2], kEps, true).y;
               },
           .label = "with ReLU"}};
}

namespace {

/// The context of x, masked by the signs of y where that is defined.
Context context_of(const Variable& x, const Tensor& y) {
  return {ops::norm_statistics(x.value(), kEps), kEps, y};
}

Sample sums_sample(bool relu, const char* label) {
  return {.inputs = {{.shape = {2, 4, 3}},
                     {.shape = {2, 4, 3}},
                     {.shape = {2, 4, 3}, .differentiable = false}},
          .apply =
              [relu](const Variables& in) {
                const Tensor y = relu ? in[2].value() : Tensor();
                return norm_grad_sums(in[0], in[1], context_of(in[1], y));
              },
          .label = label};
}

Sample input_sample(bool relu, const char* label) {
  return {.inputs = {{.shape = {2, 4, 3}},
                     {.shape = {2, 4, 3}},
                     {.shape = {3}, .low = 0.8, .high = 1.2},
                     {.shape = {2, 2, 3}},
                     {.shape = {2, 4, 3}, .differentiable = false}},
          .apply =
              [relu](const Variables& in) {
                const Tensor y = relu ? in[4].value() : Tensor();
                return norm_grad_input(in[0], in[1], in[2], in[3], context_of(in[1], y));
              },
          .label = label};
}

const RegisterOp sums_info{{.name = "norm_grad_sums",
                            .formula = "Σ dy and Σ dy·x̂",
                            .derivative = "of this formula, in ops",
                            .samples = {sums_sample(false, ""), sums_sample(true, "with ReLU")}}};

const RegisterOp input_info{
    {.name = "norm_grad_input",
     .formula = "γ·r·(dy − (Σ dy + x̂·Σ dy·x̂) / M)",
     .derivative = "of this formula, in ops",
     .samples = {input_sample(false, ""), input_sample(true, "with ReLU")}}};

}  // namespace

}  // namespace kintsugi

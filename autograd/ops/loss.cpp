// Losses of two maps, each the mean over all n elements of w·ℓ(x, t), computed in one pass:
//
//   mse_loss          ℓ = (x − t)²                                ∂ℓ/∂x = 2(x − t)
//   l1_loss           ℓ = |x − t|                                 ∂ℓ/∂x = sign(x − t)
//   bce_with_logits   ℓ = −t·log σ(x) − (1 − t)·log(1 − σ(x))     ∂ℓ/∂x = σ(x) − t
//
// The last line: with d/dx log σ = 1 − σ and d/dx log(1 − σ) = −σ, ∂ℓ/∂x is
// −t·(1 − σ) + (1 − t)·σ = σ − t. A logit x instead of the probability σ(x) keeps this exact where
// σ rounds to 0 or 1: ℓ = max(x, 0) − t·x + log(1 + e^−|x|), in which nothing overflows or cancels.
//
//   dx = dy·w·∂ℓ/∂x / n        dt = −dx, but −dy·w·x / n for bce_with_logits: ∂ℓ/∂t = −x
//
// dx is an op itself (NAME_grad), so that it can be differentiated; its own backward comes from
// this formula, written in ops (definition.h).
#include "autograd/ops.h"
#include "autograd/ops/definition.h"
#include "autograd/registry.h"
#include "tensor/error.h"
#include "tensor/ops.h"

namespace kintsugi {

namespace {

/// One of the losses.
struct Loss {
  const char *name, *grad_name;
  LossTerm term;
  Variable (*slope)(const Variable& x, const Variable& t);  ///< ∂ℓ/∂x
};

constexpr Loss kMse{"mse_loss", "mse_loss_grad", LossTerm::squared_error,
                    [](const Variable& x, const Variable& t) { return 2 * (x - t); }};
constexpr Loss kL1{"l1_loss", "l1_loss_grad", LossTerm::absolute_error,
                   [](const Variable& x, const Variable& t) {
                     return Variable(ops::sign(ops::subtract(x.value(), t.value())));
                   }};
constexpr Loss kBce{"bce_with_logits", "bce_with_logits_grad", LossTerm::bce_with_logits,
                    [](const Variable& x, const Variable& t) { return sigmoid(x) - t; }};

/// dy·w/n, which multiplies every ∂ℓ.
Variable share_of(const Variable& dy, const LossInput& in) {
  const Variable share = (1.0 / static_cast<double>(in.x.numel())) * dy;
  return in.weights.defined() ? share * Variable(in.weights) : share;
}

/// dx; `target` is what in.targets is the value of, or undefined.
Variable loss_grad(const Loss& loss, const Variable& dy, const Variable& x, const Variable& target,
                   const LossInput& in) {
  const Definition definition = [loss, in](const Variables& inputs) {
    const Variable& x = inputs[1];
    const Variable t =
        inputs.size() > 2 ? inputs[2] : Variable(Tensor::full(x.shape(), in.target, x.options()));
    return share_of(inputs[0], in) * loss.slope(x, t);
  };
  const Variables inputs = target.defined() ? Variables{dy, x, target} : Variables{dy, x};
  return record(loss.grad_name, ops::loss_grad(loss.grad_name, loss.term, in, dy.value()), inputs,
                from_definition(definition, inputs));
}

Variable mean_loss(const Loss& loss, const Variable& x, const LossInput& in,
                   const Variable& target) {
  const Variables inputs = target.defined() ? Variables{x, target} : Variables{x};
  return record(loss.name, ops::loss(loss.name, loss.term, in), inputs,
                [=](const Variable& dy, const Variable&) {
                  const bool by_target = target.defined() && target.requires_grad();
                  const bool is_bce = loss.term == LossTerm::bce_with_logits;
                  Grads grads(inputs.size());
                  Variable dx;
                  if (x.requires_grad() || (by_target && !is_bce))
                    dx = loss_grad(loss, dy, x, target, in);
                  if (x.requires_grad()) grads[0] = dx;
                  if (by_target) grads[1] = is_bce ? -(share_of(dy, in) * x) : -dx;
                  return grads;
                });
}

Variable mean_loss(const Loss& loss, const Variable& x, const Variable& target,
                   const Tensor& weights) {
  return mean_loss(loss, x, {.x = x.value(), .targets = target.value(), .weights = weights},
                   target);
}

}  // namespace

Variable mse_loss(const Variable& x, const Variable& target, const Tensor& weights) {
  return mean_loss(kMse, x, target, weights);
}

Variable l1_loss(const Variable& x, const Variable& target, const Tensor& weights) {
  return mean_loss(kL1, x, target, weights);
}

Variable bce_with_logits(const Variable& logits, const Variable& target) {
  return mean_loss(kBce, logits, target, {});
}

Variable bce_with_logits(const Variable& logits, double target) {
  check(target >= 0 && target <= 1, "bce_with_logits: target {} is no probability", target);
  return mean_loss(kBce, logits, {.x = logits.value(), .target = target}, {});
}

namespace {

std::vector<Sample> samples(Variable (*loss)(const Variable&, const Variable&, const Tensor&)) {
  return {{.inputs = {{.shape = {3, 4}}, {.shape = {3, 4}, .low = 0}},
           .apply = [loss](const Variables& in) { return loss(in[0], in[1], {}); }},
          {.inputs = {{.shape = {2, 2, 3}},
                      {.shape = {2, 2, 3}, .low = 0},
                      {.shape = {2, 2, 1}, .low = 0.5, .differentiable = false}},
           .apply = [loss](const Variables& in) { return loss(in[0], in[1], in[2].value()); },
           .label = "a weight a pixel"},
          {.inputs = {{.shape = {4}}, {.shape = {4}}, {.shape = {4}, .differentiable = false}},
           .apply = [loss](const Variables& in) { return loss(in[0], in[1], in[2].value()); },
           .label = "a weight each"}};
}

std::vector<Sample> bce_samples() {
  std::vector<Sample> samples{
      {.inputs = {{.shape = {3, 4}, .low = -3, .high = 3}, {.shape = {3, 4}, .low = 0}},
       .apply = [](const Variables& in) { return bce_with_logits(in[0], in[1]); }}};
  for (const double target : {0.0, 0.25, 1.0})
    samples.push_back(
        {.inputs = {{.shape = {3, 4}, .low = -3, .high = 3}},
         .apply = [target](const Variables& in) { return bce_with_logits(in[0], target); },
         .label = fmt::format("target {}", target)});
  return samples;
}

/// dx as an op of dy, x and t.
OpInfo grad_info(const Loss& loss, const char* formula, const char* derivative) {
  const auto apply = [loss](const Variables& in, const Tensor& weights) {
    return loss_grad(loss, in[0], in[1], in[2],
                     {.x = in[1].value(), .targets = in[2].value(), .weights = weights});
  };
  return {.name = loss.grad_name,
          .formula = formula,
          .derivative = derivative,
          .samples = {{.inputs = {{.shape = {}}, {.shape = {3, 4}}, {.shape = {3, 4}}},
                       .apply = [apply](const Variables& in) { return apply(in, {}); }},
                      {.inputs = {{.shape = {}},
                                  {.shape = {2, 3}},
                                  {.shape = {2, 3}},
                                  {.shape = {2, 1}, .low = 0.5, .differentiable = false}},
                       .apply = [apply](const Variables& in) { return apply(in, in[3].value()); },
                       .label = "a weight a pixel"}}};
}

OpInfo l1_grad_info() {
  OpInfo info = grad_info(kL1, "dy·w·sign(x − t)/n", "d(dy) = Σ c·w·sign(x − t)/n, dx = dt = 0");
  for (Sample& sample : info.samples)
    for (size_t i : {1, 2}) sample.inputs[i].zero_gradient = true;
  info.differences_kink = true;
  return info;
}

const RegisterOp mse_info{{.name = "mse_loss",
                           .formula = "mean w·(x − t)²",
                           .derivative = "dx = dy·w·2(x − t)/n, dt = −dx",
                           .samples = samples(mse_loss)}};
const RegisterOp l1_info{{.name = "l1_loss",
                          .formula = "mean w·|x − t|",
                          .derivative = "dx = dy·w·sign(x − t)/n, dt = −dx",
                          .differences_kink = true,
                          .samples = samples(l1_loss)}};
const RegisterOp bce_info{{.name = "bce_with_logits",
                           .formula = "mean(−t·log σ(x) − (1 − t)·log(1 − σ(x)))",
                           .derivative = "dx = dy·(σ(x) − t)/n, dt = −dy·x/n",
                           .samples = bce_samples()}};

const RegisterOp mse_grad_info{
    grad_info(kMse, "dy·w·2(x − t)/n", "d(dy) = Σ c·w·2(x − t)/n, dx = c·dy·w·2/n, dt = −dx")};
const RegisterOp l1_grad_registered{l1_grad_info()};
const RegisterOp bce_grad_info{grad_info(kBce, "dy·w·(σ(x) − t)/n",
                                         "d(dy) = Σ c·w·(σ(x) − t)/n, "
                                         "dx = c·dy·w·σ(x)·(1 − σ(x))/n, dt = −c·dy·w/n")};

}  // namespace

}  // namespace kintsugi

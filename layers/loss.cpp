#include "layers/loss.h"

#include "autograd/ops.h"
#include "autograd/registry.h"
#include "tensor/error.h"

namespace kintsugi {

namespace {

void check_same_shape(const char* op, const Variable& x, const Variable& target) {
  check_shape(x.shape() == target.shape(), "{}: input {} and target {} differ in shape", op,
              x.shape(), target.shape());
}

}  // namespace

Variable mse_loss(const Variable& x, const Variable& target) {
  check_same_shape("mse_loss", x, target);
  return mean(square(x - target));
}

Variable l1_loss(const Variable& x, const Variable& target) {
  check_same_shape("l1_loss", x, target);
  return mean(abs(x - target));
}

Variable bce_with_logits(const Variable& logits, double target) {
  check(target >= 0 && target <= 1, "bce_with_logits: target {} is no probability", target);
  if (target == 1) return mean(softplus(-logits));
  if (target == 0) return mean(softplus(logits));
  return mean(target * softplus(-logits) + (1 - target) * softplus(logits));
}

Variable bce_with_logits(const Variable& logits, const Variable& target) {
  check_same_shape("bce_with_logits", logits, target);
  return mean(target * softplus(-logits) + affine(target, -1, 1) * softplus(logits));
}

Variable cross_entropy(const Variable& logits, const std::vector<int64_t>& labels) {
  check_shape(logits.shape().rank() == 2 && logits.size(0) > 0 &&
                  logits.size(0) == static_cast<int64_t>(labels.size()),
              "cross_entropy: input {} is not [{}, classes], a row for each label", logits.shape(),
              labels.size());
  int64_t rows = logits.size(0), classes = logits.size(1);
  std::vector<double> chosen(static_cast<size_t>(logits.shape().numel()));  // 1 at each label
  for (int64_t row = 0; row < rows; ++row) {
    int64_t label = labels[static_cast<size_t>(row)];
    check(label >= 0 && label < classes, "cross_entropy: label {} of row {} is not in [0, {})",
          label, row, classes);
    chosen[static_cast<size_t>(row * classes + label)] = 1;
  }
  Variable mask(Tensor::from(chosen, logits.shape(), logits.options()));
  return (-1.0 / static_cast<double>(rows)) * sum(mask * log_softmax(logits));
}

namespace {

using LossOfTwo = Variable (*)(const Variable&, const Variable&);

OpInfo of_two(const char* name, const char* formula, const char* derivative, LossOfTwo loss) {
  return {.name = name,
          .formula = formula,
          .derivative = derivative,
          .samples = {{.inputs = {{.shape = {3, 4}}, {.shape = {3, 4}, .low = 0}},
                       .apply = [loss](const Variables& in) { return loss(in[0], in[1]); }}}};
}

OpInfo l1_info() {
  OpInfo info = of_two("l1_loss", "mean |x − t|", "dx = sign(x − t)/n", l1_loss);
  info.differences_kink = true;
  return info;
}

OpInfo bce_info() {
  OpInfo info = of_two("bce_with_logits", "mean(−t·log σ(x) − (1 − t)·log(1 − σ(x)))",
                       "dx = (σ(x) − t)/n, dt = −x/n", bce_with_logits);
  for (double target : {0.0, 0.25, 1.0})
    info.samples.push_back(
        {.inputs = {{.shape = {3, 4}, .low = -3, .high = 3}},
         .apply = [target](const Variables& in) { return bce_with_logits(in[0], target); },
         .label = fmt::format("target {}", target)});
  return info;
}

const RegisterLayer mse_layer(of_two("mse_loss", "mean (x − t)²", "dx = 2(x − t)/n", mse_loss));
const RegisterLayer l1_layer(l1_info());
const RegisterLayer bce_layer(bce_info());
const RegisterLayer cross_entropy_layer{
    {.name = "cross_entropy",
     .formula = "mean over rows of −log softmax(x)[label]",
     .derivative = "dx = (softmax(x) − [label])/rows",
     .samples = {
         {.inputs = {{.shape = {3, 4}, .low = -2, .high = 2}}, .apply = [](const Variables& in) {
            return cross_entropy(in[0], {2, 0, 3});
          }}}}};

}  // namespace

}  // namespace kintsugi

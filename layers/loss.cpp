#include "layers/loss.h"

#include "autograd/registry.h"
#include "tensor/error.h"

namespace kintsugi {

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

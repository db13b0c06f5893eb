#pragma once
#include <cstdint>
#include <vector>

#include "autograd/variable.h"

/// Losses, each the mean over all elements (or rows): one element. Targets are constants unless
/// given as Variables.
namespace kintsugi {

/// mean (x − target)²
Variable mse_loss(const Variable& x, const Variable& target);
/// mean |x − target|
Variable l1_loss(const Variable& x, const Variable& target);
/// mean of −t·log σ(x) − (1 − t)·log(1 − σ(x)) = t·softplus(−x) + (1 − t)·softplus(x): x is the
/// logit, so that nothing overflows or cancels; t in [0, 1], one number for all or one each.
Variable bce_with_logits(const Variable& logits, double target);
Variable bce_with_logits(const Variable& logits, const Variable& target);
/// mean over rows of −log softmax(x)[label]: x [N, classes], labels [N] in [0, classes).
Variable cross_entropy(const Variable& logits, const std::vector<int64_t>& labels);

}  // namespace kintsugi

#pragma once
#include <cstdint>
#include <vector>

#include "autograd/ops.h"

/// Losses that are made of ops. Those of two maps are ops themselves: mse_loss, l1_loss and
/// bce_with_logits (autograd/ops.h).
namespace kintsugi {

/// mean over rows of −log softmax(x)[label]: x [N, classes], labels [N] in [0, classes).
Variable cross_entropy(const Variable& logits, const std::vector<int64_t>& labels);

}  // namespace kintsugi

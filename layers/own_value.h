#pragma once
#include "autograd/variable.h"

namespace kintsugi {

/// A leaf's tensor, to be written to in place. Where somebody else holds it (a copy of the tensor,
/// a saved state), the leaf gets a clone first, so that what they hold stays as it is.
inline Tensor own_value(Variable& leaf) {
  if (!leaf.value().is_unique()) leaf.set_value(leaf.value().clone());
  return leaf.value();
}

}  // namespace kintsugi

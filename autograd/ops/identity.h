#pragma once
#include "autograd/variable.h"

namespace kintsugi {

/// y = x, as a node of its own: a second handle by which gradients can tell two uses of x apart.
Variable identity(const Variable& x);

}  // namespace kintsugi

#pragma once
#include <functional>

#include "autograd/variable.h"

namespace kintsugi {

/// function(inputs), without keeping what is computed on the way: backward computes it again. The
/// memory of the function's activations is held only while it runs, forward or backward, at the
/// price of a second forward pass (Chen et al., "Training Deep Nets with Sublinear Memory Cost",
/// 2016). Gradients reach the inputs and whatever else the function uses (its parameters), to any
/// order. It must compute the same from the same inputs each time, and change nothing outside when
/// is_recomputing().
Variable checkpoint(const std::function<Variable(const Variables&)>& function,
                    const Variables& inputs);

/// True where a checkpointed function runs again in a backward pass, for this thread: what it
/// counted the first time (running statistics) it must not count twice.
bool is_recomputing();

}  // namespace kintsugi

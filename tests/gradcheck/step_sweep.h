#pragma once
#include "autograd/registry.h"
#include "tests/gradcheck/run.h"

namespace kintsugi {

/// The error of the five-point stencil that gradcheck uses, for steps ε from 1e-9 to 0.1, in
/// float64 and in float32, against the gradient that backward computes in float64; of some elements
/// of the first sample, as root mean squares relative to the size of their input's gradient. With
/// it the two errors that theory predicts (Press et al., "Numerical Recipes", §5.7):
///
///   truncation   ε⁴·|f⁽⁵⁾| / 30         the terms of Taylor's series that the stencil leaves out
///   rounding     u·√(130/3)/12·|f| / ε  of values of f that are exact to the machine's u
///
/// f⁽⁵⁾ by differences; |f| the root of Σ (uᵢ·yᵢ)² over the outputs that depend on the element,
/// with the rounding of x + ε on top. Their sum is a V on logarithmic axes: slopes −1 and 4.
gradcheck_run::StepSweep sweep_steps(const OpInfo& op);

}  // namespace kintsugi

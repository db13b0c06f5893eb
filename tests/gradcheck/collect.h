#pragma once
#include <string>
#include <vector>

#include "autograd/gradcheck.h"
#include "tests/gradcheck/run.h"

namespace kintsugi {

/// The check as data, with the errors of every input, also behind one that fails.
gradcheck_run::CheckResult check_as_data(const OpInfo& op, GradcheckOptions options);

/// Everything of one op or layer: both orders on a device, and, where it is the CPU, the errors
/// against the step and what backward keeps. `kind`: "op", "layer" or "network".
gradcheck_run::Entry collect(const std::string& kind, const OpInfo& op,
                             const std::vector<int>& orders, Device device);

/// The layers of GLCIC's networks, as samples for a check: the completion network of width 2, the
/// discriminators of width 1 for pictures of 32 x 32. Each layer by itself, in training, on
/// small maps of random numbers. Names like "completion.layer07".
std::vector<OpInfo> glcic_layers();

}  // namespace kintsugi

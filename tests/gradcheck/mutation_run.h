#pragma once
#include "autograd/registry.h"
#include "tests/gradcheck/mutations.h"
#include "tests/gradcheck/run.h"

namespace kintsugi {

/// Breaks the gradient of every differentiable input of the op with the mutation, one after the
/// other, and checks each: what the check says of the first, and whether it noticed all.
gradcheck_run::Attempt attempt(const OpInfo& op, const Mutation& mutation);

/// Every mutation on every op.
gradcheck_run::MutationRun run_mutations(const std::vector<OpInfo>& ops);

}  // namespace kintsugi

#pragma once
#include "autograd/registry.h"
#include "tests/gradcheck/run.h"

namespace kintsugi {

/// What is in memory between forward and backward of an op's first sample, measured: the graph's
/// tensors by walking it, what backward has put aside besides by the allocator's count, and which
/// gradients read a tensor by spoiling it between the two passes (every element becomes NaN) and
/// seeing which change. Bytes are those of float64, in which samples are checked.
gradcheck_run::KeptMemory measure_kept_memory(const OpInfo& op);

/// Why it is kept, or need not be, in a sentence; "" for an op that has none here.
std::string reason_for_keeping(const std::string& op);
/// The names of all ops and layers that have a sentence.
std::vector<std::string> names_with_reasons();

}  // namespace kintsugi

#pragma once
#include <string>

#include "tensor/profile.h"

namespace kintsugi {

/// One line for each op, the longest first: calls, time, its share of the wall time, GFLOP/s, bytes
/// read and written, bytes a second. Then all ops, what is outside of ops (by region), and the wall
/// time. GFLOP/s counts OpCost::operations: those of a plain convolution, so that a faster
/// algorithm shows as a higher figure, and none where an op has none.
std::string op_table(const Profile& profile);

/// One line for each layer (scope) and pass, in the order of the first forward call, then what is
/// outside of layers: the same columns, where calls are those of ops, and GFLOP/s is over all of
/// the layer's time.
std::string layer_table(const Profile& profile);

}  // namespace kintsugi

#pragma once
#include <string>

#include "tensor/profile.h"

namespace kintsugi {

/// The spans of a profile as JSON in the Trace Event Format ("complete" events, "ph": "X"), which
/// https://ui.perfetto.dev and chrome://tracing open. Times "ts" and "dur" are microseconds; "cat"
/// is op, forward, backward or update (a layer's), or region. An op has its layer, operations and
/// bytes as "args". "otherData" says how many spans were left out.
std::string chrome_trace(const Profile& profile);

}  // namespace kintsugi

#pragma once
#include "tensor/backend.h"

namespace kintsugi::cuda {

/// Records as a CUDA graph what `work` launches on the device's stream (Backend::record). Throws
/// what work() throws; nothing is left of the recording then.
std::unique_ptr<Recording> record_graph(const std::function<void()>& work);

}  // namespace kintsugi::cuda

#pragma once
#include <string>

#include "cuda/emulator/scheduler.h"

namespace emulator {

/// Whether a block in which no thread can move has threads that have not ended: some wait for
/// others that will never come.
bool stalled(const Block& block);

/// Who waits where, and for whom in vain.
std::string explain_stall(const Block& block);

}  // namespace emulator

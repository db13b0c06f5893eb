#pragma once
#include <cstdint>

#include "tests/bench/layer_table.h"

namespace kintsugi::bench {

/// The completion network at inference as `glcic complete` runs it: normalisation folded, nothing
/// recorded. [batch, size, size, 4] → [batch, size, size, 3].
Work completion_work(int64_t size, int64_t batch, int64_t width);

/// A step of phase 3: both networks, both ADADELTAs (train_jointly). Hole: the centre square.
Work training_work(int64_t size, int64_t batch, int64_t width);

/// Median seconds of a run: once untimed, then until `least_seconds` are full, once at least.
double median_seconds(const Work& work, double least_seconds);

}  // namespace kintsugi::bench

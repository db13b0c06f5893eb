#pragma once
#include <cstdint>

#include "tests/bench/layer_table.h"

namespace kintsugi::bench {

/// The completion network at inference as `glcic complete` runs it: normalisation folded, nothing
/// recorded. [batch, size, size, 4] → [batch, size, size, 3]; pictures stay on the device.
Work completion_work(int64_t size, int64_t batch, int64_t width, Device device = Device::cpu);

/// A step of phase 3 as `glcic train` takes it (StepRunner): both networks, both ADADELTAs. Hole:
/// the centre square.
Work training_work(int64_t size, int64_t batch, int64_t width, Device device = Device::cpu);

/// Median seconds of a run: once untimed, then until `least_seconds` are full, once at least.
double median_seconds(const Work& work, double least_seconds);

}  // namespace kintsugi::bench

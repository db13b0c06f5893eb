#pragma once

namespace kintsugi::bench {

/// The machine's peak in float32, GFLOP/s: multiply-adds on vector registers alone, on
/// num_threads() threads at once, the best of several short runs. A multiply-add counts as two
/// operations.
double measured_peak();

}  // namespace kintsugi::bench

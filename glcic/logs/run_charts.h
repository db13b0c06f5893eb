#pragma once
#include <vector>

#include "glcic/chart.h"
#include "glcic/metrics.h"

namespace kintsugi {

/// What a run measured, over its steps, with the beginning of each phase marked: completion loss,
/// adversarial losses, what the discriminators take for real, the norms of both gradients, and
/// pictures a second. Each curve is a mean over a hundredth of its steps in front of a finer one,
/// of at most 600 points, however long the run. A chart of columns that are not there, or hold no
/// numbers, is left out.
std::vector<Chart> run_charts(const Metrics& metrics);

/// The hole PSNR of a run's validation.csv over its steps.
Chart validation_chart(const Metrics& validation);

}  // namespace kintsugi

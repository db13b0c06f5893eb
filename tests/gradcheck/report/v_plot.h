#pragma once
#include <string>

#include "tests/gradcheck/run.h"

namespace kintsugi {

/// The error of numerical derivatives against the step ε, both logarithmic, as an <svg>: measured
/// in float64 and float32, and, dashed, what truncation (slope 4) and rounding (slope −1) predict.
/// "" where nothing was measured.
std::string v_plot(const gradcheck_run::StepSweep& sweep);

/// In words: where the measured error is least, and what bounds it on either side.
std::string v_words(const gradcheck_run::StepSweep& sweep);

}  // namespace kintsugi

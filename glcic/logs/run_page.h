#pragma once
#include <cmath>
#include <string>

#include "glcic/checkpoint.h"

namespace kintsugi {

/// Where a run stands when its page is written.
struct RunStatus {
  enum class Stage { training, stopped, done, failed };
  Stage stage = Stage::training;
  std::string reason = {};  ///< why it failed: a sentence
  Position position = {};
  double pictures_per_second = NAN;  ///< NaN: not known yet
  double seconds_left = NAN;         ///< of training; NaN: not known yet
  double write_every = 120;          ///< seconds until the page is written again, about
};

/// Writes RUN/index.html: progress, warnings, samples over time, curves and settings of a run, from
/// `status` and from what is in RUN (metrics.csv, validation.csv, warnings.txt, samples/). The page
/// is one file that holds its pictures and curves in itself. While the run trains it loads itself
/// anew, and says so when nothing has been written for long. What cannot be read is left out, with
/// a sentence in its place; throws Error where the page cannot be written.
void write_run_page(const std::string& run, const TrainSettings& settings, const RunStatus& status);

}  // namespace kintsugi

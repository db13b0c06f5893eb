#pragma once
#include <cstdint>

/// Learning rates as functions of the number of steps taken so far:
///   optimizer.set_rate(schedule.rate(optimizer.steps()));
namespace kintsugi {

/// rate = initial·factor^⌊step / every⌋
struct StepSchedule {
  double initial = 0.1;
  int64_t every = 1000;  ///< steps, 1 or more
  double factor = 0.1;
  /// Throws Error where step < 0 or every < 1; likewise below.
  double rate(int64_t step) const;
};

/// `initial` for the first `start` steps, then along a line to `last`, reached `steps` later and
/// kept.
struct LinearSchedule {
  double initial = 0.1;
  double last = 0;
  int64_t start = 0;
  int64_t steps = 1000;
  double rate(int64_t step) const;
};

/// rate = last + (initial − last)·(1 + cos(π·step / steps)) / 2, and `last` after `steps` steps:
/// Loshchilov & Hutter 2017, eq. 5, without restarts.
struct CosineSchedule {
  double initial = 0.1;
  double last = 0;
  int64_t steps = 1000;
  double rate(int64_t step) const;
};

}  // namespace kintsugi

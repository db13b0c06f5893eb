#pragma once
#include <string>
#include <utility>
#include <vector>

#include "tests/gradcheck/run.h"

namespace kintsugi {

/// One op or layer with the checks of all runs, side by side.
struct MergedEntry {
  gradcheck_run::Entry entry;  ///< of the first run that has it; steps and memory of any
  /// Device and its checks, in the order of the runs.
  std::vector<std::pair<std::string, std::vector<gradcheck_run::CheckResult>>> devices;
};

struct MergedRuns {
  std::vector<gradcheck_run::Run> heads;  ///< the runs without their entries
  std::vector<MergedEntry> entries;       ///< in the order of the first run
  double tolerance = 0;
};

/// Throws Error where there is no run, or where two runs allow different errors.
MergedRuns merge(const std::vector<gradcheck_run::Run>& runs);

/// "op-conv2d": the entry's place on a page.
std::string anchor_of(const gradcheck_run::Entry& entry);

/// All checks, over orders and devices.
struct EntrySummary {
  int checks = 0, failed = 0;
  int64_t elements = 0;
  double worst = 0;
};
EntrySummary summarise(const MergedEntry& entry);

}  // namespace kintsugi

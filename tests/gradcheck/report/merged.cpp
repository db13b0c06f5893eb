#include "tests/gradcheck/report/merged.h"

#include <algorithm>

#include "tensor/error.h"

namespace kintsugi {

using gradcheck_run::Entry;
using gradcheck_run::Run;

namespace {

MergedEntry& entry_like(std::vector<MergedEntry>& all, const Entry& entry) {
  for (MergedEntry& merged : all)
    if (merged.entry.kind == entry.kind && merged.entry.name == entry.name) return merged;
  all.push_back({entry, {}});
  return all.back();
}

}  // namespace

MergedRuns merge(const std::vector<Run>& runs) {
  check(!runs.empty(), "there is no run to report on");
  MergedRuns merged{.heads = {}, .entries = {}, .tolerance = runs[0].tolerance};
  for (const Run& run : runs) {
    check(run.tolerance == merged.tolerance, "the run on {} allows errors of {}, that on {} of {}",
          runs[0].device, merged.tolerance, run.device, run.tolerance);
    merged.heads.push_back(run);
    merged.heads.back().entries.clear();
    for (const Entry& entry : run.entries) {
      MergedEntry& place = entry_like(merged.entries, entry);
      place.devices.emplace_back(run.device, entry.checks);
      if (place.entry.steps.steps.empty()) place.entry.steps = entry.steps;
      if (place.entry.kept.tensors.empty()) place.entry.kept = entry.kept;
    }
  }
  return merged;
}

std::string anchor_of(const Entry& entry) { return entry.kind + "-" + entry.name; }

EntrySummary summarise(const MergedEntry& entry) {
  EntrySummary summary;
  for (const auto& device : entry.devices)
    for (const gradcheck_run::CheckResult& result : device.second) {
      summary.failed += !result.passed;
      summary.checks += !result.skipped;
      summary.elements += result.elements;
      summary.worst = std::max(summary.worst, result.worst);
    }
  return summary;
}

}  // namespace kintsugi

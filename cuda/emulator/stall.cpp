#include "cuda/emulator/stall.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "cuda/emulator/report.h"

namespace emulator {
namespace {

bool waits_at_warp_function(const Thread& thread) {
  return thread.state == Thread::State::waiting && thread.wait.lanes != 0;
}

std::string name(const Wait& wait) {
  const std::string call = fmt::format("{} at {}", wait.function, describe(wait.site));
  return wait.lanes == 0 ? call : fmt::format("{} for lanes {:#010x}", call, wait.lanes);
}

bool alike(const Wait& a, const Wait& b) {
  return a.lanes == b.lanes && std::string_view(a.function) == b.function;
}

/// Why this lane does not come to the call at which its warp's `waiting` thread waits; nothing
/// where it waits there too.
std::optional<std::string> absence(const Block& block, const Thread& waiting, int lane) {
  const size_t number = static_cast<size_t>(waiting.warp() * kWarpSize + lane);
  if (number >= block.threads.size()) return "which the block does not have";
  const Thread& thread = block.threads[number];
  if (thread.state == Thread::State::ended) return "which has ended";
  if (alike(thread.wait, waiting.wait)) return std::nullopt;
  return fmt::format("which waits at {}", name(thread.wait));
}

std::string explain_warp(const Block& block, const Thread& waiting) {
  for (int lane = 0; lane < kWarpSize; ++lane) {
    if ((waiting.wait.lanes >> lane & 1) == 0) continue;
    if (const auto why = absence(block, waiting, lane))
      return fmt::format("{}: {} waits for lane {} of its warp, {}", where(block, waiting),
                         name(waiting.wait), lane, *why);
  }
  return where(block, waiting);
}

/// The threads at each place, by number: 31 wait at __syncthreads at reduce.cu:4, …
std::string explain_barrier(const Block& block) {
  std::map<std::string, std::vector<const Thread*>> places;
  for (const Thread& thread : block.threads)
    places[thread.state == Thread::State::ended ? "have ended" : "wait at " + name(thread.wait)]
        .push_back(&thread);
  const Thread& first = *std::ranges::find_if(
      block.threads, [](const Thread& t) { return t.state == Thread::State::waiting; });
  std::string text = fmt::format("{}: {} is not reached by all {} threads of the block",
                                 where(block, first), name(first.wait), block.threads.size());
  const char* separator = ": ";
  for (const auto& [place, threads] : places) {
    text += fmt::format("{}{} {}, thread {} the first", separator, threads.size(), place,
                        describe(threads.front()->index));
    separator = "; ";
  }
  return text;
}

}  // namespace

bool stalled(const Block& block) {
  return std::ranges::any_of(block.threads,
                             [](const Thread& t) { return t.state != Thread::State::ended; });
}

std::string explain_stall(const Block& block) {
  const auto waiting = std::ranges::find_if(block.threads, waits_at_warp_function);
  return waiting != block.threads.end() ? explain_warp(block, *waiting) : explain_barrier(block);
}

}  // namespace emulator

#include <cuda_runtime.h>

#include <algorithm>
#include <ranges>
#include <string_view>

#include "cuda/emulator/scheduler.h"

namespace emulator {
namespace {

bool same_line(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         std::string_view(a.file_name()) == b.file_name();
}

/// Whether every thread of the block waits at the same call.
bool complete(const Block& block) {
  if (block.barrier.arrived < std::ssize(block.threads)) return false;
  const std::source_location& site = block.threads.front().wait.site;
  return std::ranges::all_of(block.threads,
                             [&](const Thread& t) { return same_line(t.wait.site, site); });
}

void open(Block& block) {
  block.barrier = {.agreed = block.barrier.agreeing};
  for (Thread& thread : block.threads | std::views::reverse) {
    ++thread.block_epoch;
    release(thread);
  }
}

/// Waits for all threads of the block; the number of those whose predicate holds.
int meet(const char* function, bool predicate, const std::source_location& site) {
  Block& block = *running_block;
  wait_at({.function = function, .site = site});
  ++block.barrier.arrived;
  block.barrier.agreeing += predicate;
  if (complete(block)) open(block);
  suspend();
  return block.barrier.agreed;
}

}  // namespace
}  // namespace emulator

void __syncthreads(std::source_location site) { emulator::meet("__syncthreads", true, site); }

int __syncthreads_count(int predicate, std::source_location site) {
  return emulator::meet("__syncthreads_count", predicate != 0, site);
}

int __syncthreads_and(int predicate, std::source_location site) {
  return emulator::meet("__syncthreads_and", predicate != 0, site) ==
         std::ssize(emulator::running_block->threads);
}

int __syncthreads_or(int predicate, std::source_location site) {
  return emulator::meet("__syncthreads_or", predicate != 0, site) > 0;
}

#include "cuda/emulator/races.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <vector>

#include "cuda/emulator/report.h"
#include "cuda/emulator/scheduler.h"

namespace emulator {

constinit thread_local Checker checker;

namespace {

// ---- turns --------------------------------------------------------------------------------------

/// Who has the turn, and when.
struct Turn {
  int64_t block;
  int thread;
  uint32_t block_epoch, warp_epoch;
};

thread_local std::vector<Turn> turns_of_launch;
uint64_t next_turn = 1;  // of all launches, by whichever host thread has the device
constexpr uint64_t kMostTurns = 0xF000'0000;  // then the cells are wiped

const Turn& turn(uint32_t number) { return turns_of_launch[number - checker.launch_start]; }

void wipe_cells() {
  madvise(reinterpret_cast<void*>(kCells), kArenaBytes / kCellBytes * sizeof(Cell), MADV_DONTNEED);
}

/// Of two turns that no __syncthreads and no launch lies between: whether something else says which
/// comes first.
bool ordered(const Turn& a, const Turn& b) {
  if (a.block != b.block) return false;
  if (a.thread == b.thread) return true;
  return a.thread / kWarpSize == b.thread / kWarpSize && a.warp_epoch != b.warp_epoch;
}

// ---- reports ------------------------------------------------------------------------------------

std::string who(const Turn& t) {
  const dim3 extent = running_block->launch.block;
  const unsigned number = static_cast<unsigned>(t.thread);
  const uint3 index{number % extent.x, number / extent.x % extent.y, number / extent.x / extent.y};
  const std::string block = t.block == current_block() ? std::string("this block")
                                                       : fmt::format("block number {}", t.block);
  return fmt::format("thread {} of {}", describe(index), block);
}

const char* verb(bool atomic, bool write) {
  return atomic ? "changes atomically" : write ? "writes" : "reads";
}

[[noreturn]] void report(Touch before, bool wrote, Touch now, Access access, const void* address) {
  const Turn& other = turn(before.turn());
  throw Fault(
      fmt::format("{}: data race: {} {} the {} at {}, which {} {} at {}, and {} between them",
                  where(), describe(expand(now.code())), verb(now.atomic(), access != Access::read),
                  offset_of(address) < kSharedWindow ? "shared memory" : "device memory", address,
                  who(other), verb(before.atomic(), wrote), describe(expand(before.code())),
                  other.block == current_block() ? "no barrier lies" : "nothing orders blocks"));
}

bool conflict(Touch before, Touch now, bool shared) {
  return before.turn() != now.turn() && (before.bytes() & now.bytes()) != 0 &&
         !(before.atomic() && now.atomic()) && may_be_concurrent(before.turn(), shared) &&
         !ordered(turn(before.turn()), turn(now.turn()));
}

}  // namespace

uint32_t begin_numbered_turn() {
  const uint32_t number = checker.launch_start + static_cast<uint32_t>(turns_of_launch.size());
  const Turn now{.block = current_block(),
                 .thread = current_thread(),
                 .block_epoch = block_epoch(),
                 .warp_epoch = warp_epoch()};
  const bool first_of_block = turns_of_launch.empty() || turns_of_launch.back().block != now.block;
  if (first_of_block) checker.block_start = number;
  if (first_of_block || turns_of_launch.back().block_epoch != now.block_epoch)
    checker.interval_start = number;
  turns_of_launch.push_back(now);
  return checker.turn = number;
}

void check_conflicts(const Cell& cell, Touch now, Access access, const void* address) {
  const bool shared = offset_of(address) < kSharedWindow;
  if (conflict(cell.writer, now, shared)) report(cell.writer, true, now, access, address);
  if (access == Access::read) return;
  for (Touch reader : cell.readers)
    if (conflict(reader, now, shared)) report(reader, false, now, access, address);
}

CheckedLaunch::CheckedLaunch() {
  turns_of_launch.clear();
  if (next_turn > kMostTurns) {
    wipe_cells();
    next_turn = 1;
  }
  checker.launch_start = static_cast<uint32_t>(next_turn);
  checker.turn = 0;
  checker.span = kArenaBytes;
}

CheckedLaunch::~CheckedLaunch() {
  next_turn = checker.launch_start + turns_of_launch.size();
  checker.span = 0;
}

}  // namespace emulator

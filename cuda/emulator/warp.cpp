#include "cuda/emulator/warp.h"

#include <fmt/format.h>

#include <bit>
#include <string_view>

#include "cuda/emulator/report.h"
#include "cuda/emulator/scheduler.h"

namespace emulator {
namespace {

constexpr uint32_t bit(int lane) { return uint32_t{1} << lane; }

Warp& running_warp() { return running_block->warps[static_cast<size_t>(running_thread->warp())]; }

Thread& thread_of_lane(int lane) {
  return running_block->threads[static_cast<size_t>(running_thread->warp() * kWarpSize + lane)];
}

/// Calls f(lane) for each of the lanes, the last first.
template <class F>
void for_each_lane(uint32_t lanes, F f) {
  while (lanes != 0) {
    const int lane = std::bit_width(lanes) - 1;
    f(lane);
    lanes &= ~bit(lane);
  }
}

/// Whether all lanes that `call` names wait, and at a call like it.
bool complete(const Wait& call) {
  if ((running_warp().waiting & call.lanes) != call.lanes) return false;
  bool alike = true;
  for_each_lane(call.lanes, [&](int lane) {
    const Wait& other = thread_of_lane(lane).wait;
    alike = alike && other.lanes == call.lanes && std::string_view(other.function) == call.function;
  });
  return alike;
}

/// Comes to a call; the last of its lanes runs `exchange` on what all brought and lets them go on.
template <class Exchange>
void meet(const Wait& call, Exchange exchange) {
  Warp& warp = running_warp();
  const int self = running_lane();
  if ((call.lanes & bit(self)) == 0)
    throw Fault(
        fmt::format("{}: {} at {} is called by lane {}, which its lanes {:#010x} do not name",
                    where(), call.function, describe(call.site), self, call.lanes));
  wait_at(call);
  warp.waiting |= bit(self);
  if (complete(call)) {
    exchange(warp);
    warp.waiting &= ~call.lanes;
    for_each_lane(call.lanes, [](int lane) { release(thread_of_lane(lane)); });
  }
  suspend();
}

uint32_t ballot(const char* function, uint32_t lanes, bool predicate, const EmulatorSite& site) {
  Warp& warp = running_warp();
  const int self = running_lane();
  warp.brought[self] = predicate ? bit(self) : 0;
  meet({.function = function, .site = site, .lanes = lanes}, [lanes](Warp& warp) {
    uint64_t votes = 0;
    for_each_lane(lanes, [&](int lane) { votes |= warp.brought[lane]; });
    for_each_lane(lanes, [&](int lane) { warp.received[lane] = votes; });
  });
  return static_cast<uint32_t>(warp.received[self]);
}

}  // namespace

int running_lane() { return running_thread->lane(); }

uint64_t shuffle(const char* function, uint32_t lanes, uint64_t value, int source,
                 const EmulatorSite& site) {
  Warp& warp = running_warp();
  const int self = running_lane();
  warp.brought[self] = value;
  warp.source[self] = source;
  meet({.function = function, .site = site, .lanes = lanes}, [lanes](Warp& warp) {
    for_each_lane(lanes, [&](int lane) {
      const int from = warp.source[lane];
      warp.received[lane] = (lanes & bit(from)) != 0 ? warp.brought[from] : ~uint64_t{0};
    });
  });
  return warp.received[self];
}

}  // namespace emulator

using emulator::ballot;

void __syncwarp(unsigned lanes, EmulatorSite site) {
  emulator::meet({.function = "__syncwarp", .site = site, .lanes = lanes}, [lanes](auto& warp) {
    ++warp.epoch;
    emulator::for_each_lane(
        lanes, [&](int lane) { emulator::thread_of_lane(lane).warp_epoch = warp.epoch; });
  });
}

unsigned __ballot_sync(unsigned lanes, int predicate, EmulatorSite site) {
  return ballot("__ballot_sync", lanes, predicate != 0, site);
}

int __any_sync(unsigned lanes, int predicate, EmulatorSite site) {
  return ballot("__any_sync", lanes, predicate != 0, site) != 0;
}

int __all_sync(unsigned lanes, int predicate, EmulatorSite site) {
  return ballot("__all_sync", lanes, predicate != 0, site) == lanes;
}

unsigned __activemask() { return emulator::bit(emulator::running_lane()); }

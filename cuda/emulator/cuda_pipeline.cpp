#include "cuda/emulator/cuda_pipeline.h"

#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <map>

#include "cuda/emulator/races.h"
#include "cuda/emulator/report.h"
#include "cuda/emulator/scheduler.h"

namespace emulator {
namespace {

/// What a thread has begun to copy, in order, each with the number of its batch.
struct Pipeline {
  struct Pending {
    size_t batch;
    AsyncCopy copy;
  };
  size_t batches = 0;  ///< committed
  std::deque<Pending> pending;
};

/// Of the running thread: empty when its block begins.
Pipeline& pipeline() {
  thread_local uint32_t launch = 0;  // its first turn: of no two launches the same
  thread_local int64_t block = -1;
  thread_local std::map<int, Pipeline> pipelines;
  if (launch != checker.launch_start || block != running_block->number) pipelines.clear();
  launch = checker.launch_start;
  block = running_block->number;
  return pipelines[running_thread->number];
}

bool is_aligned(const void* address, size_t size) {
  return reinterpret_cast<uintptr_t>(address) % size == 0;
}

}  // namespace

void check_async_copy(const void* to, const void* from, size_t size, size_t zeros,
                      const std::source_location& site) {
  const auto refuse = [&](const std::string& rule) {
    throw Fault(fmt::format("{}, {}: __pipeline_memcpy_async {}", where(), describe(site), rule));
  };
  if (size != 4 && size != 8 && size != 16)
    refuse(fmt::format("copies 4, 8 or 16 bytes, not {}", size));
  if (zeros != 0 && zeros != size)
    refuse(fmt::format("with {} of {} bytes zero: the emulator knows none or all", zeros, size));
  if (!is_aligned(to, size) || (zeros == 0 && !is_aligned(from, size)))
    refuse(fmt::format("of {} bytes from {} to {}: addresses must be multiples of {}", size,
                       fmt::ptr(from), fmt::ptr(to), size));
}

void put_off(const AsyncCopy& copy) {
  Pipeline& own = pipeline();
  own.pending.push_back({own.batches, copy});
}

bool take_async_copy(size_t pending, AsyncCopy& copy) {
  Pipeline& own = pipeline();
  if (own.pending.empty() || own.pending.front().batch + pending >= own.batches) return false;
  copy = own.pending.front().copy;
  own.pending.pop_front();
  return true;
}

void peek(const void* from, void* to, size_t size) { std::memcpy(to, from, size); }

}  // namespace emulator

void __pipeline_commit() { ++emulator::pipeline().batches; }

#include "cuda/emulator/shadow.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cuda/emulator/protection.h"
#include "cuda/emulator/races.h"
#include "cuda/emulator/report.h"

namespace emulator {
namespace {

constexpr uint8_t kFreshMemory = 0xFF;

void reserve(uintptr_t address, size_t bytes, int protection) {
  void* wanted = reinterpret_cast<void*>(address);
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE;
  const void* got = mmap(wanted, bytes, protection, flags, -1, 0);
  if (got != wanted)
    throw Fault(fmt::format("emulator: cannot reserve {} GiB of addresses at {:#x}: {}",
                            bytes / kGiB, address, std::strerror(errno)));
}

bool any_written(const uint8_t* begin, const uint8_t* end) {
  return std::any_of(begin, end, [](uint8_t state) { return (state & kWritten) != 0; });
}

}  // namespace

void reserve_arena() {
  static const bool reserved = [] {
    reserve(kArena, kArenaBytes, PROT_NONE);
    reserve(kShadow, kArenaBytes, PROT_READ | PROT_WRITE);
    reserve(kCells, kArenaBytes / kCellBytes * sizeof(Cell), PROT_READ | PROT_WRITE);
    protect_arena();
    return true;
  }();
  static_cast<void>(reserved);
}

void drop_pages(void* address, size_t bytes) {
  Cell* cells = reinterpret_cast<Cell*>(kCells) + offset_of(address) / kCellBytes;
  madvise(address, bytes, MADV_DONTNEED);
  madvise(shadow_of(address), bytes, MADV_DONTNEED);
  madvise(cells, bytes / kCellBytes * sizeof(Cell), MADV_DONTNEED);
}

void hand_out(void* address, size_t bytes) {
  std::memset(address, kFreshMemory, bytes);
  std::memset(shadow_of(address), kOpen, bytes);
}

void take_back(void* address, size_t bytes) { std::memset(shadow_of(address), 0, bytes); }

void mark_written(const void* address, size_t bytes) {
  std::memset(shadow_of(address), kOpen | kWritten, bytes);
}

bool is_open(const void* address, size_t bytes) {
  const uint8_t* states = shadow_of(address);
  return std::all_of(states, states + bytes, [](uint8_t state) { return (state & kOpen) != 0; });
}

bool is_written(const void* address, size_t bytes) {
  const uint8_t *begin = shadow_of(address), *end = begin + bytes;
  const uintptr_t unit = bytes <= 4 ? 1 : bytes <= 8 ? 4 : 8;
  while (begin < end) {
    const uintptr_t rest_of_unit = unit - reinterpret_cast<uintptr_t>(begin) % unit;
    const uint8_t* next = std::min(begin + rest_of_unit, end);
    if (!any_written(begin, next)) return false;
    begin = next;
  }
  return true;
}

}  // namespace emulator

#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "cuda/emulator/shadow.h"

/// Data races: two threads touch the same bytes, at least one of them writes, and nothing says who
/// comes first. The threads of the emulator take turns, so such a kernel may well give the right
/// result here; the race is found all the same, since not the order counts in which the accesses
/// happened but whether a barrier lies between them.
///
/// What a thread does between two points at which it waits for others is a turn, and turns are
/// numbered. For every four bytes of the arena a cell keeps the turns that touched them last. An
/// access looks at them:
///
///     the same turn, or one of an earlier launch                          in order
///     of the same block, and a __syncthreads was between them             in order
///     shared memory, and the turn was another block's                     in order
///     another turn of the same thread                                     in order
///     of the same warp, and a __syncwarp was between them                 in order
///     both atomic, both reads, or not the same bytes of the cell          no conflict
///     anything else                                                       a race
///
/// Blocks run one after another, and a __syncthreads waits for all threads of a block. So the first
/// three lines are comparisons of numbers alone (Checker), and nearly all accesses end there; only
/// for the next two has the turn to be looked up.
///
/// So every report is a race. Not every race is reported: a cell remembers one writer and two
/// readers. Blocks that hand data over within a launch, by a fence and an atomic flag, count as
/// racing.
extern "C" const char __executable_start;  // the linker's name for where the program begins

namespace emulator {

/// One access, or several by one turn, in 64 bits: the turn, from where in the program the last
/// access was made, which of the cell's bytes they touched, whether all were atomic.
class Touch {
 public:
  Touch() = default;  ///< none: turn 0
  Touch(uint32_t turn, uint32_t code, uint32_t bytes, bool atomic)
      : bits_(uint64_t{turn} << 32 | uint64_t{code} << 5 | bytes << 1 | atomic) {}

  uint32_t turn() const { return static_cast<uint32_t>(bits_ >> 32); }
  uint32_t code() const { return static_cast<uint32_t>(bits_) >> 5; }
  uint32_t bytes() const { return bits_ >> 1 & 15; }  ///< a bit for each
  bool atomic() const { return bits_ & 1; }

  Touch with(uint32_t bytes) const { return Touch(bits_ | bytes << 1); }
  /// This touch after another one of the same turn.
  Touch after(const Touch& before) const {
    return Touch((bits_ & ~uint64_t{!before.atomic()}) | (before.bits_ & 15 << 1));
  }

 private:
  explicit Touch(uint64_t bits) : bits_(bits) {}
  uint64_t bits_ = 0;
};

struct Cell {
  Touch writer;
  Touch readers[2];  ///< the first since the last __syncthreads, and the last by another turn
};
constexpr size_t kCellBytes = 4;  ///< of the arena, for each cell

enum class Access { read, write, atomic };

/// What an access asks first; kept for each host thread. Turns are numbered through all launches.
struct Checker {
  size_t span = 0;    ///< bytes of the arena that may be accessed: all in kernels, else none
  uint32_t turn = 0;  ///< 0: the running thread has touched nothing yet in this turn
  uint32_t launch_start = 0;    ///< the first turn of this launch
  uint32_t block_start = 0;     ///< the first turn of this block
  uint32_t interval_start = 0;  ///< the first turn since the block's last __syncthreads
};
extern constinit thread_local Checker checker;

/// Kernels may access device memory, and are checked, while one of these lives.
class CheckedLaunch {
 public:
  CheckedLaunch();
  ~CheckedLaunch();
  CheckedLaunch(const CheckedLaunch&) = delete;
  CheckedLaunch& operator=(const CheckedLaunch&) = delete;
};

/// Called by the scheduler whenever a thread starts, or goes on after a wait.
inline void begin_turn() { checker.turn = 0; }

// ---- noting an access ---------------------------------------------------------------------------

/// 27 bits for an address in the program's code.
inline uint32_t compress(const void* code) {
  return static_cast<uint32_t>(static_cast<const char*>(code) - &__executable_start) & 0x7FF'FFFF;
}
inline const void* expand(uint32_t code) { return &__executable_start + code; }

uint32_t begin_numbered_turn();
inline uint32_t current_turn() { return checker.turn != 0 ? checker.turn : begin_numbered_turn(); }

/// Whether numbers alone do not tell that this turn came before.
inline bool may_be_concurrent(uint32_t turn, bool shared) {
  return turn >= checker.interval_start ||
         (!shared && turn >= checker.launch_start && turn < checker.block_start);
}

/// Throws Fault where the access conflicts with one that the cell holds.
void check_conflicts(const Cell& cell, Touch now, Access access, const void* address);

inline void note_read(Cell& cell, Touch now, bool shared) {
  Touch& first = cell.readers[0];
  if (first.turn() == now.turn()) {
    first = now.after(first);
  } else if (may_be_concurrent(first.turn(), shared)) {
    cell.readers[1] = now;
  } else {
    first = now;
    cell.readers[1] = {};
  }
}

inline void note_in_cell(Cell& cell, Access access, Touch now, bool shared, const void* address) {
  const auto suspicious = [&](Touch before) {
    return before.turn() != now.turn() && may_be_concurrent(before.turn(), shared);
  };
  if (suspicious(cell.writer) ||
      (access != Access::read && (suspicious(cell.readers[0]) || suspicious(cell.readers[1]))))
    check_conflicts(cell, now, access, address);
  if (access == Access::read)
    note_read(cell, now, shared);
  else
    cell.writer = cell.writer.turn() == now.turn() ? now.after(cell.writer) : now;
}

/// Notes an access by the running thread, made by the code that returns to `code`. Throws Fault
/// where it races with one noted before.
inline void note(Access access, const void* address, size_t bytes, const void* code) {
  const Touch now(current_turn(), compress(code), 0, access == Access::atomic);
  const uintptr_t begin = offset_of(address), end = begin + bytes;
  const bool shared = begin < kSharedWindow;
  Cell* cells = reinterpret_cast<Cell*>(kCells);
  for (uintptr_t at = begin; at < end;) {  // one cell after another
    const uintptr_t first = at % kCellBytes, last = std::min(first + (end - at), kCellBytes);
    const uint32_t touched = (1u << last) - (1u << first);
    note_in_cell(cells[at / kCellBytes], access, now.with(touched), shared, address);
    at += last - first;
  }
}

}  // namespace emulator

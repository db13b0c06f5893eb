#pragma once
#include <cstddef>
#include <cstdint>

/// Where device memory lies, and what is known about each of its bytes.
///
/// Device addresses are a stretch of the program's own address space at a fixed place, the arena.
/// It is reserved, not used: a page costs memory from its first access on. Beside it lie two tables
/// in the same way, so that what belongs to an address is found by arithmetic alone:
///
///     arena    [ the running block's shared memory | what cudaMalloc handed out ]
///     shadow   one byte for each byte of the arena: may it be accessed, has it been written?
///     cells    one cell for every four bytes of the arena: who touched them last? (races.h)
namespace emulator {

constexpr size_t kKiB = 1024, kMiB = 1024 * kKiB, kGiB = 1024 * kMiB;

constexpr size_t kArenaBytes = 64 * kGiB;
constexpr size_t kSharedWindow = kMiB;  ///< of the arena, its first bytes: shared memory
constexpr uintptr_t kArena = 0x1000'0000'0000;
constexpr uintptr_t kShadow = 0x1100'0000'0000;
constexpr uintptr_t kCells = 0x1200'0000'0000;

constexpr uint8_t kOpen = 1;     ///< bit of a shadow byte: allocated
constexpr uint8_t kWritten = 2;  ///< bit of a shadow byte: somebody wrote it

/// Reserves the arena and its tables, once. Throws Fault where the system has no such addresses.
void reserve_arena();

inline uintptr_t offset_of(const void* address) {
  return reinterpret_cast<uintptr_t>(address) - kArena;
}
inline bool in_arena(const void* address) { return offset_of(address) < kArenaBytes; }

inline uint8_t* shadow_of(const void* address) {
  return reinterpret_cast<uint8_t*>(kShadow + offset_of(address));
}

/// Gives whole pages back to the system, and what is known of them: all their bytes are closed.
void drop_pages(void* address, size_t bytes);

/// Memory that is handed out: open, not written, and filled with 0xFF (as numbers, NaN), so that
/// what reads it unnoticed gives itself away. The arena is open (protection.h).
void hand_out(void* address, size_t bytes);
/// Memory that must not be accessed any more. What it held is lost.
void take_back(void* address, size_t bytes);
void mark_written(const void* address, size_t bytes);

bool is_open(const void* address, size_t bytes);

/// Whether these bytes have been written, as far as one access can tell. The padding of a struct
/// never is, but is read when the struct is copied; so among more than four bytes it is enough that
/// each aligned word of four (of eight bytes), or each aligned eight (of more), has one that was
/// written.
bool is_written(const void* address, size_t bytes);

}  // namespace emulator

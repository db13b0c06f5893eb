#include "cuda/emulator/access.h"

#include <fmt/core.h>

#include <cstring>
#include <type_traits>

#include "cuda/emulator/memory.h"
#include "cuda/emulator/report.h"
#include "cuda/emulator/scheduler.h"

/// g++ -fsanitize=thread puts a call in front of every load and store: __tsan_read4(address) and
/// its like. That is meant for ThreadSanitizer's library, which is not linked here: the functions
/// are these. -fsanitize=bounds,alignment calls __ubsan_handle_... where an index is beyond its
/// array, or an address no multiple of what its type asks.

extern "C" const char _end;  // the linker's name for where the program's image ends

namespace emulator {
namespace {

const char* verb(Access access) {
  return access == Access::read ? "reads" : access == Access::write ? "writes" : "changes";
}

[[noreturn]] void fault(Access access, const void* address, size_t bytes, const void* code,
                        const std::string& what) {
  throw Fault(fmt::format("{}: {} {} {} byte{} at {}, {}", where(), describe(code), verb(access),
                          bytes, bytes == 1 ? "" : "s", address, what));
}

// ---- outside the arena --------------------------------------------------------------------------

bool near(const void* address, const void* place, uintptr_t distance) {
  const uintptr_t a = reinterpret_cast<uintptr_t>(address), b = reinterpret_cast<uintptr_t>(place);
  return a - b + distance < 2 * distance;
}

/// A kernel has its own stack, what is static in the program (constants, __shared__ variables), and
/// pinned memory; and the functions it calls have what is thread_local.
bool belongs_to_kernels(const void* address) {
  constexpr uintptr_t kStack = 64 * kKiB, kThreadLocal = 16 * kKiB;
  return (address >= &__executable_start && address < &_end) ||
         near(address, __builtin_frame_address(0), kStack) ||
         near(address, &checker, kThreadLocal) || is_pinned(address);
}

void check_outside(Access access, const void* address, size_t bytes, const void* code) {
  constexpr uintptr_t kNullPage = 4096;
  if (reinterpret_cast<uintptr_t>(address) < kNullPage)
    fault(access, address, bytes, code, "through a null pointer");
  if (in_kernel() && !belongs_to_kernels(address))
    fault(access, address, bytes, code, "which is host memory");
}

void check_elsewhere(Access access, const void* address, size_t bytes, const void* code) {
  if (checker.span != 0) return check_outside(access, address, bytes, code);
  if (in_arena(address))
    fault(access, address, bytes, code, "device memory, " + neighbourhood(address, bytes));
}

// ---- inside -------------------------------------------------------------------------------------

/// The states of `bytes` ≤ 8 bytes at once, in the low bytes of a word.
template <size_t bytes>
uint64_t states(const uint8_t* shadow) {
  uint64_t word = 0;
  std::memcpy(&word, shadow, bytes);
  return word;
}

/// A word whose low `bytes` bytes all are `state`.
template <size_t bytes>
constexpr uint64_t all(uint8_t state) {
  return 0x0101'0101'0101'0101u / (bytes == 8 ? 1 : uint64_t{1} << (64 - 8 * bytes) % 64) * state;
}

void check_states(Access access, const void* address, size_t bytes, const void* code) {
  if (!is_open(address, bytes)) fault(access, address, bytes, code, neighbourhood(address, bytes));
  if (access != Access::write && !is_written(address, bytes))
    fault(access, address, bytes, code,
          fmt::format("which nobody wrote ({})", neighbourhood(address, bytes)));
  if (access != Access::read) mark_written(address, bytes);
}

/// The way of an access that is right: one look at the shadow, one at the cells.
template <Access access, size_t bytes>
void check(const void* address, const void* code) {
  const uintptr_t offset = offset_of(address);
  if (offset >= checker.span) {
    if (checker.span != 0 || offset < kArenaBytes) check_elsewhere(access, address, bytes, code);
    return;
  }
  constexpr size_t word = bytes < 8 ? bytes : 8;
  const uint8_t* shadow = shadow_of(address);
  bool written = states<word>(shadow) == all<word>(kOpen | kWritten);
  if constexpr (bytes == 16) written &= states<8>(shadow + 8) == all<8>(kOpen | kWritten);
  if (!written) check_states(access, address, bytes, code);
  note(access, address, bytes, code);
}

}  // namespace

void check_access(Access access, const void* address, size_t bytes, const void* code) {
  if (bytes == 0) return;
  if (offset_of(address) >= checker.span) return check_elsewhere(access, address, bytes, code);
  check_states(access, address, bytes, code);
  note(access, address, bytes, code);
}

// ---- what g++ finds by itself -------------------------------------------------------------------

namespace {

/// As g++ lays them out for its undefined-behaviour sanitizer.
struct Site {
  const char* file;
  uint32_t line, column;
};
struct Type {
  uint16_t kind, info;
  char name[1];
};
struct BeyondArray {
  Site site;
  const Type *array, *index;
};
struct Misaligned {
  Site site;
  const Type* type;
  uint8_t log_alignment, access;
};

}  // namespace
}  // namespace emulator

// ---- the hooks ----------------------------------------------------------------------------------

using namespace emulator;

// The name of each function holds the access, so that only a macro can make them all.
#define HOOKS(bytes)                                                   \
  void __tsan_read##bytes(void* address) {                             \
    check<Access::read, bytes>(address, __builtin_return_address(0));  \
  }                                                                    \
  void __tsan_write##bytes(void* address) {                            \
    check<Access::write, bytes>(address, __builtin_return_address(0)); \
  }

#define UNALIGNED_HOOKS(bytes)                                         \
  void __tsan_unaligned_read##bytes(void* address) {                   \
    check<Access::read, bytes>(address, __builtin_return_address(0));  \
  }                                                                    \
  void __tsan_unaligned_write##bytes(void* address) {                  \
    check<Access::write, bytes>(address, __builtin_return_address(0)); \
  }

extern "C" {
HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
UNALIGNED_HOOKS(2)
UNALIGNED_HOOKS(4)
UNALIGNED_HOOKS(8)
UNALIGNED_HOOKS(16)

void __tsan_read_range(void* address, size_t bytes) {
  check_access(Access::read, address, bytes, __builtin_return_address(0));
}
void __tsan_write_range(void* address, size_t bytes) {
  check_access(Access::write, address, bytes, __builtin_return_address(0));
}
void __tsan_vptr_read(void** address) {
  check_access(Access::read, address, sizeof(void*), __builtin_return_address(0));
}
void __tsan_vptr_update(void** address, void*) {
  check_access(Access::write, address, sizeof(void*), __builtin_return_address(0));
}

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}

void __ubsan_handle_out_of_bounds(const BeyondArray* data, uintptr_t index) {
  throw Fault(fmt::format("{}: {}:{}: index {} is outside of {}", where(), data->site.file,
                          data->site.line, static_cast<intptr_t>(index), data->array->name));
}
void __ubsan_handle_type_mismatch_v1(const Misaligned* data, uintptr_t address) {
  throw Fault(fmt::format("{}: {}:{}: address {:#x} of a {} is no multiple of {}", where(),
                          data->site.file, data->site.line, address, data->type->name,
                          1 << data->log_alignment));
}

}  // extern "C"

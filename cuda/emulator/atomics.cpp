#include <cstdint>

#include "cuda/emulator/access.h"

/// What g++ -fsanitize=thread calls in place of atomic operations. The threads of a kernel take
/// turns, but host code is compiled so too (the guards of its static variables): so they are
/// atomic.

using namespace emulator;

// The name of each function holds its width, so that only a macro can make them all.
#define CHECK_ATOMIC() check_access(Access::atomic, at, sizeof *at, __builtin_return_address(0))

#define LOAD_HOOK(bits)                                                \
  uint##bits##_t __tsan_atomic##bits##_load(uint##bits##_t* at, int) { \
    CHECK_ATOMIC();                                                    \
    return __atomic_load_n(at, __ATOMIC_SEQ_CST);                      \
  }

#define UPDATE_HOOK(bits, name, operation)                                                     \
  uint##bits##_t __tsan_atomic##bits##_##name(uint##bits##_t* at, uint##bits##_t value, int) { \
    CHECK_ATOMIC();                                                                            \
    return operation(at, value, __ATOMIC_SEQ_CST);                                             \
  }

#define COMPARE_HOOK(bits, strength)                                                  \
  bool __tsan_atomic##bits##_compare_exchange_##strength(                             \
      uint##bits##_t* at, uint##bits##_t* expected, uint##bits##_t value, int, int) { \
    CHECK_ATOMIC();                                                                   \
    return __atomic_compare_exchange_n(at, expected, value, false, __ATOMIC_SEQ_CST,  \
                                       __ATOMIC_SEQ_CST);                             \
  }

#define HOOKS(bits)                                                                 \
  LOAD_HOOK(bits)                                                                   \
  UPDATE_HOOK(bits, exchange, __atomic_exchange_n)                                  \
  UPDATE_HOOK(bits, fetch_add, __atomic_fetch_add)                                  \
  UPDATE_HOOK(bits, fetch_sub, __atomic_fetch_sub)                                  \
  UPDATE_HOOK(bits, fetch_and, __atomic_fetch_and)                                  \
  UPDATE_HOOK(bits, fetch_or, __atomic_fetch_or)                                    \
  UPDATE_HOOK(bits, fetch_xor, __atomic_fetch_xor)                                  \
  void __tsan_atomic##bits##_store(uint##bits##_t* at, uint##bits##_t value, int) { \
    CHECK_ATOMIC();                                                                 \
    __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                  \
  }                                                                                 \
  COMPARE_HOOK(bits, strong)                                                        \
  COMPARE_HOOK(bits, weak)

extern "C" {
LOAD_HOOK(8)
HOOKS(32)
HOOKS(64)
}

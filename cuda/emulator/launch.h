#pragma once
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

#include "cuda/emulator/vector_types.h"

/// Keeps g++ from checking a function's accesses to memory as if they were a kernel's.
#define EMULATOR_UNCHECKED __attribute__((no_sanitize("thread")))

namespace emulator {

/// What every thread of a launch does: call(arguments).
struct ThreadBody {
  std::shared_ptr<const void> arguments;
  void (*call)(const void* arguments);
};

/// kernel(args...), the arguments copied now and once more for each thread, as CUDA does.
template <class... P>
ThreadBody thread_body(void (*kernel)(P...), std::type_identity_t<P>... args) {
  auto call = [kernel, ... args = std::move(args)]() EMULATOR_UNCHECKED { kernel(args...); };
  using Call = decltype(call);
  return {std::make_shared<const Call>(std::move(call)),
          [](const void* arguments)
              EMULATOR_UNCHECKED { (*static_cast<const Call*>(arguments))(); }};
}

struct Launch {
  const void* kernel;  ///< where its code begins: names it in messages
  dim3 grid, block;
  size_t shared_bytes;  ///< of dynamic shared memory for each block
  ThreadBody body;
};

}  // namespace emulator

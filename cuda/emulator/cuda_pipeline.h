#pragma once
#include <cstddef>
#include <cstring>
#include <source_location>

#include "cuda/emulator/vector_types.h"

/// cp.async: copies from global to shared memory that go on while their thread computes. Here they
/// arrive at the last moment that is allowed, when the thread waits for them: a kernel that reads
/// too early reads what was there before.
namespace emulator {

/// A copy under way: `size` of these bytes.
struct AsyncCopy {
  void* to = nullptr;
  size_t size = 0;
  float4 bytes{};
};

/// Throws Fault unless `size` is 4, 8 or 16, both addresses are aligned to it, and `zeros` is 0 or
/// `size`.
void check_async_copy(const void* to, const void* from, size_t size, size_t zeros,
                      const std::source_location& site);

/// Keeps a copy of the running thread until take_async_copy returns it; copies with no commit after
/// them are in no batch yet.
void put_off(const AsyncCopy& copy);

/// Takes, and writes to `copy`, one that belongs to a batch older than the last `pending`; false
/// where none is left.
bool take_async_copy(size_t pending, AsyncCopy& copy);

/// The bytes at `from`, for an access that is no access of the kernel's.
void peek(const void* from, void* to, size_t size);

template <class T>
void begin_copy(void* to, const void* from, size_t zeros) {
  T value{}, before;
  if (zeros == 0) value = *static_cast<const T*>(from);
  peek(to, &before, sizeof before);
  *static_cast<T*>(to) = before;  // from now on another thread's access is a race
  AsyncCopy copy{.to = to, .size = sizeof value};
  std::memcpy(&copy.bytes, &value, sizeof value);
  put_off(copy);
}

template <class T>
void end_copy(const AsyncCopy& copy) {
  T value;
  std::memcpy(&value, &copy.bytes, sizeof value);
  *static_cast<T*>(copy.to) = value;
}

}  // namespace emulator

/// Begins to copy `size` = 4, 8 or 16 bytes, both addresses aligned to as many; or, where `zeros`
/// is `size`, to write zeros, and `from` is not read. (CUDA can also fill a part with zeros.)
inline void __pipeline_memcpy_async(void* to, const void* from, size_t size, size_t zeros = 0,
                                    std::source_location site = std::source_location::current()) {
  emulator::check_async_copy(to, from, size, zeros, site);
  if (size == 4) emulator::begin_copy<float>(to, from, zeros);
  if (size == 8) emulator::begin_copy<float2>(to, from, zeros);
  if (size == 16) emulator::begin_copy<float4>(to, from, zeros);
}

/// Makes one batch of what the thread has begun to copy since the last call.
void __pipeline_commit();

/// Waits until all batches of this thread but the last `pending` are there.
inline void __pipeline_wait_prior(size_t pending) {
  emulator::AsyncCopy copy;
  while (emulator::take_async_copy(pending, copy)) {
    if (copy.size == 4) emulator::end_copy<float>(copy);
    if (copy.size == 8) emulator::end_copy<float2>(copy);
    if (copy.size == 16) emulator::end_copy<float4>(copy);
  }
}

#pragma once
#include <array>
#include <cstddef>
#include <mutex>

#include "cuda/context.h"

namespace kintsugi::cuda {

/// Copies host memory to the device beside the kernels. The bytes go through a ring of pinned
/// buffers, from which the device fetches them by itself: so the caller's memory is free at once,
/// and the host fills one buffer while the device empties another. Any thread may call.
class Uploader {
 public:
  /// Host bytes are read before it returns; nobody may touch `to` before finish().
  void start(const void* from, void* to, size_t bytes);
  /// Whatever is launched from here on sees all that was started.
  void finish();

 private:
  static constexpr size_t kSlots = 4, kSlotBytes = size_t{4} << 20;
  struct Slot {
    std::byte* memory = nullptr;
    cudaEvent_t emptied = nullptr;  // the device has fetched what was in it
  };

  void make_ring();
  Slot& next_slot();

  std::mutex mutex_;
  std::array<Slot, kSlots> slots_;
  size_t next_ = 0;
  cudaEvent_t target_free_ = nullptr, arrived_ = nullptr;
};

/// The one of the device.
Uploader& uploader();

}  // namespace kintsugi::cuda

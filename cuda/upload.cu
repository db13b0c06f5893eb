#include <algorithm>
#include <cstring>

#include "cuda/check.h"
#include "cuda/upload.h"

namespace kintsugi::cuda {
namespace {

cudaEvent_t make_event() {
  cudaEvent_t event = nullptr;
  check(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  return event;
}

}  // namespace

void Uploader::make_ring() {
  target_free_ = make_event();
  arrived_ = make_event();
  for (Slot& slot : slots_) {
    void* memory = nullptr;
    check(cudaMallocHost(&memory, kSlotBytes), "cudaMallocHost");
    slot = {static_cast<std::byte*>(memory), make_event()};
  }
}

/// The one that was filled longest ago, empty by now or waited for.
Uploader::Slot& Uploader::next_slot() {
  Slot& slot = slots_[next_++ % kSlots];
  check(cudaEventSynchronize(slot.emptied), "cudaEventSynchronize");
  return slot;
}

// Two streams, so two orders have to be kept. The memory at `to` may have served another tensor,
// which kernels that are still queued read or write: the copy waits for all that is queued by now.
// And kernels that read the upload are launched after finish(): they wait for the copy. Kernels
// launched in between wait for nothing; with these the copy overlaps.
void Uploader::start(const void* from, void* to, size_t bytes) {
  const std::lock_guard lock(mutex_);
  const Context& device = context();
  if (slots_.back().memory == nullptr) make_ring();
  check(cudaEventRecord(target_free_, device.stream), "cudaEventRecord");
  check(cudaStreamWaitEvent(device.copy_stream, target_free_, 0), "cudaStreamWaitEvent");
  for (size_t done = 0; done < bytes; done += kSlotBytes) {
    const size_t part = std::min(kSlotBytes, bytes - done);
    const Slot& slot = next_slot();
    std::memcpy(slot.memory, static_cast<const std::byte*>(from) + done, part);
    check(cudaMemcpyAsync(static_cast<std::byte*>(to) + done, slot.memory, part,
                          cudaMemcpyHostToDevice, device.copy_stream),
          "cudaMemcpyAsync");
    check(cudaEventRecord(slot.emptied, device.copy_stream), "cudaEventRecord");
  }
}

void Uploader::finish() {
  const std::lock_guard lock(mutex_);
  if (arrived_ == nullptr) return;  // nothing was ever started
  check(cudaEventRecord(arrived_, context().copy_stream), "cudaEventRecord");
  check(cudaStreamWaitEvent(context().stream, arrived_, 0), "cudaStreamWaitEvent");
}

Uploader& uploader() {
  static Uploader& instance = *new Uploader;  // outlives every tensor
  return instance;
}

}  // namespace kintsugi::cuda

#include "cuda/emulator/shared_memory.h"

#include "cuda/emulator/shadow.h"

/// The arena begins with a window for the shared memory of the running block. It lies in its
/// middle, so that what runs over either end meets closed bytes.
namespace emulator {
namespace {

void* const kBegin = reinterpret_cast<void*>(kArena + kSharedWindow / 4);
size_t bytes_of_block = 0;

}  // namespace

void* dynamic_shared_memory() { return kBegin; }
size_t shared_memory_bytes() { return bytes_of_block; }

void fresh_shared_memory(size_t bytes) {
  take_back(kBegin, bytes_of_block);
  hand_out(kBegin, bytes);
  bytes_of_block = bytes;
}

}  // namespace emulator

#include "tensor/storage.h"

#include "tensor/allocator.h"

namespace kintsugi {

Storage::Storage(size_t bytes, Device device)
    : allocator_(current_allocator(device)),
      data_(allocator_->allocate(bytes)),
      bytes_(bytes),
      device_(device) {}

Storage::~Storage() { allocator_->deallocate(data_, bytes_); }

MemoryStatistics memory_statistics(Device device) { return allocator(device).statistics(); }

void reset_peak_memory(Device device) { allocator(device).reset_peak(); }

void release_cached_memory(Device device) { allocator(device).release_cache(); }

}  // namespace kintsugi

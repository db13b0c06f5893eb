#pragma once
#include <cstddef>
#include <memory>

#include "tensor/device.h"

namespace kintsugi {

/// Bytes in a device's memory, counted over all live storages.
struct MemoryStatistics {
  size_t current = 0;   ///< in use now
  size_t peak = 0;      ///< the most that was in use at once since the last reset_peak_memory
  size_t reserved = 0;  ///< held from the system: in use, or cached for reuse
};

class CachingAllocator;

/// A block of device memory, shared by the tensors that look at it. Blocks come from a caching
/// allocator: a released one is kept and handed out again, because the page faults of fresh large
/// buffers cost more than the arithmetic done in them. Contents are not initialised.
class Storage {
 public:
  /// Throws Error, with the sizes, where memory runs out.
  Storage(size_t bytes, Device device);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }
  Device device() const { return device_; }

 private:
  std::shared_ptr<CachingAllocator> allocator_;  // where the block goes back to
  void* data_;
  size_t bytes_;
  Device device_;
};

MemoryStatistics memory_statistics(Device device);
/// Sets the peak to what is in use now.
void reset_peak_memory(Device device);
/// Gives the cached blocks back to the system.
void release_cached_memory(Device device);

}  // namespace kintsugi

#pragma once
#include <cstddef>
#include <map>
#include <mutex>
#include <vector>

#include "tensor/backend.h"

namespace kintsugi {

/// Keeps the blocks of one device that are not in use and hands them out again. Sizes are rounded
/// up to classes (multiples of 64 bytes, then eight steps to every power of two, at most an eighth
/// more than was asked for), so that tensors of nearly one size share their blocks. Any thread may
/// call any function.
class CachingAllocator {
 public:
  CachingAllocator(Backend& backend, Device device) : backend_(backend), device_(device) {}

  /// A block of at least `bytes`, never nullptr. Where memory runs out the cache is released and
  /// the device asked once more; throws Error, with the sizes, where that fails too.
  void* allocate(size_t bytes);
  /// `bytes` as given to allocate.
  void deallocate(void* block, size_t bytes);

  MemoryStatistics statistics() const;
  void reset_peak();
  void release_cache();

  /// The size of the block that `bytes` are given.
  static size_t block_size(size_t bytes);

 private:
  void release_cache_locked();

  Backend& backend_;
  Device device_;
  mutable std::mutex mutex_;
  std::map<size_t, std::vector<void*>> free_;  // by block size
  MemoryStatistics statistics_;
};

/// The allocator of a device; lives until the program ends. Throws what backend(device) throws.
CachingAllocator& allocator(Device device);

}  // namespace kintsugi

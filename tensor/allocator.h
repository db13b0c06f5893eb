#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <utility>

#include "tensor/backend.h"

namespace kintsugi {

/// Hands out blocks of one device's memory and keeps what comes back, since fresh memory is dearer
/// than the arithmetic done in it. It asks the device for segments of 16 MiB or more and cuts
/// blocks off them: the smallest free block that is large enough is split, and a block that comes
/// back is joined with its free neighbours, so that memory freed in one size serves any other. But
/// as long as the device has other memory, a free block of more than 16 MiB is not split for less
/// than a 32nd of it: a small block that lives on would leave too little for what the large one
/// was. Work that repeats itself soon asks the device for nothing more. Any thread may call any
/// function.
class CachingAllocator {
 public:
  /// What the blocks are for. Recorded work (Backend::record), replayed, goes on using blocks that
  /// came back when it was recorded: so the allocator of a recording keeps every segment as long as
  /// it lives, and tells the device's memory checker (Backend::block_taken) of no block.
  enum class Purpose { tensors, recording };
  CachingAllocator(Backend& backend, Device device, Purpose purpose = Purpose::tensors)
      : backend_(backend), device_(device), purpose_(purpose) {}
  ~CachingAllocator() { give_back_idle_segments(); }
  CachingAllocator(const CachingAllocator&) = delete;
  CachingAllocator& operator=(const CachingAllocator&) = delete;

  /// A block of at least `bytes`, aligned to 64, never nullptr. Where memory runs out the cache is
  /// released and the device asked once more; throws Error, with the sizes, where that fails too.
  void* allocate(size_t bytes);
  /// `bytes` as given to allocate.
  void deallocate(void* block, size_t bytes);

  MemoryStatistics statistics() const;
  void reset_peak();
  /// Gives the segments back that no block in use lies in; a recording's are all in use.
  void release_cache();

 private:
  struct Block {
    size_t size;
    bool is_free;
    bool starts_segment;
  };
  using Blocks = std::map<std::byte*, Block>;  // by address: neighbours here are neighbours there

  Blocks::iterator smallest_fit(size_t size);
  Blocks::iterator take(size_t size);
  Blocks::iterator add_segment(size_t size);
  bool sets_record(size_t size) const;
  void insert_free(Blocks::iterator block);
  void erase_free(Blocks::iterator block);
  void join_with_next(Blocks::iterator block);
  void release_idle_segments();
  void give_back_idle_segments();

  Backend& backend_;
  Device device_;
  Purpose purpose_;
  mutable std::mutex mutex_;
  Blocks blocks_;
  std::set<std::pair<size_t, std::byte*>> free_;  // smallest first
  MemoryStatistics statistics_;
  size_t record_ = 0;  // the highest `current` ever
};

/// The allocator of a device; lives until the program ends. Throws what backend(device) throws.
CachingAllocator& allocator(Device device);

/// While it lives, this thread's new tensors on a device get their memory from another allocator.
/// They keep it alive.
class AllocatorScope {
 public:
  AllocatorScope(std::shared_ptr<CachingAllocator> allocator, Device device);
  ~AllocatorScope();
  AllocatorScope(const AllocatorScope&) = delete;
  AllocatorScope& operator=(const AllocatorScope&) = delete;

 private:
  std::shared_ptr<CachingAllocator> before_;
  Device device_;
};
/// The one of the innermost AllocatorScope on this thread, or that of the device.
std::shared_ptr<CachingAllocator> current_allocator(Device device);

}  // namespace kintsugi

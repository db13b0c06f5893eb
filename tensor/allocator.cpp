#include "tensor/allocator.h"

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <iterator>

#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kSegment = size_t{16} << 20;  // the least that the device is asked for
constexpr size_t kLargest = size_t{1} << 62;   // beyond it rounding up could overflow
constexpr double kMebibyte = double{1 << 20};

#ifdef __SANITIZE_ADDRESS__
constexpr size_t kGuard = kAlignment;  // bytes behind each block that nobody may touch
#else
constexpr size_t kGuard = 0;
#endif

size_t block_size(size_t bytes) {
  return std::max(kAlignment, (bytes + kGuard + kAlignment - 1) / kAlignment * kAlignment);
}

}  // namespace

void* CachingAllocator::allocate(size_t bytes) {
  std::lock_guard lock(mutex_);
  const Blocks::iterator block = bytes > kLargest ? blocks_.end() : take(block_size(bytes));
  check(block != blocks_.end(),
        "out of memory on device {}: {:.1f} MiB asked for, while {:.1f} MiB are in use",
        to_string(device_), static_cast<double>(bytes) / kMebibyte,
        static_cast<double>(statistics_.current) / kMebibyte);
  statistics_.current += bytes;
  statistics_.peak = std::max(statistics_.peak, statistics_.current);
  record_ = std::max(record_, statistics_.current);
  if (device_ == Device::cpu) ASAN_UNPOISON_MEMORY_REGION(block->first, bytes);
  return block->first;
}

void CachingAllocator::deallocate(void* address, size_t bytes) {
  std::lock_guard lock(mutex_);
  statistics_.current -= bytes;
  if (device_ == Device::cpu) ASAN_POISON_MEMORY_REGION(address, bytes);
  auto block = blocks_.find(static_cast<std::byte*>(address));
  join_with_next(block);
  if (!block->second.starts_segment)
    if (auto before = std::prev(block); before->second.is_free) {
      erase_free(before);
      before->second.size += block->second.size;
      blocks_.erase(block);
      block = before;
    }
  insert_free(block);
}

/// A block of this size, off the smallest free one or a new segment; end() where memory runs out.
CachingAllocator::Blocks::iterator CachingAllocator::take(size_t size) {
  const auto fit = free_.lower_bound({size, nullptr});
  const Blocks::iterator block = fit != free_.end() ? blocks_.find(fit->second) : add_segment(size);
  if (block == blocks_.end()) return block;
  erase_free(block);
  const size_t rest = block->second.size - size;
  block->second.size = size;
  if (rest > 0) insert_free(blocks_.emplace(block->first + size, Block{rest, true, false}).first);
  return block;
}

/// A free block of at least this size that is a segment of its own.
CachingAllocator::Blocks::iterator CachingAllocator::add_segment(size_t size) {
  if (sets_record(size)) release_idle_segments();
  size_t segment = std::max(size, kSegment);
  void* start = backend_.allocate(segment);
  if (start == nullptr) start = backend_.allocate(segment = size);
  if (start == nullptr) {
    release_idle_segments();
    start = backend_.allocate(size);
  }
  if (start == nullptr) return blocks_.end();
  statistics_.reserved += segment;
  if (device_ == Device::cpu) ASAN_POISON_MEMORY_REGION(start, segment);
  const auto block =
      blocks_.emplace(static_cast<std::byte*>(start), Block{segment, true, true}).first;
  insert_free(block);
  return block;
}

/// Whether more will be in use than ever before, and one sixteenth more than that be reserved. Work
/// that repeats itself sets no record, so what it needs again is never given back for it.
bool CachingAllocator::sets_record(size_t size) const {
  const size_t current = statistics_.current + size;
  return current > record_ && statistics_.reserved + size > current + current / 16;
}

void CachingAllocator::insert_free(Blocks::iterator block) {
  block->second.is_free = true;
  free_.emplace(block->second.size, block->first);
}

void CachingAllocator::erase_free(Blocks::iterator block) {
  block->second.is_free = false;
  free_.erase({block->second.size, block->first});
}

/// Takes in the next block where that is free and of the same segment.
void CachingAllocator::join_with_next(Blocks::iterator block) {
  const auto next = std::next(block);
  if (next == blocks_.end() || !next->second.is_free || next->second.starts_segment) return;
  erase_free(next);
  block->second.size += next->second.size;
  blocks_.erase(next);
}

void CachingAllocator::release_idle_segments() {
  for (auto block = blocks_.begin(); block != blocks_.end();) {
    const auto next = std::next(block);
    const bool is_whole =
        block->second.starts_segment && (next == blocks_.end() || next->second.starts_segment);
    if (is_whole && block->second.is_free) {
      erase_free(block);
      if (device_ == Device::cpu) ASAN_UNPOISON_MEMORY_REGION(block->first, block->second.size);
      backend_.deallocate(block->first, block->second.size);
      statistics_.reserved -= block->second.size;
      blocks_.erase(block);
    }
    block = next;
  }
}

MemoryStatistics CachingAllocator::statistics() const {
  std::lock_guard lock(mutex_);
  return statistics_;
}

void CachingAllocator::reset_peak() {
  std::lock_guard lock(mutex_);
  statistics_.peak = statistics_.current;
}

void CachingAllocator::release_cache() {
  std::lock_guard lock(mutex_);
  release_idle_segments();
  record_ = statistics_.current;
}

CachingAllocator& allocator(Device device) {
  // Never destroyed: tensors with static storage may outlive any order of destruction.
  if (device == Device::cuda) {
    static CachingAllocator& cuda = *new CachingAllocator(cuda_backend(), Device::cuda);
    return cuda;
  }
  static CachingAllocator& cpu = *new CachingAllocator(cpu_backend(), Device::cpu);
  return cpu;
}

}  // namespace kintsugi

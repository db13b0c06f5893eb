#include "tensor/allocator.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kSegment = size_t{16} << 20;  // the least that the device is asked for
constexpr size_t kMostCuts = 32;               // into which a larger free block is split
constexpr size_t kLargest = size_t{1} << 62;   // beyond it rounding up could overflow
constexpr double kMebibyte = double{1 << 20};

size_t block_size(size_t bytes) {
  return std::max(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
}

/// Whether a free block stays whole rather than that so little is cut off it.
bool is_too_large(size_t free, size_t size) { return free > kSegment && size < free / kMostCuts; }

double mebibytes(size_t bytes) { return static_cast<double>(bytes) / kMebibyte; }

}  // namespace

void* CachingAllocator::allocate(size_t bytes) {
  std::lock_guard lock(mutex_);
  const Blocks::iterator block =
      bytes > kLargest ? blocks_.end() : take(block_size(bytes + backend_.guard_bytes()));
  check(block != blocks_.end(),
        "out of memory on device {}: {:.1f} MiB asked for, while {:.1f} MiB are in use and "
        "{:.1f} MiB reserved, of {:.1f} MiB in all",
        to_string(device_), mebibytes(bytes), mebibytes(statistics_.current),
        mebibytes(statistics_.reserved), mebibytes(backend_.capacity()));
  statistics_.current += bytes;
  statistics_.peak = std::max(statistics_.peak, statistics_.current);
  record_ = std::max(record_, statistics_.current);
  if (purpose_ == Purpose::tensors) backend_.block_taken(block->first, bytes);
  return block->first;
}

void CachingAllocator::deallocate(void* address, size_t bytes) {
  std::lock_guard lock(mutex_);
  statistics_.current -= bytes;
  if (purpose_ == Purpose::tensors) backend_.block_returned(address, bytes);
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

/// The smallest free block that is large enough, or end().
CachingAllocator::Blocks::iterator CachingAllocator::smallest_fit(size_t size) {
  const auto fit = free_.lower_bound({size, nullptr});
  return fit != free_.end() ? blocks_.find(fit->second) : blocks_.end();
}

/// A block of this size, off the smallest free one or a new segment; end() where memory runs out.
CachingAllocator::Blocks::iterator CachingAllocator::take(size_t size) {
  Blocks::iterator block = smallest_fit(size);
  if (block == blocks_.end() || is_too_large(block->second.size, size)) {
    block = add_segment(size);
    if (block == blocks_.end()) block = smallest_fit(size);
  }
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
  if (purpose_ == Purpose::tensors) give_back_idle_segments();
}

void CachingAllocator::give_back_idle_segments() {
  for (auto block = blocks_.begin(); block != blocks_.end();) {
    const auto next = std::next(block);
    const bool is_whole =
        block->second.starts_segment && (next == blocks_.end() || next->second.starts_segment);
    if (is_whole && block->second.is_free) {
      erase_free(block);
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

namespace {

using Shared = std::shared_ptr<CachingAllocator>;

/// Never destroyed: tensors with static storage may outlive any order of destruction.
const Shared& whole_device(Device device) {
  if (device == Device::cuda) {
    static const Shared& cuda =
        *new Shared(std::make_shared<CachingAllocator>(cuda_backend(), Device::cuda));
    return cuda;
  }
  static const Shared& cpu =
      *new Shared(std::make_shared<CachingAllocator>(cpu_backend(), Device::cpu));
  return cpu;
}

/// The scope's, for each device; null outside of scopes.
thread_local std::array<Shared, 2> scoped;

Shared& scoped_on(Device device) { return scoped[static_cast<size_t>(device)]; }

}  // namespace

CachingAllocator& allocator(Device device) { return *whole_device(device); }

AllocatorScope::AllocatorScope(Shared allocator, Device device)
    : before_(std::exchange(scoped_on(device), std::move(allocator))), device_(device) {}

AllocatorScope::~AllocatorScope() { scoped_on(device_) = std::move(before_); }

Shared current_allocator(Device device) {
  const Shared& scope = scoped_on(device);
  return scope ? scope : whole_device(device);
}

}  // namespace kintsugi

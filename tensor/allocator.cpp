#include "tensor/allocator.h"

#include <algorithm>
#include <bit>

#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kSteps = 8;                  // size classes to a power of two
constexpr size_t kLargest = size_t{1} << 62;  // beyond it rounding up could overflow
constexpr double kMebibyte = double{1 << 20};

}  // namespace

size_t CachingAllocator::block_size(size_t bytes) {
  if (bytes > kLargest) return bytes;
  const size_t step = std::max(kAlignment, std::bit_floor(bytes) / kSteps);
  return std::max(kAlignment, (bytes + step - 1) / step * step);
}

void* CachingAllocator::allocate(size_t bytes) {
  const size_t size = block_size(bytes);
  std::lock_guard lock(mutex_);
  void* block = nullptr;
  if (auto found = free_.find(size); found != free_.end() && !found->second.empty()) {
    block = found->second.back();
    found->second.pop_back();
  } else {
    if (size <= kLargest) block = backend_.allocate(size);
    if (!block && size <= kLargest) {
      release_cache_locked();
      block = backend_.allocate(size);
    }
    check(block != nullptr,
          "out of memory on device {}: {:.1f} MiB asked for, while {:.1f} MiB are in use",
          to_string(device_), static_cast<double>(bytes) / kMebibyte,
          static_cast<double>(statistics_.current) / kMebibyte);
    statistics_.reserved += size;
  }
  statistics_.current += bytes;
  statistics_.peak = std::max(statistics_.peak, statistics_.current);
  return block;
}

void CachingAllocator::deallocate(void* block, size_t bytes) {
  std::lock_guard lock(mutex_);
  free_[block_size(bytes)].push_back(block);
  statistics_.current -= bytes;
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
  release_cache_locked();
}

void CachingAllocator::release_cache_locked() {
  for (auto& [size, blocks] : free_) {
    for (void* block : blocks) backend_.deallocate(block, size);
    statistics_.reserved -= size * blocks.size();
  }
  free_.clear();
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

#include "tensor/cpu/backend.h"

#include <omp.h>
#include <sanitizer/asan_interface.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "tensor/cpu/parallel.h"
#include "tensor/error.h"

namespace kintsugi {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kHugePage = size_t{2} << 20;

#ifdef __SANITIZE_ADDRESS__
constexpr size_t kGuard = kCacheLine;
#else
constexpr size_t kGuard = 0;
#endif

}  // namespace

size_t CpuBackend::capacity() const {
  static const size_t bytes =
      static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

void* CpuBackend::allocate(size_t bytes) {
  if (bytes > capacity()) return nullptr;  // Linux promises any amount, and kills who uses it
  const size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
  const size_t whole = (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
  void* block = nullptr;
  if (posix_memalign(&block, alignment, whole) != 0) return nullptr;
  // 512 times fewer page faults and TLB entries; where the system refuses, nothing is lost.
  if (alignment == kHugePage) madvise(block, whole / kHugePage * kHugePage, MADV_HUGEPAGE);
  ASAN_POISON_MEMORY_REGION(block, bytes);
  return block;
}

void CpuBackend::deallocate(void* block, [[maybe_unused]] size_t bytes) {
  ASAN_UNPOISON_MEMORY_REGION(block, bytes);
  std::free(block);
}

// The address sanitizer is told what lies in a block and what does not.
size_t CpuBackend::guard_bytes() const { return kGuard; }

void CpuBackend::block_taken([[maybe_unused]] void* block, [[maybe_unused]] size_t bytes) {
  ASAN_UNPOISON_MEMORY_REGION(block, bytes);
}

void CpuBackend::block_returned([[maybe_unused]] void* block, [[maybe_unused]] size_t bytes) {
  ASAN_POISON_MEMORY_REGION(block, bytes);
}

void CpuBackend::copy_to_host(const void* from, void* to, size_t bytes) {
  std::memcpy(to, from, bytes);
}

void CpuBackend::copy_from_host(const void* from, void* to, size_t bytes) {
  std::memcpy(to, from, bytes);
}

Backend& cpu_backend() {
  static CpuBackend& instance = *new CpuBackend;  // outlives every tensor
  return instance;
}

Backend& backend(Device device) { return device == Device::cpu ? cpu_backend() : cuda_backend(); }

void set_num_threads(int threads) {
  check(threads >= 1, "set_num_threads: {} is not a number of threads; it takes at least 1",
        threads);
  omp_set_num_threads(threads);
}

int num_threads() { return omp_get_max_threads(); }

}  // namespace kintsugi

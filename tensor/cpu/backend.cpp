#include "tensor/cpu/backend.h"

#include <omp.h>
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

/// Bytes of memory in the machine. Linux promises any amount and kills the process that uses it.
size_t physical_memory() {
  return static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

void* CpuBackend::allocate(size_t bytes) {
  static const size_t most = physical_memory();
  if (bytes > most) return nullptr;
  const size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
  const size_t whole = (bytes + kCacheLine - 1) / kCacheLine * kCacheLine;
  void* block = nullptr;
  if (posix_memalign(&block, alignment, whole) != 0) return nullptr;
  // 512 times fewer page faults and TLB entries; where the system refuses, nothing is lost.
  if (alignment == kHugePage) madvise(block, whole / kHugePage * kHugePage, MADV_HUGEPAGE);
  return block;
}

void CpuBackend::deallocate(void* block, size_t) { std::free(block); }

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

#include "cuda/emulator/mma.h"

#include <fmt/format.h>

#include "cuda/emulator/report.h"

namespace nvcuda::wmma {

void check_matrix(const char* function, const void* address, unsigned stride, size_t element_size,
                  const EmulatorSite& site) {
  if (reinterpret_cast<uintptr_t>(address) % 32 != 0 || stride * element_size % 16 != 0)
    throw emulator::Fault(fmt::format(
        "{}, {}: {} of lines of {} bytes at {}: the address must be a multiple of 32, a line of 16",
        emulator::where(), emulator::describe(site), function, stride * element_size,
        fmt::ptr(address)));
  __syncwarp(0xffffffff, site);
}

}  // namespace nvcuda::wmma

#pragma once
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "cuda/emulator/scheduler.h"
#include "cuda/launch.h"
#include "tests/cuda/emulator/device_array.h"

/// What the tests of barriers, of warps and of the order of threads share.
namespace emulator {

/// 0, 1, 2, …
template <class T>
std::vector<T> counting(size_t count) {
  std::vector<T> values(count);
  std::iota(values.begin(), values.end(), T{0});
  return values;
}

/// A seed, or none, for the launches within a scope.
class Seeded {
 public:
  explicit Seeded(std::optional<uint64_t> seed) : before_(set_seed(seed)) {}
  ~Seeded() { set_seed(before_); }
  Seeded(const Seeded&) = delete;
  Seeded& operator=(const Seeded&) = delete;

 private:
  std::optional<uint64_t> before_;
};

/// What the emulator says of a launch; "" where it finds nothing wrong.
template <class... P, class... A>
std::string fault_of(void (*kernel)(P...), const kintsugi::cuda::Grid& grid, A... args) {
  return fault_of([&] { kintsugi::cuda::launch(kernel, grid, args...); });
}

inline __device__ int grid_index() {
  return static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}

}  // namespace emulator

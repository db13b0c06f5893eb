#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "tensor/random.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

constexpr DType kDTypes[] = {DType::float32, DType::float64};
constexpr int64_t kSizes[] = {0, 1, 3, 4, 5, 1000, 4097};

/// All 64 bits of seed, stream and counter in use; the counter's lower half runs over on the way.
constexpr Generator kGenerators[] = {
    {.seed = 1},
    {.seed = 0xfedcba9876543210, .stream = 0x123456789abcdef0, .counter = 0xfffffffe},
};

}  // namespace

TEST_CASE("uniform numbers are the CPU's, bit for bit") {
  for (DType dtype : kDTypes)
    for (const Generator& start : kGenerators)
      for (int64_t size : kSizes)
        for (auto [low, high] :
             {std::pair{0.0, 1.0}, {-0.3, 0.7}, {2.0, 2.0}, {-1 / 3.0, 1e3 / 7}}) {
          CAPTURE(size);
          CAPTURE(low);
          Generator here = start, there = start;
          const Tensor expected = uniform({size}, low, high, here, {.dtype = dtype});
          check_same(uniform({size}, low, high, there, {dtype, Device::cuda}), expected);
          CHECK(here == there);
        }
}

TEST_CASE("uniform numbers stay below the upper bound even where float32 rounds up to it") {
  Generator here{.seed = 4}, there = here;
  const double low = 1, high = 1 + 0x1p-22;  // float32 has 2 numbers in between
  const Tensor x = uniform({5000}, low, high, there, {.device = Device::cuda});
  check_same(x, uniform({5000}, low, high, here));
  const std::vector<double> values = x.to_vector();
  CHECK(*std::max_element(values.begin(), values.end()) < high);
}

TEST_CASE("normal numbers are the CPU's, but for rounding") {
  for (DType dtype : kDTypes)
    for (const Generator& start : kGenerators)
      for (int64_t size : kSizes) {
        CAPTURE(size);
        Generator here = start, there = start;
        const Tensor expected = normal({size}, -0.5, 2, here, {.dtype = dtype});
        check_close(normal({size}, -0.5, 2, there, {dtype, Device::cuda}), expected,
                    dtype == DType::float32 ? 1e-7 : 1e-15);
      }
}

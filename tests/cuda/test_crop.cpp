#include <doctest/doctest.h>

#include "tensor/ops.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

struct Case {
  Shape pictures;
  int64_t height, width;  ///< of the patches
};
const Case kCases[] = {{{1, 1, 1, 1}, 1, 1},   {{3, 7, 5, 3}, 4, 5},  {{2, 33, 17, 1}, 16, 3},
                       {{5, 16, 16, 3}, 8, 8}, {{2, 9, 8, 70}, 3, 8}, {{0, 4, 4, 3}, 2, 2},
                       {{2, 4, 4, 3}, 0, 2}};

/// Some inside, some partly and some far outside of the pictures.
Tensor corners_for(const Case& c, DType dtype) {
  std::vector<double> numbers;
  for (int64_t n = 0; n < c.pictures[0]; ++n) {
    numbers.push_back(static_cast<double>((n * 3) % (c.pictures[1] + 4) - 2));
    numbers.push_back(static_cast<double>((n * 5) % (c.pictures[2] + 4) - 2));
  }
  return Tensor::from(numbers, {c.pictures[0], 2}, {.dtype = dtype});
}

}  // namespace

TEST_CASE("patches are cropped, and laid back in, as the CPU does it") {
  for (const DType dtype : {DType::float32, DType::float64})
    for (const Case& c : kCases) {
      CAPTURE(c.pictures.str());
      const Tensor corners = corners_for(c, dtype), there = on_cuda(corners);
      const Tensor x = random_tensor(c.pictures, dtype, 1);
      check_same(ops::crop_patches(on_cuda(x), there, c.height, c.width),
                 ops::crop_patches(x, corners, c.height, c.width));
      const Tensor dy = random_tensor(c.pictures.with(1, c.height).with(2, c.width), dtype, 2);
      check_same(ops::crop_patches_grad(on_cuda(dy), there, c.pictures[1], c.pictures[2]),
                 ops::crop_patches_grad(dy, corners, c.pictures[1], c.pictures[2]));
    }
}

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <cmath>

#include "tensor/ops.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

void check_resize(const Shape& map, int64_t height, int64_t width, DType dtype) {
  CAPTURE(map.str());
  CAPTURE(height);
  CAPTURE(width);
  const Tensor x = random_tensor(map, dtype, 1);
  const Tensor dy = random_tensor({map[0], height, width, map[3]}, dtype, 2);
  for (Interpolation mode : {Interpolation::nearest, Interpolation::bilinear}) {
    check_close(ops::resize2d(on_cuda(x), height, width, mode),
                ops::resize2d(x, height, width, mode));
    check_close(ops::resize2d_grad(on_cuda(dy), map[1], map[2], mode),
                ops::resize2d_grad(dy, map[1], map[2], mode));
  }
}

}  // namespace

TEST_CASE("cuda: maps resized up, down and both at once are the CPU's, and so are the gradients") {
  for (DType dtype : {DType::float32, DType::float64}) {
    check_resize({2, 8, 8, 3}, 16, 16, dtype);
    check_resize({2, 16, 16, 5}, 8, 4, dtype);
    check_resize({1, 7, 13, 33}, 11, 5, dtype);
    check_resize({1, 5, 5, 2}, 5, 5, dtype);
    check_resize({1, 1, 1, 4}, 6, 7, dtype);
    check_resize({1, 9, 6, 1}, 1, 1, dtype);
    check_resize({1, 3, 90, 1}, 37, 31, dtype);
    check_resize({0, 3, 3, 2}, 5, 5, dtype);
    check_resize({2, 3, 3, 0}, 5, 5, dtype);
  }
}

TEST_CASE("cuda: resizing of random maps is the CPU's") {
  CHECK(rc::check([] {
    const Shape map{1, *rc::gen::inRange(1, 20), *rc::gen::inRange(1, 20), 2};
    check_resize(map, *rc::gen::inRange(1, 20), *rc::gen::inRange(1, 20), DType::float64);
  }));
}

TEST_CASE("cuda: a pixel that has no part in a result cannot spoil it") {
  std::vector<double> values(25, 1);
  values[12] = INFINITY;
  const Tensor x = Tensor::from(values, {1, 5, 5, 1});
  const Tensor same = ops::resize2d(on_cuda(x), 5, 5, Interpolation::bilinear);
  check_same(same, x);
  check_close(ops::resize2d(on_cuda(x), 3, 15, Interpolation::bilinear),
              ops::resize2d(x, 3, 15, Interpolation::bilinear));
}

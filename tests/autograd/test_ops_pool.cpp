#include <doctest/doctest.h>

#include "tests/autograd/ops_support.h"

namespace kintsugi {

TEST_CASE("pooling and its gradient are PyTorch's") {
  for (const std::string name : {"max2", "max3", "max_overlapping", "avg2", "avg3"}) {
    CAPTURE(name);
    const ReferenceCase reference("pool", name);
    const PoolOptions options{.kernel = reference.integer(0),
                              .stride = reference.integer(1),
                              .padding = reference.integer(2)};
    const auto pool = name.starts_with("max") ? max_pool2d : avg_pool2d;
    CHECK(difference_from(reference, {{"input", map_layout}}, map_layout,
                          [&](const Variables& in) { return pool(in[0], options); }) < 1e-14);
  }
}

TEST_CASE("resizing and its gradient are PyTorch's") {
  for (const std::string mode : {"bilinear", "nearest"})
    for (const char* size : {"up", "down", "mixed"}) {
      CAPTURE(mode);
      CAPTURE(size);
      const ReferenceCase reference("resize", mode + "_" + size);
      const auto interpolation =
          mode == "nearest" ? Interpolation::nearest : Interpolation::bilinear;
      CHECK(
          difference_from(reference, {{"input", map_layout}}, map_layout, [&](const Variables& in) {
            return resize2d(in[0], reference.integer(0), reference.integer(1), interpolation);
          }) < 1e-13);
    }
}

TEST_CASE("an element that is the largest of two windows gets the gradient of both") {
  const Variable x = leaf({0, 0, 0, 1, 9, 2}, {1, 2, 3, 1});
  const Variable y = max_pool2d(x, {.kernel = 2, .stride = 1});
  CHECK(values_of(y) == Numbers{9, 9});
  y.backward(leaf({3, 4}, y.shape()));
  CHECK(values_of(x.grad()) == Numbers{0, 0, 0, 0, 7, 0});
}

TEST_CASE("of equal elements the first in the window is the one chosen") {
  const Variable x = leaf({5, 5, 5, 5}, {1, 2, 2, 1});
  sum(max_pool2d(x)).backward();
  CHECK(values_of(x.grad()) == Numbers{1, 0, 0, 0});
}

}  // namespace kintsugi

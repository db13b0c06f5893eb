#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "tensor/ops.h"
#include "tensor/random.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

constexpr DType kDTypes[] = {DType::float32, DType::float64};

void check_permutation(const Shape& shape, const std::vector<int>& axes, DType dtype) {
  CAPTURE(shape.str());
  const Tensor x = random_tensor(shape, dtype, 1);
  check_same(ops::permute(on_cuda(x), axes), ops::permute(x, axes));
}

}  // namespace

TEST_CASE("a clone, a filled tensor and a cast one hold what they hold on the CPU") {
  for (DType dtype : kDTypes)
    for (int64_t size : {0, 1, 2, 3, 4, 7, 1000, 4099}) {
      CAPTURE(size);
      const Tensor x = random_tensor({size}, dtype, 5);
      check_same(on_cuda(x).clone(), x);
      check_same(Tensor::full({size}, 0.1, {dtype, Device::cuda}),
                 Tensor::full({size}, 0.1, {dtype}));
      for (DType other : kDTypes) check_same(on_cuda(x).to(other), x.to(other));
    }
}

TEST_CASE("transposes are those of the CPU, for whole tiles, parts of tiles and narrow matrices") {
  const std::pair<int64_t, int64_t> sizes[] = {{1, 1},   {32, 32}, {64, 33}, {31, 70}, {8, 100},
                                               {100, 8}, {7, 100}, {100, 3}, {0, 20},  {33, 1}};
  for (DType dtype : kDTypes)
    for (const auto& [rows, columns] : sizes) {
      check_permutation({rows, columns}, {1, 0}, dtype);
      check_permutation({3, rows, columns}, {0, 2, 1}, dtype);
    }
}

TEST_CASE("pictures go from channels last to channels first and back") {
  for (DType dtype : kDTypes)
    for (int64_t channels : {1, 3, 8, 40}) {
      check_permutation({2, 9, 7, channels}, {0, 3, 1, 2}, dtype);
      check_permutation({2, channels, 9, 7}, {0, 2, 3, 1}, dtype);
      check_permutation({3, 3, channels, 12}, {3, 2, 0, 1}, dtype);
    }
}

TEST_CASE("every order of the axes of a random shape is right") {
  Generator generator{.seed = 7};
  for (int round = 0; round < 60; ++round) {
    std::vector<int64_t> extents(static_cast<size_t>(generator.integer(0, 6)));
    for (int64_t& extent : extents) extent = generator.integer(1, 9);
    while (Shape(extents).numel() > 4000) extents.pop_back();
    std::vector<int> axes(extents.size());
    std::iota(axes.begin(), axes.end(), 0);
    for (size_t i = axes.size(); i > 1; --i)
      std::swap(axes[i - 1],
                axes[static_cast<size_t>(generator.integer(0, static_cast<int64_t>(i) - 1))]);
    check_permutation(Shape(extents), axes, kDTypes[round % 2]);
  }
}

TEST_CASE("slices, their gradients, parts put together and flips are those of the CPU") {
  for (DType dtype : kDTypes)
    for (int64_t channels : {1, 3, 4, 8}) {
      CAPTURE(channels);
      const Tensor x = random_tensor({3, 10, 6, channels}, dtype, 2);
      const Tensor y = random_tensor({3, 10, 6, channels + 4}, dtype, 3);
      for (int64_t start : {0, 1, 4}) {  // lines that begin in the middle of 16 bytes, too
        CAPTURE(start);
        check_same(ops::slice(on_cuda(x), 2, start, 2), ops::slice(x, 2, start, 2));
        check_same(ops::slice(on_cuda(y), 3, start, channels), ops::slice(y, 3, start, channels));
        check_same(ops::slice_grad(on_cuda(x), 3, start, channels + 4),
                   ops::slice_grad(x, 3, start, channels + 4));
      }
      check_same(ops::concat({on_cuda(x), on_cuda(y)}, 3), ops::concat({x, y}, 3));
      check_same(ops::concat({on_cuda(x), on_cuda(x)}, 0), ops::concat({x, x}, 0));
      for (int axis = 0; axis < 4; ++axis)
        check_same(ops::flip(on_cuda(x), axis), ops::flip(x, axis));
    }
}

TEST_CASE("broadcast_to repeats as on the CPU") {
  const std::pair<Shape, Shape> shapes[] = {{{}, {5, 7}},      {{12}, {5, 12}},
                                            {{5, 1}, {5, 13}}, {{3, 1, 8}, {3, 4, 8}},
                                            {{1}, {0}},        {{2, 1, 1, 3}, {2, 4, 5, 3}}};
  for (DType dtype : kDTypes)
    for (const auto& [from, to] : shapes) {
      CAPTURE(to.str());
      const Tensor x = random_tensor(from, dtype, 4);
      check_same(ops::broadcast_to(on_cuda(x), to), ops::broadcast_to(x, to));
    }
}

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <numeric>

#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

Shape random_shape(int min_rank, int max_rank) {
  std::vector<int64_t> extents;
  const int rank = *rc::gen::inRange(min_rank, max_rank + 1);
  for (int axis = 0; axis < rank; ++axis)
    extents.push_back(*rc::gen::element<int64_t>(1, 2, 3, 4, 7, 9, 20));
  return Shape(extents);
}

}  // namespace

TEST_CASE("permute moves every element, and the inverse permutation moves it back") {
  CHECK(rc::check([] {
    const Shape shape = random_shape(1, 5);
    const Tensor x = random(shape, DType::float32, 1);
    std::vector<int> axes(static_cast<size_t>(shape.rank())), inverse = axes;
    std::iota(axes.begin(), axes.end(), 0);
    for (size_t i = axes.size(); i > 1; --i)
      std::swap(axes[i - 1], axes[*rc::gen::inRange<size_t>(0, i)]);
    for (size_t i = 0; i < axes.size(); ++i) inverse[static_cast<size_t>(axes[i])] = int(i);

    const Tensor y = ops::permute(x, axes);
    const std::vector<double> from = x.to_vector(), to = y.to_vector();
    for (int64_t i = 0; i < y.numel(); ++i) {
      const Index index = index_of(y.shape(), i);
      Index source(index.size());
      for (size_t axis = 0; axis < axes.size(); ++axis)
        source[static_cast<size_t>(axes[axis])] = index[axis];
      RC_ASSERT(to[static_cast<size_t>(i)] == from[position(shape, source)]);
    }
    RC_ASSERT(same_bits(ops::permute(y, inverse), x));
  }));
}

TEST_CASE("large transpositions lose no element") {
  for (const Shape& shape : {Shape{300, 500}, {4, 64, 64, 32}, {5, 40000}, {40000, 5}}) {
    const Tensor x = random(shape, DType::float32, 1), y = ops::transpose(x);
    CHECK(y.size(-1) == x.size(-2));
    CHECK_FALSE(same_bits(x.reshape({-1}), y.reshape({-1})));
    CHECK(same_bits(ops::transpose(y), x));
    CHECK(dot(y, y) == doctest::Approx(dot(x, x)).epsilon(1e-12));
  }
}

TEST_CASE("large slices, flips and repetitions take every element from its place") {
  for (const Shape& shape : {Shape{40000, 7}, {3, 20000, 20}, {90, 1000}}) {
    const Tensor x = random(shape, DType::float32, 1);
    const std::vector<double> from = x.to_vector();
    const int64_t columns = shape[-1], half = columns / 2;
    const std::vector<double> part = ops::slice(x, -1, half, columns - half).to_vector();
    const std::vector<double> flipped = ops::flip(x, -1).to_vector();
    const Tensor column = ops::slice(x, -1, 0, 1);
    const std::vector<double> repeated = ops::broadcast_to(column, shape).to_vector();
    bool sliced = true, turned = true, same = true;
    for (int64_t i = 0; i < x.numel(); ++i) {
      const int64_t row = i / columns, c = i % columns;
      const auto at = [&](int64_t index) { return from[static_cast<size_t>(index)]; };
      if (c >= half)
        sliced = sliced && part[static_cast<size_t>(row * (columns - half) + c - half)] == at(i);
      turned = turned && flipped[static_cast<size_t>(i)] == at(row * columns + columns - 1 - c);
      same = same && repeated[static_cast<size_t>(i)] == at(row * columns);
    }
    CHECK(sliced);
    CHECK(turned);
    CHECK(same);
  }
}

TEST_CASE("slices of an axis, put together, are the whole again") {
  CHECK(rc::check([] {
    const Shape shape = random_shape(1, 4);
    const int axis = *rc::gen::inRange(0, shape.rank());
    const int64_t cut = *rc::gen::inRange<int64_t>(0, shape[axis] + 1);
    const Tensor x = random(shape, DType::float64, 1);
    const Tensor head = ops::slice(x, axis, 0, cut);
    const Tensor tail = ops::slice(x, axis - shape.rank(), cut, shape[axis] - cut);
    RC_ASSERT(head.shape() == shape.with(axis, cut));
    RC_ASSERT(same_bits(ops::concat({head, tail}, axis), x));
    const Tensor padded = ops::add(ops::slice_grad(head, axis, 0, shape[axis]),
                                   ops::slice_grad(tail, axis, cut, shape[axis]));
    RC_ASSERT(same_bits(padded, x));
    const Tensor y = random(tail.shape(), DType::float64, 2);
    const double forward = dot(tail, y);
    const double backward = dot(x, ops::slice_grad(y, axis, cut, shape[axis]));
    RC_ASSERT(std::abs(forward - backward) <= 1e-12 * (1 + std::abs(forward)));
  }));
}

TEST_CASE("flip turns an axis round, twice is nothing") {
  const Tensor x = Tensor::from({1, 2, 3, 4, 5, 6}, {2, 3}, {.device = test_device()});
  CHECK(ops::flip(x, 1).to_vector() == std::vector<double>{3, 2, 1, 6, 5, 4});
  CHECK(ops::flip(x, -2).to_vector() == std::vector<double>{4, 5, 6, 1, 2, 3});
  CHECK(rc::check([] {
    const Shape shape = random_shape(1, 4);
    const int axis = *rc::gen::inRange(0, shape.rank());
    const Tensor y = random(shape, DType::float32, 1);
    RC_ASSERT(same_bits(ops::flip(ops::flip(y, axis), axis), y));
    RC_ASSERT(same_bits(ops::slice(ops::flip(y, axis), axis, 0, 1),
                        ops::slice(y, axis, shape[axis] - 1, 1)));
  }));
}

TEST_CASE("broadcast_to repeats along the new axes and those of extent 1") {
  const Tensor x = Tensor::from({1, 2}, {2, 1}, {.device = test_device()});
  CHECK(ops::broadcast_to(x, {2, 2, 3}).to_vector() ==
        std::vector<double>{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2});
  CHECK(ops::broadcast_to(x, {2, 0}).numel() == 0);
  CHECK(sentence_of<ShapeError>([&] {
          ops::broadcast_to(x, {3, 3});
        }) == "broadcast_to: [2, 1] does not broadcast to [3, 3]");
}

TEST_CASE("tensors without elements pass through every operation on shapes") {
  const Tensor x = Tensor::zeros({2, 0, 3}, {.device = test_device()});
  CHECK(ops::permute(x, {2, 0, 1}).shape() == Shape{3, 2, 0});
  CHECK(ops::slice(x, 2, 1, 2).shape() == Shape{2, 0, 2});
  CHECK(ops::flip(x, 1).shape() == x.shape());
  CHECK(ops::concat({x, x}, 1).shape() == x.shape());
  CHECK(ops::concat({x, x}, 0).shape() == Shape{4, 0, 3});
  CHECK(ops::sum(ops::slice_grad(x, 1, 1, 2)).item() == 0);
  CHECK(ops::relu(x).numel() == 0);
  CHECK(ops::add(x, Tensor::zeros({3}, {.device = test_device()})).shape() == x.shape());
  CHECK(x.clone().shape() == x.shape());
  CHECK(x.to(DType::float64).numel() == 0);
}

TEST_CASE("operations on shapes say what does not fit") {
  const Tensor x = random({2, 3}, DType::float32, 1), y = random({2, 4}, DType::float32, 1);
  CHECK(sentence_of<ShapeError>([&] { ops::permute(x, {0}); }) ==
        "permute: 1 axes are listed, but [2, 3] has 2");
  CHECK(sentence_of<ShapeError>([&] {
          ops::permute(x, {0, 0});
        }) == "permute: axis 0 of [2, 3] is listed twice");
  CHECK(sentence_of<ShapeError>([&] { ops::slice(x, 1, 2, 2); }) ==
        "slice: 2 entries from 2 on do not lie within axis 1 of [2, 3]");
  CHECK_THROWS_AS(ops::slice(x, 1, INT64_MAX, 2), ShapeError);
  CHECK(sentence_of<ShapeError>([&] {
          ops::concat({x, y}, 0);
        }) == "concat: [2, 3] and [2, 4] differ on another axis than 0");
  CHECK_THROWS_AS(ops::concat({}, 0), ShapeError);
  CHECK(sentence_of<ShapeError>([&] { ops::slice_grad(x, 1, 2, 4); }) ==
        "slice_grad: [2, 3] at 2 of axis 1 does not lie within an extent of 4");
  CHECK_THROWS_AS(ops::transpose(random({3}, DType::float32, 1)), ShapeError);
}

#include <doctest/doctest.h>

#include "tests/autograd/ops_support.h"

namespace kintsugi {

namespace {

/// PyTorch pads columns (left, right), then rows (top, bottom).
Variable pad_map(const Variable& x, const ReferenceCase& reference, PadMode mode) {
  const Variable wider = pad(x, 2, reference.integer(0), reference.integer(1), mode);
  return pad(wider, 1, reference.integer(2), reference.integer(3), mode);
}

}  // namespace

TEST_CASE("padding and its gradient are PyTorch's") {
  for (const std::string name : {"zero", "reflect"}) {
    CAPTURE(name);
    const ReferenceCase reference("pad", name);
    const PadMode mode = name == "zero" ? PadMode::zero : PadMode::reflect;
    CHECK(difference_from(reference, {{"input", map_layout}}, map_layout, [&](const Variables& in) {
            return pad_map(in[0], reference, mode);
          }) < 1e-14);
  }
}

TEST_CASE("reflection does not repeat the edge") {
  const Variable x = leaf({1, 2, 3, 4}, {4});
  const Variable y = pad(x, 0, 2, 1, PadMode::reflect);
  CHECK(values_of(y) == Numbers{3, 2, 1, 2, 3, 4, 3});
  sum(y).backward();
  CHECK(values_of(x.grad()) == Numbers{1, 2, 3, 1});
}

TEST_CASE("the gradient of a slice is zero outside of it") {
  const Variable x = leaf({1, 2, 3, 4, 5}, {5});
  sum(slice(x, -1, 1, 2)).backward();
  CHECK(values_of(x.grad()) == Numbers{0, 1, 1, 0, 0});
}

TEST_CASE("each part of a concatenation gets its stretch of the gradient") {
  const Variable a = leaf({1, 2}, {2, 1}), b = leaf({3, 4, 5, 6}, {2, 2});
  const Variable y = concat({a, b}, -1);
  CHECK(values_of(y) == Numbers{1, 3, 4, 2, 5, 6});
  y.backward(leaf({1, 2, 3, 4, 5, 6}, {2, 3}));
  CHECK(values_of(a.grad()) == Numbers{1, 4});
  CHECK(values_of(b.grad()) == Numbers{2, 3, 5, 6});
}

TEST_CASE("a permutation and its inverse are nothing, in values and gradients") {
  const Variable x = random_leaf({2, 3, 4, 5}, 1);
  const Variable dy = random_leaf(x.shape(), 2, false);
  const Variable y = permute(permute(x, {3, 1, 0, 2}), {2, 1, 3, 0});
  CHECK(difference(y.value(), x.value()) == 0);
  y.backward(dy);
  CHECK(difference(x.grad().value(), dy.value()) == 0);
}

TEST_CASE("one extent of a new shape may be left open") {
  CHECK(reshape(random_leaf({2, 3, 4}, 1), {4, -1}).shape() == Shape{4, 6});
  CHECK(reshape(random_leaf({1}, 1), Shape{}).shape() == Shape{});
  CHECK_THROWS_AS(reshape(random_leaf({2, 3}, 1), {4, -1}), ShapeError);
}

TEST_CASE("reductions over the same axes with and without keeping them agree") {
  const Variable x = random_leaf({2, 3, 4}, 1);
  for (const auto reduce : {sum, mean, max}) {
    const Variable kept = reduce(x, {0, -1}, true), dropped = reduce(x, {-1, 0}, false);
    CHECK(kept.shape() == Shape{1, 3, 1});
    CHECK(dropped.shape() == Shape{3});
    CHECK(values_of(kept) == values_of(dropped));
  }
  CHECK(sum(x).shape() == Shape{});
}

TEST_CASE("shapes that do not fit are errors that name the op") {
  const Variable x = random_leaf({2, 3}, 1);
  CHECK(error_of([&] { pad(x, 1, 3, 0, PadMode::reflect); }) ==
        "pad: reflecting 3 and 0 entries on axis 1 of [2, 3] needs an extent above both");
  CHECK(error_of([&] { pad(x, 2, 1, 0); }) == "pad: [2, 3] has no axis 2");
  CHECK(error_of([&] { pad(x, 0, -1, 0); }) == "pad: -1 and 0 new entries on axis 0 of [2, 3]");
  CHECK(error_of([&] { slice(x, 1, 2, 2); }).find("slice: ") == 0);
  CHECK(error_of([&] { concat({x, random_leaf({2, 3, 1}, 2)}, 0); }).find("concat: ") == 0);
  CHECK(error_of([&] { sum(x, {0, 0}); }).find("sum: axis 0 of [2, 3] is listed twice") == 0);
  CHECK(error_of([&] { sum_to(x, {2}); }).find("sum_to: ") == 0);
}

}  // namespace kintsugi

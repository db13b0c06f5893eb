// Lab 1. Part 1 stands in tensor/shape.cpp, parts 2 and 3 in tensor/cpu/broadcast.cpp, part 4 in
// tensor/ops_reduce.cpp. Tensors alone: there is no automatic differentiation yet.
#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <string>
#include <vector>

#include "examples/labs/support/check.h"
#include "tensor/cpu/broadcast.h"
#include "tensor/error.h"
#include "tensor/ops.h"

using namespace kintsugi;

namespace {

using Index = std::vector<int64_t>;

/// Operands, and what they broadcast to.
struct Case {
  Shape a, b, y;
};
const std::vector<Case> kCases = {
    {{2, 3}, {2, 3}, {2, 3}},
    {{2, 3}, {3}, {2, 3}},
    {{3}, {2, 3}, {2, 3}},
    {{2, 1}, {3}, {2, 3}},
    {{2, 3, 4}, {4}, {2, 3, 4}},
    {{2, 3, 4}, {3, 1}, {2, 3, 4}},
    {{2, 1, 4}, {3, 1}, {2, 3, 4}},
    {{2, 3, 2, 2}, {2, 1, 2, 1}, {2, 3, 2, 2}},
    {{3, 1, 2, 1, 2}, {1, 2, 1, 2, 1}, {3, 2, 2, 2, 2}},
    {{}, {2, 3}, {2, 3}},
};

Index index_of(const Shape& shape, int64_t number) {
  Index index(static_cast<size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[static_cast<size_t>(axis)] = number % shape[axis];
    number /= shape[axis];
  }
  return index;
}

/// Number, row-major, of the element of `operand` that element `number` of y reads.
int64_t place_in(const Shape& operand, const Shape& y, int64_t number) {
  const Index index = index_of(y, number);
  int64_t place = 0;
  for (int axis = 0; axis < operand.rank(); ++axis) {
    const int64_t i = index[static_cast<size_t>(axis + y.rank() - operand.rank())];
    place = place * operand[axis] + (operand[axis] == 1 ? 0 : i);
  }
  return place;
}

std::string words(const Case& c) { return fmt::format("{} and {}", c.a, c.b); }

void expect_offset(const Case& c, const std::string& operand, int64_t number, int64_t got,
                   int64_t expected) {
  if (got == expected) return;
  FAIL_CHECK(words(c) << ", element " << Shape(index_of(c.y, number)).str() << " of the result: "
                      << operand << " is read at " << got << ", but must be at " << expected);
}

/// y = a + b or a·b of these shapes, by the library's kernel; needs no part 1.
Tensor combined(Binary op, const Tensor& a, const Tensor& b, const Shape& shape) {
  Tensor y = Tensor::empty(shape, a.options());
  backend(Device::cpu).binary(op, a, b, 0, y);
  return y;
}

}  // namespace

TEST_CASE("two shapes and the shape that they broadcast to") {
  for (const Case& c : kCases) {
    lab::expect_equal(words(c), broadcast_shapes("add", c.a, c.b), c.y);
    lab::expect_equal(words({c.b, c.a, c.y}), broadcast_shapes("add", c.b, c.a), c.y);
  }
}

TEST_CASE("shapes that do not broadcast are refused") {
  for (const Case& c : {Case{{2, 3}, {2}, {}}, Case{{2, 3}, {4, 3}, {}}, Case{{2}, {3}, {}}}) {
    std::string sentence = "nothing was thrown";
    try {
      broadcast_shapes("add", c.a, c.b);
    } catch (const ShapeError& error) {
      sentence = error.what();
    }
    for (const std::string& word : {std::string("add"), c.a.str(), c.b.str()})
      if (sentence.find(word) == std::string::npos)
        FAIL_CHECK(words(c) << ": a ShapeError must name " << word << "; it says: " << sentence);
  }
}

TEST_CASE("extents of 0") {
  lab::expect_equal("[0] and [1]", broadcast_shapes("add", {0}, {1}), {0});
  lab::expect_equal("[2, 0] and [1]", broadcast_shapes("add", {2, 0}, {1}), {2, 0});
  CHECK_THROWS_AS(broadcast_shapes("add", {0}, {2}), ShapeError);
}

TEST_CASE("the strides of operands") {
  for (const Case& c : kCases) {
    const cpu::BroadcastAxes axes(c.a, c.b, c.y);
    for (int64_t number = 0; number < c.y.numel(); ++number) {
      int64_t rest = number, a = 0, b = 0;
      for (int i = axes.count - 1; i >= 0; --i) {
        const auto& axis = axes.axes[static_cast<size_t>(i)];
        a += rest % axis.extent * axis.a;
        b += rest % axis.extent * axis.b;
        rest /= axis.extent;
      }
      expect_offset(c, "the first operand", number, a, place_in(c.a, c.y, number));
      expect_offset(c, "the second operand", number, b, place_in(c.b, c.y, number));
    }
  }
}

TEST_CASE("where an element of the outer axes lies") {
  for (const Case& c : kCases) {
    const cpu::BroadcastAxes axes(c.a, c.b, c.y);
    for (int64_t number = 0; number < c.y.numel(); ++number) {
      const auto at = axes.offsets(axes.count, number);
      expect_offset(c, "the first operand", number, at.a, place_in(c.a, c.y, number));
      expect_offset(c, "the second operand", number, at.b, place_in(c.b, c.y, number));
    }
  }
}

TEST_CASE("a + b for many shapes") {
  for (const Case& c : kCases) {
    const Tensor a = lab::random_tensor(c.a, 1), b = lab::random_tensor(c.b, 2);
    const std::vector<double> x = a.to_vector(), z = b.to_vector();
    std::vector<double> sums;
    for (int64_t number = 0; number < c.y.numel(); ++number)
      sums.push_back(x[static_cast<size_t>(place_in(c.a, c.y, number))] +
                     z[static_cast<size_t>(place_in(c.b, c.y, number))]);
    lab::expect_equal(words(c), combined(Binary::add, a, b, c.y),
                      Tensor::from(sums, c.y, a.options()), 1e-12);
  }
}

TEST_CASE("sums back to a shape") {
  for (const Case& c : kCases)
    for (const Shape& to : {c.a, c.b}) {
      const Tensor x = lab::random_tensor(c.y, 3);
      std::vector<double> sums(static_cast<size_t>(to.numel()), 0.0);
      for (int64_t number = 0; number < c.y.numel(); ++number)
        sums[static_cast<size_t>(place_in(to, c.y, number))] += x.data<double>()[number];
      lab::expect_equal(fmt::format("{} summed to {}", c.y, to), ops::sum_to(x, to),
                        Tensor::from(sums, to, x.options()), 1e-12);
    }
  const Tensor x = lab::random_tensor({2, 3}, 3);
  CHECK_THROWS_AS(ops::sum_to(x, {2}), ShapeError);
  CHECK_THROWS_AS(ops::sum_to(x, {2, 2, 3}), ShapeError);
}

TEST_CASE("the gradient of broadcasting is a sum") {
  // L(b) = Σ u·a·b, with b broadcast: ∂L/∂b is u·a summed to b's shape.
  constexpr double kStep = 1e-4;
  for (const Case& c : kCases) {
    const Tensor a = lab::random_tensor(c.a, 4), b = lab::random_tensor(c.b, 5);
    const Tensor u = lab::random_tensor(broadcast_shapes("multiply", c.a, c.b), 6);
    const auto loss = [&] { return ops::sum(ops::multiply(u, ops::multiply(a, b))).item(); };
    std::vector<double> slopes;
    for (int64_t i = 0; i < b.numel(); ++i) {
      double& element = b.data<double>()[i];
      const double before = element;
      element = before + kStep;
      const double above = loss();
      element = before - kStep;
      const double below = loss();
      element = before;
      slopes.push_back((above - below) / (2 * kStep));
    }
    lab::expect_equal(words(c) + ": the gradient of the second operand",
                      ops::sum_to(ops::multiply(u, a), c.b), Tensor::from(slopes, c.b, b.options()),
                      1e-8);
  }
}

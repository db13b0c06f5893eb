#include "examples/labs/support/check.h"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "tensor/ops.h"
#include "tensor/random.h"

namespace kintsugi::lab {
namespace {

using Values = std::vector<double>;

/// What both sides of a comparison hold, and how near is near enough.
struct Comparison {
  Values got, expected;
  Shape shape;
  double tolerance;

  bool near(double a, double b) const { return std::abs(a - b) <= tolerance; }
  bool same(const Values& other) const {
    return std::equal(other.begin(), other.end(), expected.begin(), expected.end(),
                      [&](double a, double b) { return near(a, b); });
  }
};

std::string index_of(const Shape& shape, size_t element) {
  std::vector<int64_t> index(static_cast<size_t>(shape.rank()));
  auto rest = static_cast<int64_t>(element);
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[static_cast<size_t>(axis)] = rest % shape[axis];
    rest /= shape[axis];
  }
  return Shape(index).str();
}

/// The one factor that leads from what is expected to what is there.
std::optional<double> common_factor(const Comparison& c) {
  double dot = 0, square = 0;
  for (size_t i = 0; i < c.got.size(); ++i) {
    dot += c.got[i] * c.expected[i];
    square += c.expected[i] * c.expected[i];
  }
  if (square == 0) return {};
  const double factor = dot / square;
  for (size_t i = 0; i < c.got.size(); ++i)
    if (!c.near(c.got[i], factor * c.expected[i])) return {};
  return factor;
}

std::string explain_factor(double factor) {
  if (std::abs(factor) < 1e-9) return "all its elements are 0: is it computed at all?";
  if (std::abs(factor + 1) < 1e-6) return "every element has the wrong sign";
  return fmt::format(
      "every element is {:.6g} times what it should be: a factor that is missing or too much, or a "
      "sum in the place of a mean (or a mean in the place of a sum)",
      factor);
}

std::optional<double> common_shift(const Comparison& c) {
  const double shift = c.got[0] - c.expected[0];
  for (size_t i = 0; i < c.got.size(); ++i)
    if (!c.near(c.got[i], c.expected[i] + shift)) return {};
  return shift;
}

/// Axes that were exchanged or walked backwards.
std::string explain_order(const Comparison& c) {
  const Tensor got = Tensor::from(c.got, c.shape, {.dtype = DType::float64});
  for (int axis = 0; axis < c.shape.rank(); ++axis) {
    if (c.same(ops::flip(got, axis).to_vector()))
      return fmt::format("its elements are right but in reversed order along axis {}", axis);
    for (int other = axis + 1; other < c.shape.rank(); ++other) {
      if (c.shape[axis] != c.shape[other]) continue;
      std::vector<int> axes(static_cast<size_t>(c.shape.rank()));
      for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int>(i);
      std::swap(axes[static_cast<size_t>(axis)], axes[static_cast<size_t>(other)]);
      if (c.same(ops::permute(got, axes).to_vector()))
        return fmt::format("axes {} and {} are exchanged (transposed)", axis, other);
      if (c.same(ops::flip(ops::flip(got, axis), other).to_vector()))
        return fmt::format("its elements are in reversed order along axes {} and {}", axis, other);
    }
  }
  return "";
}

std::string pattern_of(const Comparison& c) {
  if (c.got.size() < 2) return "";
  if (const auto factor = common_factor(c)) return explain_factor(*factor);
  if (const auto shift = common_shift(c))
    return fmt::format("every element is {:.6g} too large", *shift);
  return explain_order(c);
}

}  // namespace

std::string difference(const Tensor& got, const Tensor& expected, double tolerance) {
  if (!got.defined()) return "there is no tensor at all";
  if (got.shape() != expected.shape())
    return fmt::format("has shape {}, but must have {}", got.shape(), expected.shape());
  Comparison c{got.to_vector(), expected.to_vector(), expected.shape(), tolerance};
  double scale = 1;
  for (double value : c.expected) scale = std::max(scale, std::abs(value));
  c.tolerance *= scale;
  std::vector<size_t> wrong;
  for (size_t i = 0; i < c.got.size(); ++i)
    if (!c.near(c.got[i], c.expected[i])) wrong.push_back(i);
  if (wrong.empty()) return "";
  std::string text = fmt::format(
      "{} of {} elements are wrong, first {}: got {:.6g}, expected {:.6g}", wrong.size(),
      c.got.size(), index_of(c.shape, wrong[0]), c.got[wrong[0]], c.expected[wrong[0]]);
  const std::string pattern = pattern_of(c);
  return pattern.empty() ? text : text + "; " + pattern;
}

void fail(const std::string& what, Place place) {
  ADD_FAIL_CHECK_AT(place.file_name(), static_cast<int>(place.line()), what);
}

void expect_equal(const std::string& what, const Tensor& got, const Tensor& expected,
                  double tolerance, Place place) {
  const std::string wrong = difference(got, expected, tolerance);
  if (wrong.empty()) return;
  fail(what + ": " + wrong, place);
}

void expect_equal(const std::string& what, const Shape& got, const Shape& expected, Place place) {
  if (got == expected) return;
  fail(what + ": got shape " + got.str() + ", expected " + expected.str(), place);
}

void expect_equal(const std::string& what, double got, double expected, double tolerance,
                  Place place) {
  if (std::abs(got - expected) <= tolerance * std::max(1.0, std::abs(expected))) return;
  fail(what + fmt::format(": got {:.9g}, expected {:.9g}", got, expected), place);
}

Tensor random_tensor(const Shape& shape, uint64_t seed) {
  Generator generator{.seed = seed};
  return uniform(shape, -1, 1, generator, {.dtype = DType::float64});
}

}  // namespace kintsugi::lab

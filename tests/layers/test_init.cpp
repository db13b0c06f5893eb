#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "layers/conv2d.h"
#include "layers/init.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

struct Moments {
  double mean = 0, deviation = 0, largest = 0;
};
Moments moments(const Tensor& x) {
  std::vector<double> values = x.to_vector();
  auto n = static_cast<double>(values.size());
  Moments m;
  for (double value : values) m.mean += value / n;
  for (double value : values) {
    m.deviation += (value - m.mean) * (value - m.mean) / n;
    m.largest = std::max(m.largest, std::abs(value));
  }
  m.deviation = std::sqrt(m.deviation);
  return m;
}

const Shape kShape{100, 200};  // deviations are known to half a percent, means to 0.007 of them

/// The largest |⟨a, b⟩ − [a = b]·gain²| over the rows (or columns) of a matrix.
double distance_from_orthogonal(const Tensor& matrix, int64_t rows, int64_t columns, double gain) {
  std::vector<double> values = matrix.to_vector();
  bool wide = rows < columns;
  int64_t count = std::min(rows, columns), length = std::max(rows, columns);
  auto at = [&](int64_t vector, int64_t i) {
    return values[static_cast<size_t>(wide ? vector * columns + i : i * columns + vector)];
  };
  double worst = 0;
  for (int64_t a = 0; a < count; ++a)
    for (int64_t b = 0; b <= a; ++b) {
      double product = 0;
      for (int64_t i = 0; i < length; ++i) product += at(a, i) * at(b, i);
      worst = std::max(worst, std::abs(product - (a == b ? gain * gain : 0)));
    }
  return worst;
}

}  // namespace

TEST_CASE("first weights are spread as their papers say") {
  Generator generator{.seed = 1};
  Moments he = moments(init::he_normal(kShape, 50, generator));
  CHECK(he.deviation == doctest::Approx(std::sqrt(2.0 / 50)).epsilon(0.02));
  CHECK(std::abs(he.mean) < 0.03 * he.deviation);
  Moments normal = moments(init::gaussian(kShape, 0.02, generator));
  CHECK(normal.deviation == doctest::Approx(0.02).epsilon(0.02));

  Moments xavier = moments(init::xavier_uniform(kShape, 100, 200, generator));
  double bound = std::sqrt(6.0 / 300);
  CHECK(xavier.largest <= bound);
  CHECK(xavier.largest > 0.99 * bound);
  CHECK(xavier.deviation == doctest::Approx(bound / std::sqrt(3.0)).epsilon(0.02));

  Moments pytorch = moments(init::pytorch_default(kShape, 25, generator));
  CHECK(pytorch.largest <= 0.2);
  CHECK(pytorch.deviation == doctest::Approx(0.2 / std::sqrt(3.0)).epsilon(0.02));
  CHECK_THROWS_AS(init::he_normal(kShape, 0, generator), Error);
}

TEST_CASE("orthogonal weights are orthonormal columns, or rows where these are fewer") {
  Generator generator{.seed = 2};
  CHECK(distance_from_orthogonal(init::orthogonal({3, 3, 4, 8}, 1, generator), 36, 8, 1) < 1e-6);
  CHECK(distance_from_orthogonal(init::orthogonal({5, 12}, 2, generator), 5, 12, 2) < 1e-5);
  CHECK(distance_from_orthogonal(init::orthogonal({6, 6}, 1, generator), 6, 6, 1) < 1e-6);
  CHECK_THROWS_AS(init::orthogonal({5}, 1, generator), ShapeError);
}

TEST_CASE("convolutions begin as PyTorch's do: uniform in ±1/√fan_in, weights and biases") {
  Generator generator{.seed = 3};
  Conv2d conv({.in = 16, .out = 32, .kernel = 5}, generator);
  double bound = 1 / std::sqrt(16.0 * 25);
  CHECK(moments(conv.weight().value()).largest <= bound);
  CHECK(moments(conv.weight().value()).largest > 0.99 * bound);
  CHECK(moments(conv.bias().value()).largest <= bound);
  CHECK(moments(conv.bias().value()).largest > 0.5 * bound);
  // PyTorch reads the fan-in of a transposed convolution off the file's second axis, `out`.
  ConvTranspose2d deconv({.in = 16, .out = 32, .kernel = 4}, generator);
  CHECK(moments(deconv.weight().value()).largest <= 1 / std::sqrt(32.0 * 16));
  CHECK(moments(deconv.weight().value()).largest > 0.99 / std::sqrt(32.0 * 16));
}

TEST_CASE("the same seed gives the same first weights") {
  auto weights = [] { return Conv2d({.in = 3, .out = 4}).weight().value().to_vector(); };
  manual_seed(11);
  std::vector<double> first = weights(), second = weights();
  manual_seed(11);
  CHECK(weights() == first);
  CHECK(second != first);
}

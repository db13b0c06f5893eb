#include <doctest/doctest.h>

#include <algorithm>

#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

constexpr double kEps = 1e-5;

/// Groups, rows and columns that meet every way of cutting the work: few columns and many, more
/// than one piece, rests.
const Shape kShapes[] = {{1, 1, 1},     {1, 5, 3},      {2, 7, 4},     {1, 40000, 3},
                         {3, 3000, 32}, {1, 1037, 100}, {1, 300, 512}, {2, 50, 1500},
                         {16, 64, 33},  {1, 20000, 1}};

struct Naive {
  std::vector<double> mean, variance, rstd;
};

Naive statistics(const Tensor& x) {
  const int64_t groups = x.size(0), rows = x.size(1), columns = x.size(2);
  const std::vector<double> values = x.to_vector();
  Naive result;
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t c = 0; c < columns; ++c) {
      double mean = 0, variance = 0;
      const auto value = [&](int64_t r) {
        return values[static_cast<size_t>((g * rows + r) * columns + c)];
      };
      for (int64_t r = 0; r < rows; ++r) mean += value(r) / static_cast<double>(rows);
      for (int64_t r = 0; r < rows; ++r)
        variance += (value(r) - mean) * (value(r) - mean) / static_cast<double>(rows);
      result.mean.push_back(mean);
      result.variance.push_back(variance);
      result.rstd.push_back(1 / std::sqrt(variance + kEps));
    }
  return result;
}

/// What the formulas of tensor/backend.h say, made of broadcasting operations in float64.
struct Formulas {
  Tensor x, dy, gamma, mean, rstd, x_hat, mask;

  Formulas(const Tensor& x_, const Tensor& dy_, const ops::NormStatistics& s, const Tensor& gamma_,
           const Tensor& y)
      : x(x_.to(DType::float64)), gamma(gamma_.to(DType::float64)) {
    const Shape columns{x.size(0), 1, x.size(2)};
    mean = s.mean.to(DType::float64).reshape(columns);
    rstd = s.rstd.to(DType::float64).reshape(columns);
    x_hat = ops::multiply(ops::subtract(x, mean), rstd);
    dy = dy_.to(DType::float64);
    if (y.defined()) dy = ops::relu_grad(dy, y.to(DType::float64));
  }
  Tensor sums() const {
    const Shape half{1, x.size(0), x.size(2)};
    return ops::concat(
        {ops::sum(dy, {1}).reshape(half), ops::sum(ops::multiply(dy, x_hat), {1}).reshape(half)},
        0);
  }
  Tensor grad_input(const Tensor& sums) const {
    const Shape columns{x.size(0), 1, x.size(2)};
    const Tensor wide = sums.to(DType::float64);
    const Tensor plain = ops::slice(wide, 0, 0, 1).reshape(columns);
    const Tensor weighted = ops::slice(wide, 0, 1, 1).reshape(columns);
    const Tensor part = ops::affine(ops::add(plain, ops::multiply(x_hat, weighted)),
                                    1 / static_cast<double>(x.size(1)), 0);
    return ops::multiply(ops::multiply(gamma, rstd), ops::subtract(dy, part));
  }
};

}  // namespace

TEST_CASE("statistics are those of plain loops in float64") {
  for (DType dtype : kDTypes)
    for (const Shape& shape : kShapes) {
      CAPTURE(shape.str());
      const Tensor x = random(shape, dtype, 1);
      const ops::NormStatistics got = ops::norm_statistics(x, kEps);
      const Naive expected = statistics(x);
      CHECK(got.mean.shape() == Shape{shape[0], shape[2]});
      CHECK(difference(got.mean, expected.mean) <= tolerance(dtype));
      CHECK(difference(got.variance, expected.variance) <= tolerance(dtype));
      CHECK(difference(got.rstd, expected.rstd) <= 3 * tolerance(dtype));
    }
}

TEST_CASE("float32 statistics of many rows far from zero keep their digits") {
  for (int64_t columns : {3, 4, 32, 64}) {
    const Tensor x = random({1, 200000, columns}, DType::float32, 1, 100, 101);
    const ops::NormStatistics got = ops::norm_statistics(x, kEps);
    const Naive expected = statistics(x);
    const std::vector<double> variance = got.variance.to_vector(), mean = got.mean.to_vector();
    for (size_t c = 0; c < variance.size(); ++c) {
      CHECK(std::abs(mean[c] / expected.mean[c] - 1) < 2e-7);
      CHECK(std::abs(variance[c] / expected.variance[c] - 1) < 2e-6);
    }
  }
}

TEST_CASE("the variance of a constant is zero, whatever the constant") {
  for (double value : {0.0, 0.1, -12345.678, 1e20}) {
    const ops::NormStatistics got =
        ops::norm_statistics(Tensor::full({1, 30000, 3}, value, {.device = test_device()}), kEps);
    CHECK(ops::max(got.variance).item() == 0);
    CHECK(got.mean.to_vector()[0] == static_cast<float>(value));
  }
}

TEST_CASE("norm_apply normalises, scales and shifts, and cuts below zero where asked") {
  for (DType dtype : kDTypes)
    for (const Shape& shape : kShapes) {
      CAPTURE(shape.str());
      const Tensor x = random(shape, dtype, 1), gamma = random({shape[2]}, dtype, 2);
      const Tensor beta = random({shape[2]}, dtype, 3);
      const ops::NormStatistics s = ops::norm_statistics(x, kEps);
      const Formulas formulas(x, x, s, gamma, {});
      const Tensor expected =
          ops::add(ops::multiply(formulas.x_hat, formulas.gamma), beta.to(DType::float64));
      CHECK(difference(ops::norm_apply(x, s, gamma, beta, false), expected.to_vector()) <=
            5 * tolerance(dtype));
      CHECK(difference(ops::norm_apply(x, s, gamma, beta, true), ops::relu(expected).to_vector()) <=
            5 * tolerance(dtype));
    }
}

TEST_CASE("the gradients of normalisation are their formulas, with and without the fused ReLU") {
  for (DType dtype : kDTypes)
    for (const Shape& shape : kShapes)
      for (bool fused : {false, true}) {
        CAPTURE(shape.str());
        CAPTURE(fused);
        const Tensor x = random(shape, dtype, 1), gamma = random({shape[2]}, dtype, 2);
        const Tensor dy = random(shape, dtype, 4);
        const Tensor y = fused ? random_integers(shape, dtype, 5) : Tensor();
        const ops::NormStatistics s = ops::norm_statistics(x, kEps);
        const Formulas formulas(x, dy, s, gamma, y);
        const Tensor sums = ops::norm_grad_sums(dy, x, s, y);
        CHECK(sums.shape() == Shape{2, shape[0], shape[2]});
        const double scale = std::sqrt(static_cast<double>(shape[1])) * 10;
        CHECK(difference(ops::affine(sums.to(DType::float64), 1 / scale, 0),
                         ops::affine(formulas.sums(), 1 / scale, 0).to_vector()) <=
              tolerance(dtype) * 2);
        const Tensor dx = ops::norm_grad_input(dy, x, s, gamma, sums, y);
        const std::vector<double> expected = formulas.grad_input(sums).to_vector();
        const double largest =
            std::abs(*std::max_element(expected.begin(), expected.end(), [](double a, double b) {
              return std::abs(a) < std::abs(b);
            }));
        CHECK(difference(dx, expected) <= 5 * tolerance(dtype) * std::max(1.0, largest));
      }
}

TEST_CASE("normalisation says what does not fit") {
  const Tensor x = Tensor::zeros({1, 4, 3});
  const ops::NormStatistics s = ops::norm_statistics(x, kEps);
  const Tensor three = Tensor::zeros({3}), two = Tensor::zeros({2});
  CHECK(sentence_of<ShapeError>([&] { ops::norm_apply(x, s, two, three, false); }) ==
        "norm_apply: gamma has shape [2], but must have [3]");
  CHECK(sentence_of<ShapeError>([] {
          ops::norm_statistics(Tensor::zeros({1, 0, 3}), 0);
        }) == "norm_statistics: [1, 0, 3] has no rows to take a mean of");
  CHECK_THROWS_AS(ops::norm_statistics(Tensor::zeros({4, 3}), 0), ShapeError);
  CHECK_THROWS_AS(ops::norm_grad_sums(Tensor::zeros({1, 5, 3}), x, s, {}), ShapeError);
}

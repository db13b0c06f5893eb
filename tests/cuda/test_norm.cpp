#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tensor/ops.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

constexpr double kEps = 1e-5;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// [G, M, C] that meet every way of cutting the work: few columns and many, whole packs of 16 bytes
/// and not, rows in one part and in several, nothing at all.
const Shape kShapes[] = {{1, 1, 1},    {1, 5, 3},      {2, 7, 4},    {1, 9001, 3},
                         {3, 500, 32}, {1, 1037, 100}, {2, 50, 260}, {9, 64, 33},
                         {1, 8000, 1}, {4, 300, 2},    {0, 4, 8},    {2, 4, 0}};

double tolerance(DType dtype) { return dtype == DType::float32 ? 1e-5 : 1e-12; }

ops::NormStatistics on_cuda(const ops::NormStatistics& s) {
  return {on_cuda(s.mean), on_cuda(s.variance), on_cuda(s.rstd)};
}

void check_statistics(const Tensor& x) {
  const ops::NormStatistics wanted = ops::norm_statistics(x, kEps);
  const ops::NormStatistics got = ops::norm_statistics(on_cuda(x), kEps);
  check_close(got.mean, wanted.mean, tolerance(x.dtype()));
  check_close(got.variance, wanted.variance, tolerance(x.dtype()));
  check_close(got.rstd, wanted.rstd, tolerance(x.dtype()));
}

/// Everything that the functions of the family take, on the CPU.
struct Arguments {
  Tensor x, dy, gamma, beta;
  ops::NormStatistics statistics;

  Arguments(const Shape& shape, DType dtype)
      : x(random_tensor(shape, dtype, 1)),
        dy(random_tensor(shape, dtype, 2)),
        gamma(random_tensor({shape[2]}, dtype, 3)),
        beta(random_tensor({shape[2]}, dtype, 4)),
        statistics(ops::norm_statistics(x, kEps)) {}
};

template <class Body>
void for_each_case(Body body) {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : kShapes) body(Arguments(shape, dtype));
}

}  // namespace

TEST_CASE("cuda: mean, variance and rstd are the CPU's") {
  for (DType dtype : {DType::float32, DType::float64})
    for (const Shape& shape : kShapes)  // means near 1: near 0 they are but what cancels
      check_statistics(ops::affine(random_tensor(shape, dtype, 1), 1, 1));
}

TEST_CASE("cuda: the variance keeps its digits where the mean is far from 0") {
  for (const Shape& shape : {Shape{1, 5000, 3}, Shape{2, 700, 40}, Shape{1, 9000, 1}}) {
    check_statistics(ops::affine(random_tensor(shape, DType::float32, 1), 1, 1000));
    check_statistics(ops::affine(random_tensor(shape, DType::float64, 1), 1, 10000));
  }
}

TEST_CASE("cuda: a first number far from all others does no harm to the variance") {
  for (DType dtype : {DType::float32, DType::float64}) {
    const Tensor outlier = Tensor::full({1, 1, 5}, 1000, {.dtype = dtype});
    check_statistics(ops::concat({outlier, random_tensor({1, 4000, 5}, dtype, 1)}, 1));
  }
}

TEST_CASE("cuda: equal numbers have the variance 0, and a NaN stays in its column") {
  const Tensor same = Tensor::full({1, 3000, 4}, 0.1);
  for (double v : ops::norm_statistics(on_cuda(same), kEps).variance.to_vector()) CHECK(v == 0);
  std::vector<double> values(3000 * 4, 1);
  values[5] = kNaN;  // row 1, column 1
  check_statistics(Tensor::from(values, {1, 3000, 4}));
}

TEST_CASE("cuda: normalised maps, with ReLU and without, are the CPU's") {
  for_each_case([](const Arguments& a) {
    for (bool relu : {false, true})
      check_close(ops::norm_apply(on_cuda(a.x), on_cuda(a.statistics), on_cuda(a.gamma),
                                  on_cuda(a.beta), relu),
                  ops::norm_apply(a.x, a.statistics, a.gamma, a.beta, relu));
  });
}

TEST_CASE("cuda: the fused ReLU lets a NaN through") {
  Arguments a({1, 6, 4}, DType::float32);
  std::vector<double> values = a.x.to_vector();
  values[9] = kNaN;
  const Tensor y = ops::norm_apply(on_cuda(Tensor::from(values, a.x.shape())),
                                   on_cuda(a.statistics), on_cuda(a.gamma), on_cuda(a.beta), true);
  CHECK(std::isnan(y.to_vector()[9]));
}

TEST_CASE("cuda: the sums of normalisation's gradient are the CPU's, masked by a ReLU or not") {
  for_each_case([](const Arguments& a) {
    const Tensor relu = ops::norm_apply(a.x, a.statistics, a.gamma, a.beta, true);
    const Tensor dy = on_cuda(a.dy), x = on_cuda(a.x);
    check_close(ops::norm_grad_sums(dy, x, on_cuda(a.statistics), {}),
                ops::norm_grad_sums(a.dy, a.x, a.statistics, {}), tolerance(a.x.dtype()));
    check_close(ops::norm_grad_sums(dy, x, on_cuda(a.statistics), on_cuda(relu)),
                ops::norm_grad_sums(a.dy, a.x, a.statistics, relu), tolerance(a.x.dtype()));
  });
}

TEST_CASE("cuda: normalisation's gradient is the CPU's, masked by a ReLU or not") {
  for_each_case([](const Arguments& a) {
    const Tensor relu = ops::norm_apply(a.x, a.statistics, a.gamma, a.beta, true);
    const Tensor dy = on_cuda(a.dy), x = on_cuda(a.x);
    const Tensor gamma = on_cuda(a.gamma);
    for (const Tensor& y : {Tensor{}, relu}) {
      const Tensor sums = ops::norm_grad_sums(a.dy, a.x, a.statistics, y);
      check_close(ops::norm_grad_input(dy, x, on_cuda(a.statistics), gamma, on_cuda(sums),
                                       y.defined() ? on_cuda(y) : y),
                  ops::norm_grad_input(a.dy, a.x, a.statistics, a.gamma, sums, y));
    }
  });
}

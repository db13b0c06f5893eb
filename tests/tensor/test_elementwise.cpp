#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "tensor/error.h"
#include "tests/tensor/naive.h"

using namespace kintsugi;
using namespace kintsugi::naive;

namespace {

struct UnaryCase {
  const char* name;
  Tensor (*op)(const Tensor&);
  double (*formula)(double);
  double low = -3, high = 3;
};

const UnaryCase kUnary[] = {
    {"negate", ops::negate, [](double x) { return -x; }},
    {"exp", ops::exp, [](double x) { return std::exp(x); }},
    {"log", ops::log, [](double x) { return std::log(x); }, 0.01, 50},
    {"sqrt", ops::sqrt, [](double x) { return std::sqrt(x); }, 0, 50},
    {"square", ops::square, [](double x) { return x * x; }},
    {"reciprocal", ops::reciprocal, [](double x) { return 1 / x; }, 0.1, 5},
    {"abs", ops::abs, [](double x) { return std::abs(x); }},
    {"sign", ops::sign, [](double x) { return x > 0   ? 1.0
                                              : x < 0 ? -1.0
                                                      : 0.0; }},
    {"tanh", ops::tanh, [](double x) { return std::tanh(x); }, -12, 12},
    {"sigmoid", ops::sigmoid, [](double x) { return 1 / (1 + std::exp(-x)); }, -30, 30},
    {"softplus", ops::softplus, [](double x) { return std::log1p(std::exp(x)); }, -30, 30},
    {"relu", ops::relu, [](double x) { return std::max(x, 0.0); }},
    {"leaky_relu", [](const Tensor& x) { return ops::leaky_relu(x, 0.2); },
     [](double x) { return x > 0 ? x : 0.2 * x; }},
    {"clamp", [](const Tensor& x) { return ops::clamp(x, -1, 0.5); },
     [](double x) { return std::clamp(x, -1.0, 0.5); }},
    {"in_range", [](const Tensor& x) { return ops::in_range(x, -1, 2); },
     [](double x) { return -1 < x && x < 2 ? 1.0 : 0.0; }},
    {"affine", [](const Tensor& x) { return ops::affine(x, -1.5, 0.25); },
     [](double x) { return -1.5 * x + 0.25; }},
};

struct BinaryCase {
  const char* name;
  Tensor (*op)(const Tensor&, const Tensor&);
  double (*formula)(double, double);
};

const BinaryCase kBinary[] = {
    {"add", ops::add, [](double a, double b) { return a + b; }},
    {"subtract", ops::subtract, [](double a, double b) { return a - b; }},
    {"multiply", ops::multiply, [](double a, double b) { return a * b; }},
    {"divide", ops::divide, [](double a, double b) { return a / b; }},
    {"maximum", ops::maximum, [](double a, double b) { return std::max(a, b); }},
    {"minimum", ops::minimum, [](double a, double b) { return std::min(a, b); }},
    {"equal", ops::equal, [](double a, double b) { return a == b ? 1.0 : 0.0; }},
    {"greater", ops::greater, [](double a, double b) { return a > b ? 1.0 : 0.0; }},
    {"relu_grad", ops::relu_grad, [](double dy, double y) { return y > 0 ? dy : 0.0; }},
    {"leaky_relu_grad",
     [](const Tensor& dy, const Tensor& y) { return ops::leaky_relu_grad(dy, y, 0.5); },
     [](double dy, double y) { return y > 0 ? dy : 0.5 * dy; }},
};

/// Two shapes that broadcast, of random rank and extents; some axes of 1, some missing.
std::pair<Shape, Shape> broadcasting_shapes() {
  std::vector<int64_t> a, b;
  const int rank = *rc::gen::inRange(0, 5);
  for (int axis = 0; axis < rank; ++axis) {
    const int64_t extent = *rc::gen::element<int64_t>(0, 1, 2, 3, 4, 5, 17, 40);
    const int role = *rc::gen::inRange(0, 4);
    a.push_back(role == 1 ? 1 : extent);
    b.push_back(role == 2 ? 1 : extent);
  }
  const int missing = *rc::gen::inRange(0, rank + 1);
  std::vector<int64_t>& shorter = *rc::gen::arbitrary<bool>() ? a : b;
  shorter.erase(shorter.begin(), shorter.begin() + missing);
  return {Shape(a), Shape(b)};
}

std::vector<double> apply(const Tensor& a, const Tensor& b, const Shape& shape,
                          double (*formula)(double, double)) {
  const std::vector<double> u = a.to_vector(), v = b.to_vector();
  std::vector<double> y;
  for (int64_t i = 0; i < shape.numel(); ++i) {
    const Index index = index_of(shape, i);
    y.push_back(formula(u[position(a.shape(), index)], v[position(b.shape(), index)]));
  }
  return y;
}

}  // namespace

TEST_CASE("every function of one tensor is its formula, element by element") {
  for (DType dtype : kDTypes)
    for (const UnaryCase& test : kUnary)
      for (int64_t size : {0, 1, 7, 16, 1000, 70001}) {
        CAPTURE(test.name);
        CAPTURE(size);
        const Tensor x = random({size}, dtype, 5, test.low, test.high);
        std::vector<double> expected;
        for (double value : x.to_vector()) expected.push_back(test.formula(value));
        CHECK(difference(test.op(x), expected) <= tolerance(dtype));
      }
}

TEST_CASE("every function of two tensors is its formula, for all shapes that broadcast") {
  for (DType dtype : kDTypes)
    CHECK(rc::check([dtype] {
      const auto [shape_a, shape_b] = broadcasting_shapes();
      const auto seed = *rc::gen::arbitrary<uint64_t>();
      const Tensor a = random_integers(shape_a, dtype, seed);
      const Tensor b = random_integers(shape_b, dtype, seed + 1);
      const Shape shape = broadcast_shapes("test", shape_a, shape_b);
      for (const BinaryCase& test : kBinary) {
        const Tensor y = test.op(a, b);
        RC_ASSERT(y.shape() == shape);
        RC_ASSERT(difference(y, apply(a, b, shape, test.formula)) <= tolerance(dtype));
      }
    }));
}

TEST_CASE("large operands of the shapes that networks use broadcast right") {
  const std::pair<Shape, Shape> shapes[] = {
      {{8, 32, 32, 64}, {64}},          {{64}, {8, 32, 32, 64}},
      {{4, 64, 64, 3}, {4, 64, 64, 1}}, {{4, 64, 64, 3}, {3}},
      {{4, 64, 64, 3}, {4, 1, 1, 3}},   {{2, 100000}, {2, 1}},
      {{3, 1, 70000}, {1, 2, 70000}},   {{300000}, {}}};
  for (const auto& [shape_a, shape_b] : shapes) {
    CAPTURE(shape_a.str());
    CAPTURE(shape_b.str());
    const Tensor a = random(shape_a, DType::float32, 1), b = random(shape_b, DType::float32, 2);
    const Shape shape = broadcast_shapes("test", shape_a, shape_b);
    const auto formula = [](double u, double v) { return u - v; };
    CHECK(difference(ops::subtract(a, b), apply(a, b, shape, formula)) <= 2e-6);
  }
}

TEST_CASE("where takes the first where the condition is not zero, with broadcasting") {
  for (DType dtype : kDTypes) {
    const TensorOptions options{.dtype = dtype, .device = test_device()};
    const Tensor condition = Tensor::from({1, 0, -2}, {3, 1}, options);
    const Tensor a = Tensor::from({10, 20}, {2}, options), b = Tensor::scalar(5, options);
    const Tensor y = ops::where(condition, a, b);
    CHECK(y.shape() == Shape{3, 2});
    CHECK(y.to_vector() == std::vector<double>{10, 20, 5, 5, 10, 20});
  }
}

TEST_CASE("exp, log, sigmoid, softplus and tanh neither overflow nor lose the limits") {
  const double inf = INFINITY;
  for (DType dtype : kDTypes) {
    const TensorOptions options{.dtype = dtype, .device = test_device()};
    const Tensor x = Tensor::from({-inf, -2000, 0, 2000, inf}, {5}, options);
    CHECK(ops::exp(x).to_vector() == std::vector<double>{0, 0, 1, inf, inf});
    CHECK(ops::sigmoid(x).to_vector() == std::vector<double>{0, 0, 0.5, 1, 1});
    CHECK(ops::tanh(x).to_vector() == std::vector<double>{-1, -1, 0, 1, 1});
    const std::vector<double> softplus = ops::softplus(x).to_vector();
    CHECK(softplus[0] == 0);
    CHECK(softplus[1] == 0);
    CHECK(softplus[2] == doctest::Approx(std::log(2)).epsilon(1e-6));
    CHECK(softplus[3] == 2000);
    CHECK(softplus[4] == inf);
    CHECK(ops::log(Tensor::from({0, 1, inf}, {3}, options)).to_vector() ==
          std::vector<double>{-inf, 0, inf});
    const double tiny = ops::softplus(Tensor::scalar(-50, options)).item();
    CHECK(tiny == doctest::Approx(std::exp(-50)).epsilon(1e-5));
  }
}

TEST_CASE("a NaN comes through every function that passes values on") {
  for (DType dtype : kDTypes) {
    const TensorOptions options{.dtype = dtype, .device = test_device()};
    const Tensor nan = Tensor::full({20}, NAN, options), one = Tensor::full({20}, 1, options);
    for (const UnaryCase& test : kUnary) {
      CAPTURE(test.name);
      if (std::string(test.name) != "in_range") CHECK(std::isnan(test.op(nan).to_vector().back()));
    }
    for (auto* op : {ops::add, ops::multiply, ops::maximum, ops::minimum}) {
      CHECK(std::isnan(op(nan, one).to_vector().back()));
      CHECK(std::isnan(op(one, nan).to_vector().back()));
    }
  }
}

TEST_CASE("an element's value does not depend on where it stands") {
  const Tensor x = random({1003}, DType::float32, 9, -5, 5);
  for (const UnaryCase& test : kUnary) {
    CAPTURE(test.name);
    const Tensor whole = test.op(x);
    const Tensor part = test.op(ops::slice(x, 0, 5, 990));
    CHECK(same_bits(ops::slice(whole, 0, 5, 990), part));
  }
}

TEST_CASE("clamp refuses bounds the wrong way round") {
  CHECK(sentence_of<Error>([] { ops::clamp(Tensor::zeros({1}), 2, 1); }) ==
        "clamp: the lower bound 2 is above the upper bound 1");
}

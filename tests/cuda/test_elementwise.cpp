#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "tensor/ops.h"
#include "tensor/random.h"
#include "tests/cuda/compare.h"

using namespace kintsugi;

namespace {

constexpr DType kDTypes[] = {DType::float32, DType::float64};
constexpr int64_t kSizes[] = {0, 1, 3, 4, 5, 257, 5003};  // whole packs, tails, nothing

struct UnaryCase {
  const char* name;
  std::function<Tensor(const Tensor&)> op;
  double low = -3, high = 3;
};

const std::vector<UnaryCase> kUnary = {
    {"negate", ops::negate},
    {"exp", ops::exp},
    {"log", ops::log, 0.01, 50},
    {"sqrt", ops::sqrt, 0, 50},
    {"square", ops::square},
    {"reciprocal", ops::reciprocal, 0.1, 5},
    {"abs", ops::abs},
    {"sign", ops::sign},
    {"tanh", ops::tanh},
    {"sigmoid", ops::sigmoid, -30, 30},
    {"softplus", ops::softplus, -30, 30},
    {"relu", ops::relu},
    {"leaky_relu", [](const Tensor& x) { return ops::leaky_relu(x, 0.2); }},
    {"clamp", [](const Tensor& x) { return ops::clamp(x, -1, 0.5); }},
    {"in_range", [](const Tensor& x) { return ops::in_range(x, -1, 2); }},
    {"affine", [](const Tensor& x) { return ops::affine(x, -1.5, 0.25); }},
};

struct BinaryCase {
  const char* name;
  std::function<Tensor(const Tensor&, const Tensor&)> op;
};

const std::vector<BinaryCase> kBinary = {
    {"add", ops::add},
    {"subtract", ops::subtract},
    {"multiply", ops::multiply},
    {"divide", ops::divide},
    {"maximum", ops::maximum},
    {"minimum", ops::minimum},
    {"equal", ops::equal},
    {"greater", ops::greater},
    {"relu_grad", ops::relu_grad},
    {"leaky_relu_grad",
     [](const Tensor& dy, const Tensor& y) { return ops::leaky_relu_grad(dy, y, 0.5); }},
};

Tensor random_between(const Shape& shape, DType dtype, double low, double high) {
  Generator generator{.seed = 11};
  return uniform(shape, low, high, generator, {.dtype = dtype});
}

/// Few different numbers, so that equal ones meet.
Tensor random_halves(const Shape& shape, DType dtype, uint64_t seed) {
  std::vector<double> values;
  Generator generator{.seed = seed};
  for (int64_t i = 0; i < shape.numel(); ++i)
    values.push_back(static_cast<double>(generator.integer(-3, 3)) + 0.5);
  return Tensor::from(values, shape, {.dtype = dtype});
}

/// a − b on both devices: the one operation for which operands exchanged give another result.
void check_broadcast(const Shape& shape_a, const Shape& shape_b, DType dtype) {
  CAPTURE(shape_a.str());
  CAPTURE(shape_b.str());
  const Tensor a = random_tensor(shape_a, dtype, 1), b = random_tensor(shape_b, dtype, 2);
  check_same(ops::subtract(on_cuda(a), on_cuda(b)), ops::subtract(a, b));
}

Shape random_shape(Generator& generator) {
  std::vector<int64_t> extents(static_cast<size_t>(generator.integer(0, 5)));
  for (int64_t& extent : extents)
    extent = std::vector<int64_t>{1, 2, 3, 4, 5, 8}[static_cast<size_t>(generator.integer(0, 5))];
  return Shape(extents);
}

/// `shape` with some axes of extent 1 and some of the first ones left out.
Shape repeated_part(const Shape& shape, Generator& generator) {
  const auto missing = static_cast<size_t>(generator.integer(0, shape.rank()));
  std::vector<int64_t> extents(shape.begin() + missing, shape.end());
  for (int64_t& extent : extents)
    if (generator.integer(0, 1) == 0) extent = 1;
  return Shape(extents);
}

}  // namespace

TEST_CASE("every function of one tensor gives the CPU's numbers, whatever the size") {
  for (DType dtype : kDTypes)
    for (const UnaryCase& test : kUnary)
      for (int64_t size : kSizes) {
        CAPTURE(test.name);
        CAPTURE(size);
        const Tensor x = random_between({size}, dtype, test.low, test.high);
        check_close(test.op(on_cuda(x)), test.op(x), dtype == DType::float32 ? 1e-6 : 1e-15);
      }
}

TEST_CASE("every function of two tensors gives the CPU's numbers, with and without broadcasting") {
  const std::pair<Shape, Shape> shapes[] = {
      {{1031}, {1031}}, {{7, 12}, {12}}, {{7, 5}, {7, 1}}, {{}, {9}}};
  for (DType dtype : kDTypes)
    for (const BinaryCase& test : kBinary)
      for (const auto& [shape_a, shape_b] : shapes) {
        CAPTURE(test.name);
        CAPTURE(shape_b.str());
        const Tensor a = random_halves(shape_a, dtype, 1), b = random_halves(shape_b, dtype, 2);
        check_close(test.op(on_cuda(a), on_cuda(b)), test.op(a, b),
                    dtype == DType::float32 ? 1e-7 : 1e-15);
      }
}

TEST_CASE("the shapes that networks use broadcast right") {
  const std::pair<Shape, Shape> shapes[] = {{{2, 8, 8, 16}, {16}},
                                            {{16}, {2, 8, 8, 16}},
                                            {{4, 9, 9, 3}, {3}},
                                            {{4, 9, 9, 3}, {4, 9, 9, 1}},
                                            {{4, 5, 5, 8}, {4, 1, 1, 8}},
                                            {{4, 5, 5, 8}, {4, 5, 5, 1}},
                                            {{3001}, {}},
                                            {{}, {3000}},
                                            {{3, 1, 700}, {1, 2, 700}},
                                            {{2, 3, 4, 5, 6, 7}, {1, 3, 1, 5, 1, 7}}};
  for (DType dtype : kDTypes)
    for (const auto& [shape_a, shape_b] : shapes) check_broadcast(shape_a, shape_b, dtype);
}

TEST_CASE("random shapes broadcast right, either operand repeated, empty ones included") {
  Generator generator{.seed = 3};
  for (int round = 0; round < 100; ++round) {
    const Shape shape = random_shape(generator), part = repeated_part(shape, generator);
    const DType dtype = kDTypes[generator.integer(0, 1)];
    check_broadcast(shape, part, dtype);
    check_broadcast(part, shape, dtype);
  }
  check_broadcast({0, 4}, {4}, DType::float32);
  check_broadcast({3, 0}, {3, 1}, DType::float64);
  check_broadcast({0}, {}, DType::float32);
}

TEST_CASE("where chooses as on the CPU, with broadcasting") {
  for (DType dtype : kDTypes)
    for (int64_t size : kSizes) {
      CAPTURE(size);
      const Tensor mask = ops::sign(ops::relu(random_tensor({size}, dtype, 1)));
      const Tensor a = random_tensor({size}, dtype, 2), b = random_tensor({1}, dtype, 3);
      check_same(ops::where(on_cuda(mask), on_cuda(a), on_cuda(b)), ops::where(mask, a, b));
    }
}

TEST_CASE("infinities, huge numbers and NaNs come through as on the CPU") {
  for (DType dtype : kDTypes) {
    const double inf = INFINITY;
    const Tensor x = Tensor::from({-inf, -2000, -50, -0.0, 0, 50, 2000, inf, NAN}, {9}, {dtype});
    for (const UnaryCase& test : kUnary) {
      CAPTURE(test.name);
      const std::vector<double> got = test.op(on_cuda(x)).to_vector(),
                                wanted = test.op(x).to_vector();
      for (size_t i = 0; i < got.size(); ++i) {
        CAPTURE(i);
        if (std::isfinite(wanted[i]))
          CHECK(got[i] == doctest::Approx(wanted[i]).epsilon(1e-6));
        else
          CHECK((got[i] == wanted[i] || (std::isnan(got[i]) && std::isnan(wanted[i]))));
      }
    }
    const Tensor one = Tensor::full({9}, 1, {dtype});
    for (auto* op : {ops::maximum, ops::minimum, ops::add}) {
      CHECK(std::isnan(op(on_cuda(x), on_cuda(one)).to_vector().back()));
      CHECK(std::isnan(op(on_cuda(one), on_cuda(x)).to_vector().back()));
    }
  }
}

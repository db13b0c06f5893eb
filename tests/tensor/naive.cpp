#include "tests/tensor/naive.h"

#include <cstring>

namespace kintsugi::naive {

double tolerance(DType dtype) { return dtype == DType::float32 ? 2e-6 : 1e-13; }

Tensor random(const Shape& shape, DType dtype, uint64_t seed, double low, double high) {
  Generator generator{.seed = seed};
  return uniform(shape, low, high, generator, {.dtype = dtype, .device = test_device()});
}

Tensor random_integers(const Shape& shape, DType dtype, uint64_t seed, int64_t low, int64_t high) {
  Generator generator{.seed = seed};
  std::vector<double> values;
  for (int64_t i = 0; i < shape.numel(); ++i)
    values.push_back(static_cast<double>(generator.integer(low, high)));
  return Tensor::from(values, shape, {.dtype = dtype, .device = test_device()});
}

Index index_of(const Shape& shape, int64_t number) {
  Index index(static_cast<size_t>(shape.rank()));
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    index[static_cast<size_t>(axis)] = number % shape[axis];
    number /= shape[axis];
  }
  return index;
}

size_t position(const Shape& shape, const Index& index) {
  const size_t extra = index.size() - static_cast<size_t>(shape.rank());
  int64_t number = 0;
  for (int axis = 0; axis < shape.rank(); ++axis)
    number =
        number * shape[axis] + (shape[axis] == 1 ? 0 : index[static_cast<size_t>(axis) + extra]);
  return static_cast<size_t>(number);
}

double difference(const std::vector<double>& got, const std::vector<double>& expected) {
  if (got.size() != expected.size()) return INFINITY;
  double largest = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    if (got[i] == expected[i] || (std::isnan(got[i]) && std::isnan(expected[i]))) continue;
    const double distance = std::abs(got[i] - expected[i]) / std::max(1.0, std::abs(expected[i]));
    largest = std::isnan(distance) ? INFINITY : std::max(largest, distance);
  }
  return largest;
}

double difference(const Tensor& got, const std::vector<double>& expected) {
  return difference(got.to_vector(), expected);
}

double dot(const Tensor& a, const Tensor& b) {
  const std::vector<double> u = a.to_vector(), v = b.to_vector();
  double sum = 0;
  for (size_t i = 0; i < u.size(); ++i) sum += u[i] * v[i];
  return sum;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  const Tensor x = a.to(Device::cpu), y = b.to(Device::cpu);
  return x.shape() == y.shape() && x.dtype() == y.dtype() &&
         std::memcmp(x.raw(), y.raw(), x.bytes()) == 0;
}

}  // namespace kintsugi::naive

#include "layers/init.h"

#include <cmath>
#include <vector>

#include "tensor/error.h"

namespace kintsugi {

Generator& default_generator() {
  static Generator generator;
  return generator;
}

void manual_seed(uint64_t seed) { default_generator() = {.seed = seed}; }

namespace init {

namespace {

double root_over(double numerator, int64_t fan) {
  check(fan > 0, "init: a unit has {} inputs or outputs; there must be 1 or more", fan);
  return std::sqrt(numerator / static_cast<double>(fan));
}

Tensor symmetric_uniform(const Shape& shape, double bound, Generator& generator) {
  return uniform(shape, -bound, bound, generator);
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// Gram-Schmidt, twice: once leaves what rounding of the first subtraction brought in.
void orthonormalise(std::vector<std::vector<double>>& vectors) {
  for (size_t i = 0; i < vectors.size(); ++i) {
    for (int pass = 0; pass < 2; ++pass)
      for (size_t j = 0; j < i; ++j) {
        double part = dot(vectors[i], vectors[j]);
        for (size_t k = 0; k < vectors[i].size(); ++k) vectors[i][k] -= part * vectors[j][k];
      }
    double length = std::sqrt(dot(vectors[i], vectors[i]));
    for (double& element : vectors[i]) element /= length;
  }
}

}  // namespace

Tensor he_normal(const Shape& shape, int64_t fan_in, Generator& generator) {
  return gaussian(shape, root_over(2, fan_in), generator);
}

Tensor xavier_uniform(const Shape& shape, int64_t fan_in, int64_t fan_out, Generator& generator) {
  return symmetric_uniform(shape, root_over(6, fan_in + fan_out), generator);
}

Tensor pytorch_default(const Shape& shape, int64_t fan_in, Generator& generator) {
  return symmetric_uniform(shape, root_over(1, fan_in), generator);
}

Tensor gaussian(const Shape& shape, double deviation, Generator& generator) {
  return normal(shape, 0, deviation, generator);
}

Tensor orthogonal(const Shape& shape, double gain, Generator& generator) {
  check_shape(shape.rank() >= 2 && shape.numel() > 0, "orthogonal: shape {} is no matrix", shape);
  int64_t columns = shape[-1], rows = shape.numel() / columns;
  bool wide = rows < columns;
  int64_t count = wide ? rows : columns, length = wide ? columns : rows;
  std::vector<std::vector<double>> vectors(static_cast<size_t>(count));
  for (auto& vector : vectors)
    for (int64_t i = 0; i < length; ++i) vector.push_back(generator.normal());
  orthonormalise(vectors);
  std::vector<double> matrix;  // [rows, columns]
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      matrix.push_back(gain * vectors[static_cast<size_t>(wide ? row : column)]
                                     [static_cast<size_t>(wide ? column : row)]);
  return Tensor::from(matrix, shape);
}

}  // namespace init

}  // namespace kintsugi

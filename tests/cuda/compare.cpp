#include "tests/cuda/compare.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "tensor/random.h"

namespace kintsugi {

Tensor random_tensor(const Shape& shape, DType dtype, uint64_t seed) {
  Generator generator{seed};
  return normal(shape, 0, 1, generator, {.dtype = dtype});
}

void check_close(const Tensor& actual, const Tensor& expected, double tolerance) {
  REQUIRE(actual.shape() == expected.shape());
  REQUIRE(actual.dtype() == expected.dtype());
  if (tolerance == 0) tolerance = expected.dtype() == DType::float32 ? 1e-5 : 1e-13;
  const std::vector<double> got = actual.to_vector(), wanted = expected.to_vector();
  double scale = 1e-30, error = 0;
  size_t worst = 0;
  for (double value : wanted)
    if (std::isfinite(value)) scale = std::max(scale, std::abs(value));
  for (size_t i = 0; i < got.size(); ++i) {
    double difference = std::abs(got[i] - wanted[i]) / scale;
    if (std::isnan(got[i]) != std::isnan(wanted[i])) difference = INFINITY;
    if (!(difference > error)) continue;
    error = difference;
    worst = i;
  }
  CAPTURE(expected.shape().str());
  CAPTURE(worst);
  if (!got.empty()) {
    CAPTURE(got[worst]);
    CAPTURE(wanted[worst]);
    CHECK(error <= tolerance);
  }
}

void check_same(const Tensor& actual, const Tensor& expected) {
  REQUIRE(actual.shape() == expected.shape());
  REQUIRE(actual.dtype() == expected.dtype());
  const Tensor a = actual.to(Device::cpu), b = expected.to(Device::cpu);
  CHECK((a.numel() == 0 || std::memcmp(a.raw(), b.raw(), a.bytes()) == 0));
}

}  // namespace kintsugi

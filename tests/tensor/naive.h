#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "tensor/ops.h"
#include "tensor/random.h"
#include "tests/device.h"

/// What the tests of this folder compare with: plain loops in double.
namespace kintsugi::naive {

inline constexpr std::array kDTypes{DType::float32, DType::float64};

/// Relative error that a kernel of a few operations may have.
double tolerance(DType dtype);

Tensor random(const Shape& shape, DType dtype, uint64_t seed, double low = -2, double high = 2);

/// Small whole numbers, so that equal values occur.
Tensor random_integers(const Shape& shape, DType dtype, uint64_t seed, int64_t low = -3,
                       int64_t high = 3);

using Index = std::vector<int64_t>;

Index index_of(const Shape& shape, int64_t number);

/// Where `index` lies in `shape`, which may broadcast to the index's shape.
size_t position(const Shape& shape, const Index& index);

/// The largest |got − expected| / max(1, |expected|); infinite where a NaN stands against a number.
double difference(const std::vector<double>& got, const std::vector<double>& expected);

double difference(const Tensor& got, const std::vector<double>& expected);

/// ⟨a, b⟩ in double.
double dot(const Tensor& a, const Tensor& b);

/// Whether both hold the same bits.
bool same_bits(const Tensor& a, const Tensor& b);

/// The sentence of the exception of type E that f throws; empty where it throws none.
template <class E, class F>
std::string sentence_of(F f) {
  try {
    f();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

}  // namespace kintsugi::naive

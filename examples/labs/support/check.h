#pragma once
#include <source_location>
#include <string>

#include "tensor/tensor.h"

/// What the tests of the labs share on the ground floor: comparisons whose failures tell a student
/// what kind of mistake it looks like. gradient.h is the same for gradients.
namespace kintsugi::lab {

/// What is wrong with `got`, in words; empty where each element is within tolerance·max(1, scale),
/// scale the largest |expected|. It names the first wrong element, and the pattern where there is
/// one: a sign, a constant factor, a shift, exchanged axes, a reversed axis, all zeros.
std::string difference(const Tensor& got, const Tensor& expected, double tolerance = 1e-6);

/// The line of a test that asks.
using Place = std::source_location;

/// Notes a failure of the running test; the test goes on.
void fail(const std::string& what, Place place = Place::current());

/// The same, "`what`: difference", where the two differ.
void expect_equal(const std::string& what, const Tensor& got, const Tensor& expected,
                  double tolerance = 1e-6, Place place = Place::current());
void expect_equal(const std::string& what, const Shape& got, const Shape& expected,
                  Place place = Place::current());
void expect_equal(const std::string& what, double got, double expected, double tolerance = 1e-6,
                  Place place = Place::current());

/// float64, uniform in [−1, 1), the same for the same seed.
Tensor random_tensor(const Shape& shape, uint64_t seed);

}  // namespace kintsugi::lab

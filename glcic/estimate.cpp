#include "glcic/estimate.h"

#include <array>
#include <cmath>
#include <limits>

#include "tensor/error.h"

namespace kintsugi {
namespace {

/// The 97.5 % quantile of Student's t with n degrees of freedom: for few by table, else Abramowitz
/// & Stegun 26.7.5 to the third order, right to 3e-3, and better for more.
double student_quantile(int64_t n) {
  constexpr std::array<double, 4> kFew{12.7062, 4.3027, 3.1824, 2.7764};
  if (n <= 4) return kFew[static_cast<size_t>(n - 1)];
  constexpr double z = 1.959964, z2 = z * z;  // the normal distribution's
  const auto v = static_cast<double>(n);
  const double first = z * (z2 + 1) / 4;
  const double second = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  return z + (first + (second + third / v) / v) / v;
}

}  // namespace

double Estimate::margin() const {
  if (count < 2) return std::numeric_limits<double>::infinity();
  return student_quantile(count - 1) * standard_error;
}

Estimate estimate(const std::vector<double>& values) {
  check(!values.empty(), "estimate: no values to take the mean of");
  const auto n = static_cast<double>(values.size());
  double sum = 0.0, squares = 0.0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return {mean, values.size() < 2 ? 0.0 : std::sqrt(squares / (n - 1.0) / n),
          static_cast<int64_t>(values.size())};
}

Estimate estimate_difference(const std::vector<double>& a, const std::vector<double>& b) {
  check(a.size() == b.size(), "estimate_difference: {} values cannot be paired with {}", a.size(),
        b.size());
  std::vector<double> differences(a.size());
  for (size_t i = 0; i < a.size(); ++i) differences[i] = a[i] - b[i];
  return estimate(differences);
}

}  // namespace kintsugi

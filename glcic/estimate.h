#pragma once
#include <cstdint>
#include <vector>

namespace kintsugi {

/// A mean over independent values, and how sure it is.
struct Estimate {
  double mean = 0.0;
  double standard_error = 0.0;  ///< s / √n, s with n − 1 in its denominator; 0 for one value
  int64_t count = 0;            ///< n

  /// Half of the mean's 95 % confidence interval: standard_error times the 97.5 % quantile of
  /// Student's t with n − 1 degrees of freedom (1.96 where n is large). Infinite for n < 2: one
  /// value tells nothing of how others would differ.
  double margin() const;
};

/// Throws Error where there are no values.
Estimate estimate(const std::vector<double>& values);
/// Of the differences a[i] − b[i], where both were measured on the same thing: what they have in
/// common does not widen the interval. Throws Error where the numbers of values differ.
Estimate estimate_difference(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace kintsugi

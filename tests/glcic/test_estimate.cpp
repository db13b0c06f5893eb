#include <doctest/doctest.h>

#include <cmath>

#include "glcic/estimate.h"
#include "tensor/error.h"

using namespace kintsugi;

TEST_CASE("the mean comes with its standard error") {
  const Estimate result = estimate({1, 2, 3, 6});
  CHECK(result.mean == doctest::Approx(3));
  CHECK(result.standard_error == doctest::Approx(std::sqrt(14.0 / 3 / 4)));
  CHECK(result.count == 4);
  CHECK_THROWS_AS(estimate({}), Error);
}

TEST_CASE("the 95 % interval is Student's: wide for few values, 1.96 standard errors for many") {
  // scipy.stats.t.ppf(0.975, n - 1)
  for (const auto& [count, quantile] : {std::pair{2, 12.706204736},
                                        {3, 4.302652730},
                                        {5, 2.776445105},
                                        {6, 2.570581836},
                                        {7, 2.446911851},
                                        {11, 2.228138852},
                                        {67, 1.996564419},
                                        {100001, 1.959987}}) {
    INFO(count);
    const Estimate result{.mean = 0.0, .standard_error = 1.0, .count = count};
    CHECK(std::abs(result.margin() - quantile) < 3e-3);
  }
}

TEST_CASE("one value has no interval") {
  CHECK(estimate({5}).mean == 5.0);
  CHECK(estimate({5}).standard_error == 0.0);
  CHECK(std::isinf(estimate({5}).margin()));
}

TEST_CASE("a paired difference leaves out what both have in common") {
  const Estimate result = estimate_difference({10, 20, 30}, {9, 18, 29});
  CHECK(result.mean == doctest::Approx(4.0 / 3));
  CHECK(result.standard_error == doctest::Approx(1.0 / 3));  // of 1, 2, 1
  CHECK(estimate({10, 20, 30}).standard_error > 5.0);
  CHECK_THROWS_AS(estimate_difference({1, 2}, {1}), Error);
}

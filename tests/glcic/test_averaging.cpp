#include <doctest/doctest.h>

#include <initializer_list>

#include "glcic/averaging.h"
#include "glcic/networks.h"
#include "tensor/error.h"

using namespace kintsugi;

namespace {

/// What becomes of an average of weights that are all 7 at first, as those in training go through
/// these numbers.
double average_of(const Averaging& averaging, std::initializer_list<double> weights) {
  Generator generator{.seed = 1};
  CompletionNetwork network(2, generator), average(2, generator);
  const auto set = [](CompletionNetwork& of, double value) {
    for (StateEntry& entry : of.state())
      entry.variable.set_value(Tensor::full(entry.variable.shape(), value));
  };
  set(average, 7);
  int64_t step = 0;
  for (const double weight : weights) {
    set(network, weight);
    average_weights(average, network, averaging_part(averaging, ++step));
  }
  return average.parameters()[1].value().to_vector()[0];
}

}  // namespace

TEST_CASE("the averaged weights are a weighted mean of those after each step") {
  CHECK(average_of({}, {5}) == doctest::Approx(5));  // the first counts whole
  CHECK(average_of({}, {5, 15}) == doctest::Approx(5 + 0.9 * 10));
  CHECK(average_of({}, {5, 15, 3}) == doctest::Approx(14 - 9.0));
}

TEST_CASE("an exponential moving average follows by 1 − decay once there were steps enough") {
  const Averaging ema = averaging_from_string("ema:0.3");
  CHECK(average_of(ema, {5}) == doctest::Approx(5));
  // 9/(t + 8) is more than 1 − 0.3 up to the fourth step.
  CHECK(averaging_part(ema, 2) == doctest::Approx(0.9));
  CHECK(averaging_part(ema, 4) == doctest::Approx(0.75));
  CHECK(averaging_part(ema, 6) == doctest::Approx(0.7));
  CHECK(averaging_part(ema, 1000) == doctest::Approx(0.7));
}

TEST_CASE("ways to average are read and written by the same names, others refused") {
  for (const char* name : {"polynomial", "ema:0.999", "ema:0.5", "none"})
    CHECK(to_string(averaging_from_string(name)) == name);
  for (const char* name : {"", "ema", "ema:", "ema:1", "ema:0", "ema:-1", "ema:nan", "ema:0.9x"})
    CHECK_THROWS_WITH_AS(averaging_from_string(name), doctest::Contains("no way to average"),
                         Error);
}

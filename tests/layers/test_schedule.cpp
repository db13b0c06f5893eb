#include <doctest/doctest.h>

#include "layers/schedule.h"
#include "tensor/error.h"

using namespace kintsugi;

TEST_CASE("a step schedule multiplies its rate every so many steps") {
  StepSchedule schedule{.initial = 0.8, .every = 10, .factor = 0.5};
  CHECK(schedule.rate(0) == doctest::Approx(0.8));
  CHECK(schedule.rate(9) == doctest::Approx(0.8));
  CHECK(schedule.rate(10) == doctest::Approx(0.4));
  CHECK(schedule.rate(35) == doctest::Approx(0.1));
}

TEST_CASE("a linear schedule waits, goes along a line, and stays") {
  LinearSchedule schedule{.initial = 1, .last = 0.2, .start = 100, .steps = 50};
  CHECK(schedule.rate(0) == 1);
  CHECK(schedule.rate(100) == 1);
  CHECK(schedule.rate(125) == doctest::Approx(0.6));
  CHECK(schedule.rate(150) == 0.2);
  CHECK(schedule.rate(1000) == 0.2);
}

TEST_CASE("a cosine schedule begins and ends flat, half way down in the middle") {
  CosineSchedule schedule{.initial = 1, .last = 0.5, .steps = 100};
  CHECK(schedule.rate(0) == 1);
  CHECK(schedule.rate(50) == doctest::Approx(0.75));
  CHECK(schedule.rate(25) == doctest::Approx(0.5 + 0.5 * 0.8535533906));
  CHECK(schedule.rate(1) > 0.9998);
  CHECK(schedule.rate(100) == doctest::Approx(0.5));
  CHECK(schedule.rate(500) == doctest::Approx(0.5));
}

TEST_CASE("schedules refuse negative steps and empty lengths") {
  CHECK_THROWS_AS(StepSchedule{}.rate(-1), Error);
  CHECK_THROWS_AS(StepSchedule{.every = 0}.rate(1), Error);
  CHECK_THROWS_AS(LinearSchedule{.steps = 0}.rate(1), Error);
  CHECK_THROWS_AS(CosineSchedule{.steps = 0}.rate(1), Error);
}

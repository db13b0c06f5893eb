#include "layers/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "tensor/error.h"

namespace kintsugi {

namespace {

void check_steps(int64_t step, int64_t length) {
  check(step >= 0, "schedule: step {} is negative", step);
  check(length >= 1, "schedule: its length of {} steps must be 1 or more", length);
}

/// How much of `length` has passed, in [0, 1].
double passed(int64_t step, int64_t length) {
  return std::clamp(static_cast<double>(step) / static_cast<double>(length), 0.0, 1.0);
}

}  // namespace

double StepSchedule::rate(int64_t step) const {
  check_steps(step, every);
  int64_t drops = step / every;
  return initial * std::pow(factor, static_cast<double>(drops));
}

double LinearSchedule::rate(int64_t step) const {
  check_steps(step, steps);
  return std::lerp(initial, last, passed(step - start, steps));
}

double CosineSchedule::rate(int64_t step) const {
  check_steps(step, steps);
  double weight = (1 + std::cos(std::numbers::pi * passed(step, steps))) / 2;
  return last + (initial - last) * weight;
}

}  // namespace kintsugi

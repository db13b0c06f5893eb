#include "glcic/schedule.h"

#include <algorithm>

namespace kintsugi {

namespace {

constexpr size_t index_of(int phase) { return static_cast<size_t>(phase - 1); }

}  // namespace

Schedule::Schedule(const TrainSettings& settings, const Module& completion,
                   const Judge& discriminators)
    : settings_(settings) {
  int64_t size = settings.size;
  auto c = static_cast<double>(completion.multiply_adds({1, size, size, 4}));
  double d = 0;
  for (const Judge::Part& part : discriminators.parts())
    d += static_cast<double>(part.network->multiply_adds(part.input));
  // A backward pass costs two forward passes, or one where the weights are frozen; D sees real and
  // completed pictures, and in phase 3 the completed ones again.
  cost_ = {3 * c, c + 6 * d, 3 * c + 8 * d};
}

bool Schedule::advance(Position& position) const {
  while (position.phase <= 3 && phase_is_over(position)) {
    ++position.phase;
    position.phase_step = 0;
  }
  return position.phase <= 3;
}

bool Schedule::phase_is_over(const Position& position) const {
  if (position.phase > 3) return true;
  if (settings_.budget == 0)
    return position.phase_step >= settings_.steps[index_of(position.phase)];
  double share = 0;
  for (int phase = 1; phase <= position.phase; ++phase) share += settings_.shares[index_of(phase)];
  return position.seconds >= share * settings_.budget;
}

int64_t Schedule::planned_steps(int phase) const {
  return settings_.budget == 0 && phase <= 3 ? settings_.steps[index_of(phase)] : 0;
}

void Schedule::measured(int phase, double seconds) {
  double& mean = seconds_[index_of(phase)];
  mean = mean == 0 ? seconds : 0.9 * mean + 0.1 * seconds;
}

double Schedule::step_seconds(int phase) const {
  if (double known = seconds_[index_of(phase)]; known > 0) return known;
  for (int other = 3; other >= 1; --other)
    if (double known = seconds_[index_of(other)]; known > 0)
      return known * cost_[index_of(phase)] / cost_[index_of(other)];
  return 0;
}

double Schedule::step_seconds(const Position& position) const {
  return step_seconds(std::min(position.phase, 3));
}

double Schedule::seconds_left(const Position& position) const {
  if (settings_.budget > 0) return std::max(settings_.budget - position.seconds, 0.0);
  double left = 0;
  for (int phase = position.phase; phase <= 3; ++phase) {
    int64_t done = phase == position.phase ? position.phase_step : 0;
    left += static_cast<double>(settings_.steps[index_of(phase)] - done) * step_seconds(phase);
  }
  return left;
}

}  // namespace kintsugi

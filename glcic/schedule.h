#pragma once
#include <array>
#include <cstdint>

#include "glcic/checkpoint.h"

namespace kintsugi {

/// Divides a run into its three phases, by steps or by the clock, and foretells when it ends.
class Schedule {
 public:
  Schedule(const TrainSettings& settings, const Module& completion, const Judge& discriminators);

  /// Moves on to the next phase that has something to do; false when there is none.
  bool advance(Position& position) const;
  /// True when this phase has had its steps, or its share of the clock.
  bool phase_is_over(const Position& position) const;
  /// 0 where the clock decides.
  int64_t planned_steps(int phase) const;

  /// A step of this phase took so long.
  void measured(int phase, double seconds);
  /// What a step of this phase takes, smoothed over the last ones.
  double step_seconds(const Position& position) const;
  /// For phases that have not begun, by their multiply-adds against those that have.
  double seconds_left(const Position& position) const;

 private:
  double step_seconds(int phase) const;

  TrainSettings settings_;
  std::array<double, 3> cost_;  // multiply-adds of a step, relative
  std::array<double, 3> seconds_{};
};

}  // namespace kintsugi

#pragma once
#include <cstdint>
#include <string>

#include "glcic/training_step.h"

namespace kintsugi {

/// Tells early when the contest between C and its discriminators has gone wrong. It looks at the
/// mean of the discriminators' loss, BCE(D(x), 1) + BCE(D(composite), 0), over stretches of
/// kStretch steps, and at nothing in between.
class DiscriminatorWatch {
 public:
  /// Long enough that one odd batch, or the first steps of a phase, decide nothing.
  static constexpr int64_t kStretch = 500;
  /// 2·(−ln 0.99): real pictures have 0.99 of being real, completed ones 0.01. The discriminators
  /// make no mistake that C could learn from, and have next to nothing left to learn themselves.
  static constexpr double kCertainLoss = 0.0201;
  /// Half a percent below 2·ln 2 = 1.3863, that of a discriminator that says 0.5 of everything.
  static constexpr double kGuessingLoss = 1.38;

  /// Takes in a step. At the end of a stretch that calls for a warning, that sentence; "" else.
  /// Each is given once. Certain discriminators are one only in phase 3: in phase 2 C stands
  /// still, so that it is their aim.
  std::string look(int phase, const StepReport& report);

 private:
  struct Stretch {
    int phase = 0;
    int64_t steps = 0;
    double loss = 0, real = 0, fake = 0;  ///< sums
  };

  Stretch stretch_;
  bool warned_certain_ = false, warned_guessing_ = false;
};

}  // namespace kintsugi

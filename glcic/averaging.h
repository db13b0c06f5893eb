#pragma once
#include <cstdint>
#include <string>

#include "layers/module.h"

namespace kintsugi {

/// How the completion network that completes pictures follows the one in training. After C's t-th
/// step, running statistics included,
///
///   w̄ ← w̄ + part(t)·(w − w̄)
///
///   polynomial   part(t) = 9 / (t + 8): polynomial-decay averaging (Shamir & Zhang, "Stochastic
///                Gradient Descent for Non-smooth Optimization", ICML 2013, §4, η = 8). Most of it
///                are the last tenth of the steps, however many there were.
///   ema          part(t) = max(1 − decay, 9 / (t + 8)): an exponential moving average over the
///                last 1 / (1 − decay) steps, and while there were fewer, as above, so that
///                nothing is left of the weights that training began with.
///   none         w̄ = w
///
/// Training itself never sees w̄; it takes the noise of the steps out.
struct Averaging {
  enum class Kind { polynomial, ema, none };
  Kind kind = Kind::polynomial;
  double decay = 0.999;  ///< of ema, in (0, 1)

  bool operator==(const Averaging&) const = default;
};

/// "polynomial", "ema:0.999" or "none"; throws Error, in one sentence, for anything else.
Averaging averaging_from_string(const std::string& text);
std::string to_string(const Averaging& averaging);

/// part(steps) of the formulas above, steps ≥ 1.
double averaging_part(const Averaging& averaging, int64_t steps);
/// Moves all parameters and buffers of `average` on: w̄ ← w̄ + part·(w − w̄).
void average_weights(Module& average, const Module& network, double part);

}  // namespace kintsugi

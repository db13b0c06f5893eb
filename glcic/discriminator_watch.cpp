#include "glcic/discriminator_watch.h"

#include <fmt/core.h>

#include <utility>

namespace kintsugi {

std::string DiscriminatorWatch::look(int phase, const StepReport& report) {
  if (phase == 1) return "";
  if (stretch_.phase != phase) stretch_ = {.phase = phase};
  stretch_.loss += report.discriminator_loss;
  stretch_.real += report.real_mean;
  stretch_.fake += report.fake_mean;
  if (++stretch_.steps < kStretch) return "";

  const Stretch over = std::exchange(stretch_, {.phase = phase});
  const double loss = over.loss / kStretch;
  const auto seen = [&] {
    return fmt::format("loss {:.4f}, D(real) {:.3f}, D(completed) {:.3f} on average over {} steps",
                       loss, over.real / kStretch, over.fake / kStretch, kStretch);
  };
  if (phase == 3 && loss < kCertainLoss && !std::exchange(warned_certain_, true))
    return "the discriminators are never wrong, and C learns little from them: " + seen();
  if (loss >= kGuessingLoss && !std::exchange(warned_guessing_, true))
    return "the discriminators do no better than guessing: " + seen();
  return "";
}

}  // namespace kintsugi

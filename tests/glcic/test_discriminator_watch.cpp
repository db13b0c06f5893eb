#include <doctest/doctest.h>

#include "glcic/discriminator_watch.h"

using namespace kintsugi;

namespace {

/// All sentences of so many stretches of one phase, in each of which every step sees these figures.
std::string watched(DiscriminatorWatch& watch, int phase, int stretches, double loss, double real,
                    double fake) {
  StepReport report{};
  report.discriminator_loss = loss;
  report.real_mean = real;
  report.fake_mean = fake;
  std::string sentences;
  for (int64_t i = 0; i < stretches * DiscriminatorWatch::kStretch; ++i)
    sentences += watch.look(phase, report);
  return sentences;
}

}  // namespace

TEST_CASE("discriminators that are never wrong are warned of once, at the end of a stretch") {
  DiscriminatorWatch watch;
  const std::string sentence = watched(watch, 3, 1, 0.004, 0.998, 0.002);
  CHECK(sentence ==
        "the discriminators are never wrong, and C learns little from them: loss 0.0040, "
        "D(real) 0.998, D(completed) 0.002 on average over 500 steps");
  CHECK(watched(watch, 3, 3, 0.004, 0.998, 0.002).empty());
}

TEST_CASE("discriminators that guess are warned of, in phase 2 as in phase 3") {
  for (const int phase : {2, 3}) {
    DiscriminatorWatch watch;
    CHECK(watched(watch, phase, 1, 1.3863, 0.5, 0.5)
              .starts_with("the discriminators do no better than guessing: loss 1.3863"));
    CHECK(watched(watch, phase, 2, 1.3863, 0.5, 0.5).empty());
  }
}

TEST_CASE("nothing is said of a healthy contest, of phase 1, or of certainty in phase 2") {
  DiscriminatorWatch watch;
  CHECK(watched(watch, 1, 2, 0, 0, 0).empty());
  CHECK(watched(watch, 2, 2, 0.004, 0.998, 0.002).empty());
  CHECK(watched(watch, 3, 2, 0.9, 0.7, 0.4).empty());
}

TEST_CASE("half a stretch of one phase and half of another make none") {
  DiscriminatorWatch watch;
  StepReport report{};  // a loss of 0: certain
  for (int64_t i = 0; i < DiscriminatorWatch::kStretch - 1; ++i) watch.look(3, report);
  watch.look(2, report);
  CHECK(watch.look(3, report).empty());
}

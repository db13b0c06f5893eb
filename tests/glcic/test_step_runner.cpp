// Steps that are recorded and replayed where the device can, against the same steps taken one by
// one: equal to the bit, whatever happens in between.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "glcic/step_runner.h"
#include "tensor/profiler.h"
#include "tests/glcic/small_model.h"

using namespace kintsugi;

namespace {

constexpr int64_t kSize = 16;
constexpr double kAlpha = 0.0004;

/// A model in training: the same weights each time.
struct Training {
  Model model =
      moved_to(test_device(), make_model(kSize, 2, 11, Tensor::from({0.5, 0.4, 0.3}, {3})));
  Adadelta completion{model.completion->state()};
  Adadelta judges{model.discriminators->state()};
};

/// The same pictures for the same seed.
TrainingBatch batch_of(uint64_t seed, int64_t pictures = 2) {
  Generator generator{.seed = seed};
  const int64_t shift = static_cast<int64_t>(seed) % 4;
  const std::vector<Hole> holes(static_cast<size_t>(pictures), {shift, 3, 6, 7});
  const std::vector<Hole> real(static_cast<size_t>(pictures), {5, shift, 6, 6});
  return make_training_batch(uniform({pictures, kSize, kSize, 3}, 0, 1, generator),
                             masks_from_holes(holes, kSize, kSize), holes, real,
                             {.device = test_device()});
}

/// Takes one step of a phase.
struct Step {
  std::function<StepReport(int, StepBatches, double)> take;
  StepReport operator()(int phase, StepBatches batches, double alpha = kAlpha) const {
    return take(phase, batches, alpha);
  }
};
/// Some steps, and what happens between them.
using Run = std::function<void(Training& training, const Step& step)>;

struct Outcome {
  std::vector<StepReport> reports;
  StateDict state;
};

Outcome outcome_of(const Run& run, bool by_runner) {
  Training training;
  StepRunner runner(training.model, training.completion, training.judges);
  Outcome outcome;
  run(training, {[&](int phase, StepBatches batches, double alpha) {
        auto& [model, completion, judges] = training;
        return outcome.reports.emplace_back(
            by_runner    ? runner.run(phase, batches, alpha)
            : phase == 1 ? read(train_completion(model, batches, completion))
            : phase == 2 ? read(train_discriminators(model, batches, judges))
                         : read(train_jointly(model, batches, completion, judges, alpha)));
      }});
  outcome.state = save_model(training.model);
  outcome.state.merge(training.completion.save("completion optimizer "));
  outcome.state.merge(training.judges.save("judges' optimizer "));
  return outcome;
}

/// The figures; −1 for those that the phase does not have.
std::vector<double> figures(const StepReport& report) {
  std::vector<double> numbers{report.completion_loss,     report.discriminator_loss,
                              report.adversarial_loss,    report.real_mean,
                              report.fake_mean,           report.completion_gradient,
                              report.adversarial_gradient};
  for (double& number : numbers)
    if (std::isnan(number)) number = -1;
  return numbers;
}

/// Checks that StepRunner takes these steps as they are taken without it.
void check_run(const Run& run) {
  const Outcome got = outcome_of(run, true), expected = outcome_of(run, false);
  REQUIRE(got.reports.size() == expected.reports.size());
  for (size_t step = 0; step < expected.reports.size(); ++step) {
    CAPTURE(step);
    CHECK(figures(got.reports[step]) == figures(expected.reports[step]));
  }
  REQUIRE(got.state.size() == expected.state.size());
  for (const auto& [name, value] : expected.state) {
    CAPTURE(name);
    CHECK(got.state.at(name).to_vector() == value.to_vector());
  }
}

/// A saved state, and the numbers in it.
struct Saved {
  StateDict tensors;
  std::map<std::string, std::vector<double>> numbers;

  explicit Saved(StateDict state) : tensors(std::move(state)) {
    for (const auto& [name, tensor] : tensors) numbers[name] = tensor.to_vector();
  }
  bool is_as_before() const {
    return std::ranges::all_of(tensors, [&](const auto& entry) {
      return entry.second.to_vector() == numbers.at(entry.first);
    });
  }
};

bool device_records() {
  return backend(test_device()).record([] {}) != nullptr;
}

}  // namespace

TEST_CASE("a runner's steps are those taken one by one, of each phase, on pictures of their own") {
  for (const int phase : {1, 2, 3}) {
    CAPTURE(phase);
    check_run([phase](Training&, const Step& step) {
      for (uint64_t seed = 1; seed <= 4; ++seed) step(phase, batch_of(seed));
    });
  }
}

TEST_CASE("a runner counts its optimizers' steps") {
  Training training;
  StepRunner runner(training.model, training.completion, training.judges);
  for (int i = 0; i < 4; ++i) runner.run(1, batch_of(1), kAlpha);
  CHECK(training.completion.steps() == 4);
  CHECK(training.judges.steps() == 0);
  for (int i = 0; i < 3; ++i) runner.run(3, batch_of(1), kAlpha);
  CHECK(training.completion.steps() == 7);
  CHECK(training.judges.steps() == 3);
}

TEST_CASE("where the device records, a runner goes through a step of a phase twice at most") {
  Training training;
  StepRunner runner(training.model, training.completion, training.judges);
  int backward_passes = 0;
  Variable weight = training.model.completion->parameters().front();
  weight.register_hook([&](const Variable&) {
    ++backward_passes;
    return Variable();
  });
  for (int i = 0; i < 5; ++i) runner.run(1, batch_of(1), kAlpha);
  CHECK(backward_passes == (device_records() ? 2 : 5));
}

TEST_CASE("phases and sizes of batches may change from step to step") {
  check_run([](Training&, const Step& step) {
    for (const int phase : {1, 1, 1, 3, 3, 1, 1}) step(phase, batch_of(1));
    for (const int64_t pictures : {2, 3, 3, 3, 2}) step(1, batch_of(2, pictures));
  });
}

TEST_CASE("alpha may be another one in each of a runner's steps") {
  check_run([](Training&, const Step& step) {
    for (const double alpha : {0.0, 0.5, 3.0, 0.25, 0.125}) step(3, batch_of(1), alpha);
  });
}

TEST_CASE("a runner's steps on several batches are those taken one by one, in each phase") {
  for (const int phase : {1, 2, 3}) {
    CAPTURE(phase);
    check_run([phase](Training&, const Step& step) {
      for (uint64_t seed = 1; seed <= 4; ++seed)
        step(phase, std::vector{batch_of(seed), batch_of(seed + 10), batch_of(seed + 20)});
      step(phase, std::vector{batch_of(5), batch_of(15)});
    });
  }
}

TEST_CASE("what is saved between a runner's steps stays as it is while training goes on") {
  check_run([](Training& training, const Step& step) {
    for (uint64_t seed = 1; seed <= 3; ++seed) step(3, batch_of(seed));
    const Saved weights(training.model.completion->save()),
        judges(training.model.discriminators->save()), slots(training.completion.save(""));
    for (uint64_t seed = 4; seed <= 6; ++seed) step(3, batch_of(seed));
    CHECK(weights.is_as_before());
    CHECK(judges.is_as_before());
    CHECK(slots.is_as_before());
  });
}

TEST_CASE("a runner goes on after its weights were saved, and the saved ones let go") {
  check_run([](Training& training, const Step& step) {
    for (uint64_t seed = 1; seed <= 3; ++seed) step(1, batch_of(seed));
    {
      const StateDict saved = training.model.completion->save();
      step(1, batch_of(4));
    }
    for (uint64_t seed = 5; seed <= 7; ++seed) step(1, batch_of(seed));
  });
}

TEST_CASE("weights, slots, mean pixel and rate may be replaced between a runner's steps") {
  const Training other;
  const auto replacements = std::vector<std::function<void(Training&)>>{
      [&](Training& training) { training.model.completion->load(other.model.completion->save()); },
      [&](Training& training) { training.completion.load(other.completion.save(""), ""); },
      [](Training& training) {
        training.model.mean_pixel = Tensor::full({3}, 0.9, {.device = test_device()});
      },
      [](Training& training) { training.completion.set_rate(0.25); }};
  check_run([&](Training& training, const Step& step) {
    for (uint64_t seed = 1; seed <= 3; ++seed) step(1, batch_of(seed));
    for (const auto& replace : replacements) {
      replace(training);
      step(1, batch_of(4));
    }
  });
}

TEST_CASE("a profiler sees the ops of every one of a runner's steps") {
  Training training;
  StepRunner runner(training.model, training.completion, training.judges);
  const auto calls_in = [&](int steps) {
    Profiler profiler(test_device());
    for (int i = 0; i < steps; ++i) runner.run(1, batch_of(1), kAlpha);
    int64_t calls = 0;
    for (const OpTotals& op : profiler.finish().ops) calls += op.calls;
    return calls;
  };
  for (int i = 0; i < 3; ++i) runner.run(1, batch_of(1), kAlpha);  // the third is a replay by now
  const int64_t calls = calls_in(1);
  CHECK(calls > 100);
  CHECK(calls_in(3) == 3 * calls);
}

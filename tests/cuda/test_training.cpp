// A training step is all of the backend at once: a step of each phase, in float64, against the
// CPU's from the same weights. And a short run, in which batches arrive while the device computes.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <sstream>

#include "glcic/step_runner.h"
#include "glcic/trainer.h"
#include "tensor/io/file.h"
#include "tests/glcic/small_model.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

constexpr int64_t kSize = 32, kWidth = 4;
constexpr double kAlpha = 0.0004;

/// A model in training, from weights that are the same on every device.
struct Training {
  Model model;
  TensorOptions options;
  std::unique_ptr<Adadelta> completion, judges;

  explicit Training(TensorOptions where)
      : model(make_model(kSize, kWidth, 11, Tensor::from({0.5, 0.4, 0.3}, {3}).to(where.dtype))),
        options(where) {
    model.completion->to(where.dtype);
    model.discriminators->to(where.dtype);
    model = moved_to(where.device, model);
    completion = std::make_unique<Adadelta>(model.completion->state());
    judges = std::make_unique<Adadelta>(model.discriminators->state());
  }
  /// The same pictures for the same seed.
  TrainingBatch batch(uint64_t seed) const {
    Generator generator{.seed = seed};
    const std::vector<Hole> holes{{2, 3, 12, 14}, {20, 18, 12, 14}};
    const std::vector<Hole> real{{9, 1, 15, 12}, {0, 0, 8, 8}};
    return make_training_batch(uniform({2, kSize, kSize, 3}, 0, 1, generator),
                               masks_from_holes(holes, kSize, kSize), holes, real, options);
  }
};

struct AfterSteps {
  std::vector<StepReport> reports;
  StateDict state;
};

/// So many steps of a phase, each on pictures of its own.
AfterSteps take_steps(int steps, int phase, TensorOptions where) {
  Training training(where);
  StepRunner runner(training.model, *training.completion, *training.judges);
  AfterSteps after;
  for (int step = 0; step < steps; ++step)
    after.reports.push_back(runner.run(phase, training.batch(static_cast<uint64_t>(step)), kAlpha));
  after.state = save_model(training.model);
  return after;
}

std::vector<double> figures(const StepReport& report) {
  return {report.completion_loss,     report.discriminator_loss, report.adversarial_loss,
          report.real_mean,           report.fake_mean,          report.completion_gradient,
          report.adversarial_gradient};
}

/// The largest difference, relative to the largest number of `expected`.
double relative_difference(const std::vector<double>& got, const std::vector<double>& expected) {
  double worst = 0, scale = 1e-30;
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::isnan(expected[i]) && std::isnan(got[i])) continue;  // a phase without that figure
    const double difference = std::abs(got[i] - expected[i]);
    worst = std::isnan(difference) ? INFINITY : std::max(worst, difference);
    scale = std::max(scale, std::abs(expected[i]));
  }
  return worst / scale;
}

void check_same_training(const AfterSteps& got, const AfterSteps& expected, double tolerance) {
  for (size_t step = 0; step < expected.reports.size(); ++step) {
    CAPTURE(step);
    const std::vector<double> a = figures(got.reports[step]), b = figures(expected.reports[step]);
    for (size_t i = 0; i < b.size(); ++i) CHECK(relative_difference({a[i]}, {b[i]}) <= tolerance);
  }
  REQUIRE(got.state.size() == expected.state.size());
  for (const auto& [name, value] : expected.state) {
    CAPTURE(name);
    CHECK(relative_difference(got.state.at(name).to_vector(), value.to_vector()) <= tolerance);
  }
}

/// What a short run notes of each step, the columns that the clock decides left out.
std::vector<std::vector<double>> metrics_of_run(Device device) {
  const TemporaryFolder folder;
  std::FILE* nowhere = std::fopen("/dev/null", "w");
  TrainOptions options;
  options.settings = {.size = 16, .width = 4, .batch = 4, .steps = {4, 1, 1}, .seed = 2};
  options.run = folder / "run";
  options.device = device;
  options.progress = nowhere;
  train(options);
  std::fclose(nowhere);
  std::istringstream text(read_file(folder / "run/metrics.csv"));
  std::vector<std::vector<double>> steps;
  std::string line, cell;
  std::getline(text, line);  // the names of the columns
  while (std::getline(text, line)) {
    std::istringstream cells(line);
    steps.emplace_back();
    for (int column = 0; std::getline(cells, cell, ','); ++column)
      if (column != 3 && column != 12) steps.back().push_back(cell.empty() ? NAN : std::stod(cell));
  }
  return steps;
}

}  // namespace

TEST_CASE("a training step of each phase on CUDA is the CPU's: losses, weights, statistics") {
  for (const int phase : {1, 2, 3}) {
    CAPTURE(phase);
    check_same_training(take_steps(1, phase, {DType::float64, Device::cuda}),
                        take_steps(1, phase, {DType::float64, Device::cpu}), 1e-10);
  }
}

TEST_CASE("steps that are recorded and replayed on CUDA are the CPU's, on pictures of their own") {
  for (const int phase : {1, 2, 3}) {
    CAPTURE(phase);
    check_same_training(take_steps(4, phase, {DType::float64, Device::cuda}),
                        take_steps(4, phase, {DType::float64, Device::cpu}), 1e-8);
  }
}

TEST_CASE("training steps on CUDA give the same bits when they are repeated") {
  for (const DType dtype : {DType::float32, DType::float64})
    check_same_training(take_steps(3, 3, {dtype, Device::cuda}),
                        take_steps(3, 3, {dtype, Device::cuda}), 0);
}

// In float32 the two part after some steps, when a number near a threshold falls to another side.
TEST_CASE("a run on CUDA sees the pictures that it sees on the CPU, and has its losses") {
  const auto expected = metrics_of_run(Device::cpu), got = metrics_of_run(Device::cuda);
  REQUIRE(expected.size() == 6);
  REQUIRE(got.size() == expected.size());
  for (size_t step = 0; step < expected.size(); ++step) {
    CAPTURE(step);
    const double tolerance = step < 4 ? 5e-3 : 5e-2;
    for (size_t column = 0; column < expected[step].size(); ++column)
      CHECK(relative_difference({got[step][column]}, {expected[step][column]}) < tolerance);
  }
}

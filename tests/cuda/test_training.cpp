// A training step is all of the backend at once: a step of each phase, in float64, against the
// CPU's from the same weights. And a short run, in which batches arrive while the device computes.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <sstream>

#include "glcic/trainer.h"
#include "glcic/training_step.h"
#include "tensor/io/file.h"
#include "tests/glcic/small_model.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

constexpr int64_t kSize = 32, kWidth = 4;
constexpr double kAlpha = 0.0004;

struct AfterStep {
  StepReport report;
  StateDict state;
};

/// One step of a phase, from weights and pictures that are the same on every device.
AfterStep take_step(int phase, Device device, DType dtype) {
  Generator generator{.seed = 2};
  Model model = make_model(kSize, kWidth, 11, Tensor::from({0.5, 0.4, 0.3}, {3}).to(dtype));
  model.completion->to(dtype);
  model.discriminators->to(dtype);
  model = moved_to(device, model);
  Adadelta completion(model.completion->state()), judges(model.discriminators->state());
  const std::vector<Hole> holes{{2, 3, 12, 14}, {20, 18, 12, 14}},
      real{{9, 1, 15, 12}, {0, 0, 8, 8}};
  const TrainingBatch batch = make_training_batch(uniform({2, kSize, kSize, 3}, 0, 1, generator),
                                                  masks_from_holes(holes, kSize, kSize), holes,
                                                  real, {.dtype = dtype, .device = device});
  const StepReport report =
      read(phase == 1   ? train_completion(model, batch, completion)
           : phase == 2 ? train_discriminators(model, batch, judges)
                        : train_jointly(model, batch, completion, judges, kAlpha));
  return {report, save_model(model)};
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

/// What a short run notes of each step, the columns that the clock decides left out.
std::vector<std::vector<double>> metrics_of_run(Device device) {
  const TemporaryFolder folder;
  std::FILE* nowhere = std::fopen("/dev/null", "w");
  TrainOptions options;
  options.settings = {.size = 16, .width = 2, .batch = 2, .steps = {4, 3, 3}, .seed = 3};
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
    const AfterStep expected = take_step(phase, Device::cpu, DType::float64);
    const AfterStep got = take_step(phase, Device::cuda, DType::float64);
    const std::vector<double> a = figures(got.report), b = figures(expected.report);
    for (size_t i = 0; i < b.size(); ++i) CHECK(relative_difference({a[i]}, {b[i]}) <= 1e-10);
    REQUIRE(got.state.size() == expected.state.size());
    for (const auto& [name, value] : expected.state) {
      CAPTURE(name);
      CHECK(relative_difference(got.state.at(name).to_vector(), value.to_vector()) <= 1e-10);
    }
  }
}

TEST_CASE("a training step on CUDA gives the same bits when it is repeated") {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const AfterStep first = take_step(3, Device::cuda, dtype);
    const AfterStep second = take_step(3, Device::cuda, dtype);
    CHECK(first.report.completion_loss == second.report.completion_loss);
    CHECK(first.report.adversarial_gradient == second.report.adversarial_gradient);
    for (const auto& [name, value] : first.state) {
      CAPTURE(name);
      CHECK(value.to_vector() == second.state.at(name).to_vector());
    }
  }
}

// The first step of a phase is taken, the second recorded, and the others are replays.
TEST_CASE("a run on CUDA sees the pictures that it sees on the CPU, and has its losses") {
  const auto expected = metrics_of_run(Device::cpu), got = metrics_of_run(Device::cuda);
  REQUIRE(expected.size() == 10);
  REQUIRE(got.size() == expected.size());
  for (size_t step = 0; step < expected.size(); ++step) {
    CAPTURE(step);
    for (size_t column = 0; column < expected[step].size(); ++column)
      CHECK_MESSAGE(relative_difference({got[step][column]}, {expected[step][column]}) < 1e-3, step,
                    " col ", column, " ", got[step][column], " ", expected[step][column]);
  }
}

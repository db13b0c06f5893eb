// What a run does beyond the paper's algorithm: adaptive alpha, several batches a step, averages,
// the best checkpoint, and what it says when numbers go wrong.
#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <limits>

#include "glcic/best_checkpoint.h"
#include "glcic/run_step.h"
#include "tensor/error.h"
#include "tensor/io/safetensors.h"
#include "tests/glcic/run_files.h"
#include "tests/glcic/small_run.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;
namespace fs = std::filesystem;

namespace {

/// The cells under a name, of all lines of a run's metrics.
std::vector<std::string> column(const std::string& run, const std::string& name) {
  const std::vector<std::string> lines = lines_of(run + "/metrics.csv");
  const std::vector<std::string> header = cells_of(lines.front());
  const size_t at =
      static_cast<size_t>(std::find(header.begin(), header.end(), name) - header.begin());
  REQUIRE(at < header.size());
  std::vector<std::string> cells;
  for (size_t i = 1; i < lines.size(); ++i) cells.push_back(cells_of(lines[i]).at(at));
  return cells;
}

TrainOptions run_with_every_option(const std::string& folder, std::FILE* progress) {
  TrainOptions options = small_run(folder, progress);
  options.settings.accumulate = 2;
  options.settings.adaptive_alpha = true;
  options.settings.average = averaging_from_string("ema:0.5");
  options.settings.rho = 0.8;
  options.settings.eps = 1e-5;
  return options;
}

/// The checkpoint of a run with a NaN put into one of its tensors.
void plant_nan(const std::string& run, const std::string& name) {
  const std::string path = run + "/checkpoint.safetensors";
  SafeTensors file = read_safetensors(path);
  Tensor tensor = file.tensors.at(name).clone();
  tensor.data<float>()[0] = std::numeric_limits<float>::quiet_NaN();
  file.tensors.at(name) = tensor;
  fs::remove_all(run + "/checkpoints");  // those with markers come before it
  write_safetensors(path, file);
}

std::string failure_of(const TrainOptions& options) {
  try {
    train(options);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("the log has both losses' gradient norms, what D thinks, and alpha, phase by phase") {
  TemporaryFolder folder;
  Quiet quiet;
  train(small_run(folder / "run", quiet.stream));
  const auto filled = [&](const char* name) {
    std::string phases;
    const std::vector<std::string> cells = column(folder / "run", name);
    for (const size_t step : {0, 4, 9}) phases += cells[step].empty() ? '-' : 'x';
    return phases;
  };
  CHECK(filled("completion_loss") == "x-x");
  CHECK(filled("discriminator_loss") == "-xx");
  CHECK(filled("real_mean") == "-xx");
  CHECK(filled("fake_mean") == "-xx");
  CHECK(filled("adversarial_loss") == "--x");
  CHECK(filled("completion_gradient") == "--x");
  CHECK(filled("adversarial_gradient") == "--x");
  CHECK(column(folder / "run", "alpha") == std::vector<std::string>(10, "0.0004"));
}

TEST_CASE("adaptive alpha follows the two gradients' norms as its formula says") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.settings.adaptive_alpha = true;
  train(options);
  const std::string run = folder / "run";
  const auto number = [&](const char* name, size_t line) {
    return std::stod(column(run, name).at(line));
  };
  CHECK(number("alpha", 6) == 0.0004);  // the first step of phase 3
  for (size_t line = 7; line < 10; ++line)
    CHECK(number("alpha", line) == doctest::Approx(0.99 * number("alpha", line - 1) +
                                                   0.01 * number("completion_gradient", line - 1) /
                                                       number("adversarial_gradient", line - 1))
                                       .epsilon(1e-4));
  CHECK(number("alpha", 9) != number("alpha", 8));
  CHECK(adapted_alpha(0.5, 3, 0) == 0.5);
}

TEST_CASE("with every option on, an interrupted run goes on to the same bits") {
  TemporaryFolder folder;
  Quiet quiet;
  train(run_with_every_option(folder / "whole", quiet.stream));
  for (const int64_t stop_at : {3, 5, 8}) {
    CAPTURE(stop_at);
    const std::string run = folder / ("run" + std::to_string(stop_at));
    TrainOptions options = run_with_every_option(run, quiet.stream);
    options.stop = [&](const Position& position) { return position.step == stop_at; };
    train(options);
    options.stop = {};
    options.settings = {};
    options.resume = true;
    CHECK(train(options).phase == 4);
    CHECK(bits_of(run + "/checkpoint.safetensors") ==
          bits_of(folder / "whole/checkpoint.safetensors"));
    CHECK(metrics_without_clock(run + "/metrics.csv") ==
          metrics_without_clock(folder / "whole/metrics.csv"));
  }
}

TEST_CASE("two batches of two a step see the pictures of one of four") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "halves", quiet.stream);
  options.settings.steps = {1, 0, 0};
  options.settings.accumulate = 2;
  train(options);
  options.run = folder / "whole";
  options.settings.accumulate = 1;
  options.settings.batch = 4;
  train(options);
  // Not the same figure, as each half has its own batch statistics.
  CHECK(std::stod(column(folder / "halves", "completion_loss")[0]) ==
        doctest::Approx(std::stod(column(folder / "whole", "completion_loss")[0])).epsilon(0.2));
}

TEST_CASE("without averaging, the weights that complete pictures are those in training") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.settings.average = averaging_from_string("none");
  options.stop = [](const Position& position) { return position.step == 3; };
  train(options);
  options.stop = {};
  options.resume = true;
  train(options);
  const SafeTensors file = read_safetensors(folder / "run/checkpoint.safetensors");
  for (const auto& [name, tensor] : file.tensors)
    if (name.starts_with("completion."))
      CHECK(tensor.to_vector() == file.tensors.at("training." + name).to_vector());
}

TEST_CASE("the best checkpoint of all validations is kept, by a resumed run too") {
  TemporaryFolder folder;
  const TrainState state = make_train_state(small_run("", nullptr).settings,
                                            Tensor::from({0.5, 0.5, 0.5}, {3}), Device::cpu);
  const std::string path = folder / "best.safetensors";
  BestCheckpoint best(path);
  CHECK(best.offer(12.5, state));
  const std::string bytes = read_file(path);
  CHECK_FALSE(best.offer(12.25, state));
  BestCheckpoint resumed(path);
  CHECK_FALSE(resumed.offer(12.5, state));
  CHECK_FALSE(resumed.offer(std::nan(""), state));
  CHECK(read_file(path) == bytes);
  CHECK(resumed.offer(12.75, state));
  CHECK(read_safetensors(path).metadata.at("hole_psnr") == "12.75");
  CHECK(read_checkpoint(path, Device::cpu).settings == state.settings);
  write_safetensors(path, {{}, {}});
  CHECK_THROWS_WITH_AS(BestCheckpoint{path}, doctest::Contains("hole_psnr"), Error);
}

TEST_CASE("a run keeps the best of its validations, and drops those after its checkpoint") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.validate = true;
  options.stop = [](const Position& position) { return position.step == 3; };
  train(options);
  const std::string csv = folder / "run/validation.csv";
  write_file_atomically(csv, read_file(csv) + "9.0,4,99.0\n9.5,5,9");
  options.stop = {};
  options.resume = true;
  train(options);
  double best = 0;
  const std::vector<std::string> lines = lines_of(csv);
  for (size_t i = 1; i < lines.size(); ++i) best = std::max(best, std::stod(cells_of(lines[i])[2]));
  CHECK(best < 99);
  CHECK(std::stod(read_safetensors(folder / "run/best.safetensors").metadata.at("hole_psnr")) ==
        doctest::Approx(best).epsilon(1e-4));
}

TEST_CASE("a loss that is not finite stops the run, and says which op was the first") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.settings.alpha = 1e300;  // infinite in float32
  const std::string sentence = failure_of(options);
  INFO(sentence);
  CHECK(sentence.find("is not finite at step ") != std::string::npos);
  CHECK(sentence.find("first multiply, forward, at step 7") != std::string::npos);
  CHECK(sentence.find("of step 6") != std::string::npos);
  CHECK(read_file(folder / "run/warnings.txt").find("first multiply") != std::string::npos);
  const TrainState kept = read_checkpoint(folder / "run/checkpoint.safetensors", Device::cpu);
  CHECK(kept.position.step == 6);
  CHECK(first_not_finite(kept).empty());
}

TEST_CASE("a weight that is not finite is told by its name, and never kept") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.stop = [](const Position& position) { return position.step == 2; };
  train(options);
  options.stop = {};
  options.resume = true;
  plant_nan(options.run, "training.completion.layer03.conv.weight");
  const std::string before = read_file(folder / "run/checkpoint.safetensors");
  const std::string sentence = failure_of(options);
  INFO(sentence);
  CHECK(sentence.find("first completion.layer03.conv.weight, at step 2") != std::string::npos);
  CHECK(read_file(folder / "run/checkpoint.safetensors") == before);
  CHECK_FALSE(fs::exists(folder / "run/checkpoints/0000003.safetensors"));
}

TEST_CASE("an op is found in its layer and pass, and steps that are good are found to be") {
  const TrainSettings settings = small_run("", nullptr).settings;
  const std::unique_ptr<Dataset> faces = open_dataset("synthetic", Split::train);
  const auto fresh = [&] {
    return make_train_state(settings, Tensor::from({0.5, 0.5, 0.5}, {3}), test_device());
  };
  CHECK(find_fault(fresh(), *faces, 1, 2).place.empty());
  TrainState state = fresh();
  for (StateEntry& entry : state.model.completion->state())
    if (entry.name == "layer05.conv.weight")  // finite, but not what it makes
      entry.variable.set_value(
          Tensor::full(entry.variable.shape(), 3e38, entry.variable.options()));
  const Fault fault = find_fault(std::move(state), *faces, 1, 2);
  INFO(fault.place);
  CHECK(fault.place.find("completion.layer05") != std::string::npos);
  CHECK(fault.place.ends_with("forward"));
  CHECK(fault.step == 1);
}

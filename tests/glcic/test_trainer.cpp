#include <doctest/doctest.h>

#include <filesystem>
#include <sstream>

#include "glcic/schedule.h"
#include "glcic/trainer.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tensor/io/safetensors.h"
#include "tests/device.h"
#include "tests/glcic/small_run.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// The columns that do not depend on the clock.
std::string without_clock(const std::string& line) {
  std::istringstream cells(line);
  std::string kept, cell;
  for (int column = 0; std::getline(cells, cell, ','); ++column)
    if (column != 3 && column != 12) kept += cell + ",";
  return kept;
}

void check_same_tensors(const std::string& a, const std::string& b) {
  SafeTensors first = read_safetensors(a), second = read_safetensors(b);
  REQUIRE(first.tensors.size() == second.tensors.size());
  for (const auto& [name, value] : first.tensors) {
    CAPTURE(name);
    REQUIRE(value.to_vector() == second.tensors.at(name).to_vector());
  }
}

}  // namespace

TEST_CASE("a run leaves a checkpoint, a line of metrics a step, and sheets of samples") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.validate = true;
  Position end = train(options);
  CHECK(end.phase == 4);
  CHECK(end.step == 10);
  std::vector<std::string> metrics = lines_of(folder / "run/metrics.csv");
  REQUIRE(metrics.size() == 11);
  CHECK(metrics[1].starts_with("1,1,1,"));
  CHECK(metrics[5].starts_with("5,2,1,"));
  CHECK(metrics[10].starts_with("10,3,4,"));
  CHECK(std::filesystem::exists(folder / "run/samples/0000000.png"));
  CHECK(std::filesystem::exists(folder / "run/samples/0000010.png"));
  CHECK(lines_of(folder / "run/validation.csv").size() >= 3);
  TrainState state = read_checkpoint(folder / "run/checkpoint.safetensors", Device::cpu);
  CHECK(state.settings == options.settings);
  CHECK(state.position.step == 10);
}

TEST_CASE(
    "fault: resuming loses optimiser, step or random state: here it goes on to the same bits") {
  TemporaryFolder folder;
  Quiet quiet;
  train(small_run(folder / "whole", quiet.stream));
  for (int64_t stop_at : {1, 4, 5, 8}) {  // within each phase, and between two
    CAPTURE(stop_at);
    TrainOptions options = small_run(folder / ("run" + std::to_string(stop_at)), quiet.stream);
    options.stop = [&](const Position& position) { return position.step == stop_at; };
    CHECK(train(options).step == stop_at);
    options.stop = {};
    options.settings = {};  // a checkpoint holds its own
    options.resume = true;
    options.loader_threads = 2;
    CHECK(train(options).phase == 4);
    check_same_tensors(options.run + "/checkpoint.safetensors",
                       folder / "whole/checkpoint.safetensors");
    std::vector<std::string> lines = lines_of(options.run + "/metrics.csv");
    std::vector<std::string> expected = lines_of(folder / "whole/metrics.csv");
    REQUIRE(lines.size() == expected.size());
    for (size_t i = 0; i < lines.size(); ++i)
      CHECK(without_clock(lines[i]) == without_clock(expected[i]));
  }
}

TEST_CASE("metrics that were written after the checkpoint are dropped on resuming") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.stop = [](const Position& position) { return position.step == 3; };
  train(options);
  std::string metrics = read_file(folder / "run/metrics.csv");
  write_file_atomically(folder / "run/metrics.csv", metrics + "4,1,4,9,9,,,,,,,0.0004,9\n5,1,");
  options.stop = {};
  options.resume = true;
  train(options);
  CHECK(lines_of(folder / "run/metrics.csv").size() == 11);
}

TEST_CASE("another seed gives another run") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "a", quiet.stream);
  options.settings.steps = {1, 0, 0};
  train(options);
  options.run = folder / "b";
  options.settings.seed = 4;
  train(options);
  CHECK(without_clock(lines_of(folder / "a/metrics.csv")[1]) !=
        without_clock(lines_of(folder / "b/metrics.csv")[1]));
}

TEST_CASE("a run is neither overwritten nor invented") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.resume = true;
  CHECK_THROWS_WITH_AS(train(options), doctest::Contains("no run to resume"), Error);
  options.resume = false;
  options.settings.steps = {1, 0, 0};
  train(options);
  std::string before = read_file(folder / "run/checkpoint.safetensors");
  CHECK_THROWS_WITH_AS(train(options), doctest::Contains("there is a run already"), Error);
  CHECK(read_file(folder / "run/checkpoint.safetensors") == before);
}

TEST_CASE("settings that no run can have are refused before anything is written") {
  TemporaryFolder folder;
  Quiet quiet;
  auto refused = [&](auto change, const char* sentence) {
    TrainOptions options = small_run(folder / "run", quiet.stream);
    change(options.settings);
    CHECK_THROWS_WITH_AS(train(options), doctest::Contains(sentence), Error);
    CHECK_FALSE(std::filesystem::exists(folder / "run"));
  };
  refused([](TrainSettings& s) { s.size = 30; }, "no discriminator fits size 30");
  refused([](TrainSettings& s) { s.width = 3; }, "width 3");
  refused([](TrainSettings& s) { s.batch = 0; }, "batch 0");
  refused([](TrainSettings& s) { s.holes = {8, 20}; }, "holes of 20");
  refused([](TrainSettings& s) { s.data = "/nonexistent"; }, "/nonexistent");
}

TEST_CASE("a damaged checkpoint is refused in one sentence") {
  TemporaryFolder folder;
  Quiet quiet;
  TrainOptions options = small_run(folder / "run", quiet.stream);
  options.settings.steps = {1, 0, 0};
  train(options);
  std::string path = folder / "run/checkpoint.safetensors";
  std::string good = read_file(path);
  std::filesystem::remove_all(folder / "run/checkpoints");
  write_file_atomically(path, good.substr(0, good.size() / 2));
  options.resume = true;
  CHECK_THROWS_WITH_AS(train(options), doctest::Contains("checkpoint.safetensors"), Error);
  SafeTensors weights_only;
  weights_only.tensors = save_model(make_model(16, 2, 1, Tensor::from({0.5, 0.5, 0.5}, {3})));
  write_safetensors(path, weights_only);
  CHECK_THROWS_WITH_AS(train(options), doctest::Contains("no checkpoint of glcic train"), Error);
}

TEST_CASE("a budget divides the clock over the phases") {
  Model model = make_model(16, 2, 1, Tensor::from({0.5, 0.5, 0.5}, {3}));
  Schedule schedule({.size = 16, .budget = 100, .shares = {0.7, 0.1, 0.2}}, *model.completion,
                    *model.discriminators);
  Position position{.seconds = 69};
  CHECK(schedule.advance(position));
  CHECK(position.phase == 1);
  position.seconds = 70.5;
  CHECK(schedule.advance(position));
  CHECK(position.phase == 2);
  position.seconds = 85;
  CHECK(schedule.advance(position));
  CHECK(position.phase == 3);
  position.seconds = 101;
  CHECK_FALSE(schedule.advance(position));
  CHECK(position.phase == 4);
}

TEST_CASE("a phase without steps is passed over, and the time left counts those to come") {
  Model model = make_model(16, 2, 1, Tensor::from({0.5, 0.5, 0.5}, {3}));
  Schedule schedule({.size = 16, .steps = {0, 10, 20}}, *model.completion, *model.discriminators);
  Position position;
  CHECK(schedule.advance(position));
  CHECK(position.phase == 2);
  schedule.measured(2, 1.0);
  schedule.measured(3, 2.0);
  position.phase_step = 4;
  CHECK(schedule.seconds_left(position) == doctest::Approx(6 + 40));
}

TEST_CASE("lengths of time and lists of steps are read, or refused in one sentence") {
  CHECK(seconds_from_string("10m") == 600);
  CHECK(seconds_from_string("90s") == 90);
  CHECK(seconds_from_string("1.5h") == 5400);
  CHECK(seconds_from_string("45") == 45);
  for (const char* text : {"", "m", "-3m", "0", "10 m", "10x", "nan", "inf"})
    CHECK_THROWS_WITH_AS(seconds_from_string(text), doctest::Contains("no length of time"), Error);
  CHECK(steps_from_string("10,0,3") == std::array<int64_t, 3>{10, 0, 3});
  for (const char* text : {"", "10", "10,2", "1,2,3,4", "1,2,x", "-1,2,3", "0,0,0", "1,,2"})
    CHECK_THROWS_WITH_AS(steps_from_string(text), doctest::Contains("no list of steps"), Error);
  CHECK(duration_string(100) == "1m40s");
  CHECK(duration_string(11100) == "3h05m");
  CHECK(duration_string(0.2) == "1s");
}

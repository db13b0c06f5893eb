#include <doctest/doctest.h>
#include <fmt/core.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <thread>

#include "glcic/run_folder.h"
#include "tests/glcic/child.h"
#include "tests/glcic/run_files.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// A checkpoint after every step, so that most moments are within one.
std::vector<std::string> first_words(const std::string& run, const std::string& data) {
  return {"train",   "--run",   run, "--data",    data, "--size",
          "16",      "--width", "2", "--batch",   "2",  "--steps",
          "20,5,20", "--seed",  "3", "--threads", "1",  "--checkpoint-every",
          "0"};
}

std::vector<std::string> resume_words(const std::string& run) {
  return {"train", "--run", run, "--resume", "--threads", "1", "--checkpoint-every", "0"};
}

struct Kills {
  int survived = 0;        // times that the process was killed
  int before_a_start = 0;  // of them: nothing was there yet to resume
  int with_leftovers = 0;  // of them: a checkpoint was half written
  int runs = 1;            // from the start
};

bool has_leftovers(const std::string& run) {
  std::error_code fault;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run, fault))
    if (entry.path().extension() == ".partial") return true;
  return !newest_checkpoint(run).skipped.empty();
}

/// Waits until it has begun, or resumed, to train, or has ended.
void wait_for_work(Child& child) {
  while (child.output().find("device: ") == std::string::npos && !child.has_ended())
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

using Time = std::chrono::microseconds;

Time since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<Time>(std::chrono::steady_clock::now() - start);
}

/// Trains into `run` and is killed `kills` times, at random moments up to `longest` after it went
/// to work, each fourth time after its very start; then it is left alone.
Kills train_under_fire(const std::string& run, const std::string& data, int kills, Time longest,
                       uint64_t seed) {
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int64_t> moment(0, longest.count());
  Kills counts;
  for (;;) {
    Child child(holds_run(run) ? resume_words(run) : first_words(run, data), run + ".log");
    if (counts.survived < kills) {
      if (counts.survived % 4 != 3) wait_for_work(child);
      std::this_thread::sleep_for(Time(moment(random)));
      child.signal(SIGKILL);
    }
    const int status = child.wait();
    CAPTURE(child.output());
    if (status != -SIGKILL) {
      REQUIRE(status == 0);
      if (counts.survived >= kills) return counts;
      std::filesystem::remove_all(run);  // done before its kills: once more from the start
      ++counts.runs;
      continue;
    }
    ++counts.survived;
    counts.before_a_start += !holds_run(run);
    counts.with_leftovers += has_leftovers(run);
  }
}

/// KILLS of the environment: `make test-kill KILLS=50`.
int wanted_kills() {
  const char* text = std::getenv("KILLS");
  return text == nullptr ? 12 : std::atoi(text);
}

}  // namespace

TEST_CASE("fault: killed at any moment: a run goes on to the same bits, weights and metrics") {
  const TemporaryFolder folder;
  const std::string whole = folder / "whole", run = folder / "run", data = folder / "pictures";
  write_pictures(data, 40);
  Child undisturbed(first_words(whole, data), whole + ".log");
  wait_for_work(undisturbed);
  const auto start = std::chrono::steady_clock::now();
  REQUIRE(undisturbed.wait() == 0);
  const Kills kills = train_under_fire(run, data, wanted_kills(), since(start) / 4, 5);
  MESSAGE(fmt::format("killed {} times: {} before the first checkpoint, {} within one; {} runs",
                      kills.survived, kills.before_a_start, kills.with_leftovers, kills.runs));
  CHECK(bits_of(run + "/checkpoint.safetensors") == bits_of(whole + "/checkpoint.safetensors"));
  CHECK(metrics_without_clock(run + "/metrics.csv") ==
        metrics_without_clock(whole + "/metrics.csv"));
}

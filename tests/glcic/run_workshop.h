#pragma once
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/glcic/child.h"
#include "tests/glcic/run_files.h"
#include "tests/temporary_folder.h"

namespace kintsugi {

using Words = std::vector<std::string>;

constexpr int kPictures = 40;

/// Steps of a small network.
struct RunSettings {
  std::string steps = "5,2,5";
  std::string checkpoint_every = "0";  // seconds: after each step
  Words more = {};
};

inline Words train(const std::string& run, const std::string& data, const RunSettings& settings) {
  Words words = {"train",
                 "--run",
                 run,
                 "--data",
                 data,
                 "--size",
                 "16",
                 "--width",
                 "2",
                 "--batch",
                 "2",
                 "--threads",
                 "1",
                 "--steps",
                 settings.steps,
                 "--checkpoint-every",
                 settings.checkpoint_every};
  words.insert(words.end(), settings.more.begin(), settings.more.end());
  return words;
}

inline Words resume(const std::string& run) {
  return {"train", "--run", run, "--resume", "--threads", "1", "--checkpoint-every", "0"};
}

struct RunOutcome {
  int status;
  std::string output;
};

/// The command in a process of its own, to its end.
inline RunOutcome outcome_of(const Words& words, const std::string& log,
                             const std::function<void()>& prepare = {}) {
  Child child(words, log, prepare);
  const int status = child.wait();
  return {status, child.output()};
}

/// It ended with status 2, and what it said last is one sentence with `part` in it.
inline void check_refused(const RunOutcome& outcome, const std::string& part) {
  CAPTURE(outcome.output);
  CHECK(outcome.status == 2);
  CHECK(outcome.output.find("glcic: ") != std::string::npos);
  const std::string sentence = outcome.output.substr(outcome.output.rfind("glcic: "));
  CHECK_MESSAGE(sentence.find(part) != std::string::npos, part);
  CHECK(sentence.find('\n') == sentence.size() - 1);
}

inline void check_done(const RunOutcome& outcome) {
  CAPTURE(outcome.output);
  CHECK(outcome.status == 0);
}

/// A run that nothing ever happened to, and one at work on the same settings.
struct RunWorkshop {
  TemporaryFolder folder;
  std::string run = folder / "run", log = folder / "log", pictures = folder / "pictures";

  RunWorkshop() { write_pictures(pictures, kPictures); }

  Words train(const RunSettings& settings = {}) const {
    return kintsugi::train(run, pictures, settings);
  }

  /// The run ended with the bits of one that nothing happened to.
  void check_same_as_undisturbed(const RunSettings& settings = {}) const {
    const std::string whole = folder / "whole";
    check_done(outcome_of(kintsugi::train(whole, pictures, settings), folder / "whole.log"));
    CHECK(bits_of(run + "/checkpoint.safetensors") == bits_of(whole + "/checkpoint.safetensors"));
    CHECK(metrics_without_clock(run + "/metrics.csv") ==
          metrics_without_clock(whole + "/metrics.csv"));
  }
};

/// Until `happened`, but no longer than the process runs.
template <class Condition>
void wait_until(Child& child, Condition&& happened) {
  while (!happened() && !child.has_ended())
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

}  // namespace kintsugi

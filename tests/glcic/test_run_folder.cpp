#include <doctest/doctest.h>

#include <array>
#include <filesystem>

#include "glcic/run_folder.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace fs = std::filesystem;

namespace {

/// The checkpoint of a step, in two parts.
void write(const RunFolder& folder, int64_t step, std::string_view text, int keep) {
  folder.write_checkpoint(step, std::array{text.substr(0, 3), text.substr(3)}, keep);
}

/// Checkpoints of steps 0, 10, …, 40, of which three are kept.
std::string run_with_checkpoints(const TemporaryFolder& folder) {
  const std::string run = folder / "run";
  const RunFolder open(run);
  for (int64_t step = 0; step <= 40; step += 10)
    write(open, step, fmt::format("weights of step {}", step), 3);
  return run;
}

std::string weights(const std::string& run, int step) {
  return fmt::format("{}/checkpoints/{:07}.safetensors", run, step);
}
std::string marker(const std::string& run, int step) {
  return fmt::format("{}/checkpoints/{:07}.complete", run, step);
}

size_t files_in(const std::string& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("the last few checkpoints are kept, each with its marker, and the newest once more") {
  const TemporaryFolder folder;
  const std::string run = run_with_checkpoints(folder);
  CHECK(files_in(run + "/checkpoints") == 6);
  for (const int step : {20, 30, 40}) {
    CHECK(read_file(weights(run, step)) == fmt::format("weights of step {}", step));
    CHECK(read_file(marker(run, step)).starts_with("bytes 18\nfnv1a "));
  }
  CHECK(read_file(run + "/checkpoint.safetensors") == "weights of step 40");
  CHECK(fs::equivalent(run + "/checkpoint.safetensors", weights(run, 40)));
  CHECK(files_in(run) == 2);  // the lock is gone
  const CheckpointSearch found = newest_checkpoint(run);
  CHECK(found.path == weights(run, 40));
  CHECK(found.skipped.empty());
}

TEST_CASE("a checkpoint counts only when its marker is there and fits it") {
  const TemporaryFolder folder;
  const std::string run = run_with_checkpoints(folder);
  const auto check_skipped = [&](const char* reason) {
    const CheckpointSearch found = newest_checkpoint(run);
    CHECK(found.path == weights(run, 30));
    REQUIRE(found.skipped.size() == 1);
    CHECK(found.skipped[0].starts_with(weights(run, 40)));
    CHECK(found.skipped[0].find(reason) != std::string::npos);
  };
  const std::string good = read_file(weights(run, 40)), mark = read_file(marker(run, 40));
  for (size_t i = 0; i < good.size(); ++i) {  // one bit flipped
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1 << (i % 8));
    write_file_atomically(weights(run, 40), bad);
    check_skipped("is damaged");
  }
  write_file_atomically(weights(run, 40), good.substr(0, 9));  // truncated
  check_skipped("is damaged");
  write_file_atomically(weights(run, 40), good);
  for (const std::string& bad : {std::string(), mark.substr(0, 12), std::string("bytes 18\n")}) {
    write_file_atomically(marker(run, 40), bad);
    check_skipped("is damaged");
  }
  fs::remove(marker(run, 40));  // killed between the two
  check_skipped("not written to its end");
  write_file_atomically(marker(run, 40), mark);
  CHECK(newest_checkpoint(run).path == weights(run, 40));
}

TEST_CASE("where no checkpoint counts there is none, and each says why") {
  const TemporaryFolder folder;
  const std::string run = run_with_checkpoints(folder);
  for (const int step : {20, 30, 40}) fs::resize_file(weights(run, step), 3);
  const CheckpointSearch found = newest_checkpoint(run);
  CHECK(found.path.empty());
  CHECK(found.skipped.size() == 3);
  CHECK(holds_run(run));
  CHECK_FALSE(holds_run(folder / "nothing"));
  CHECK(newest_checkpoint(folder / "nothing").path.empty());
}

TEST_CASE("a run without the folder of checkpoints has checkpoint.safetensors") {
  const TemporaryFolder folder;
  const std::string run = run_with_checkpoints(folder);
  fs::remove_all(run + "/checkpoints");
  CHECK(holds_run(run));
  CHECK(newest_checkpoint(run).path == run + "/checkpoint.safetensors");
}

TEST_CASE("leftovers of an interrupted process and of steps to come are cleared away") {
  const TemporaryFolder folder;
  const std::string run = run_with_checkpoints(folder);
  for (const char* leftover :
       {"/checkpoints/0000025.safetensors", "/checkpoint.safetensors.partial",
        "/checkpoints/0000050.safetensors.partial", "/checkpoints/0000050.complete", "/lock"})
    write_file_atomically(run + leftover, "half");
  const RunFolder open(run);
  write(open, 45, "weights of step 45", 3);
  CHECK(files_in(run + "/checkpoints") == 6);
  for (const int step : {30, 40, 45}) CHECK(fs::exists(marker(run, step)));
  CHECK(files_in(run) == 3);  // with the lock
  CHECK(newest_checkpoint(run).path == weights(run, 45));
}

TEST_CASE("a checkpoint that counts is not written again, one that is damaged is") {
  const TemporaryFolder folder;
  const std::string run = run_with_checkpoints(folder);
  const RunFolder open(run);
  write(open, 40, "weights of step 4x", 3);
  CHECK(read_file(weights(run, 40)) == "weights of step 40");
  fs::resize_file(weights(run, 40), 5);
  write(open, 40, "weights of step 40", 3);
  CHECK(newest_checkpoint(run).path == weights(run, 40));
  CHECK(read_file(run + "/checkpoint.safetensors") == "weights of step 40");
}

TEST_CASE("a folder is held by one at a time, and its lock file is nothing without its holder") {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  {
    const RunFolder first(run);
    CHECK(sentence_of([&] { RunFolder second(run); }) ==
          run + ": another process trains into this folder");
    CHECK(fs::exists(run + "/lock"));
    write(first, 0, "weights", 1);
  }
  CHECK_FALSE(fs::exists(run + "/lock"));
  write_file_atomically(run + "/lock", "");  // as a killed process leaves it
  CHECK_NOTHROW(RunFolder{run});
}

TEST_CASE("a new folder that nothing was written into goes again") {
  const TemporaryFolder folder;
  { const RunFolder open(folder / "run"); }
  CHECK_FALSE(fs::exists(folder / "run"));
  fs::create_directory(folder / "mine");
  { const RunFolder open(folder / "mine"); }
  CHECK(fs::exists(folder / "mine"));
}

TEST_CASE("a folder that vanishes, or that another takes the place of, is not written to") {
  const TemporaryFolder folder;
  const std::string run = folder / "run";
  const RunFolder open(run);
  write(open, 0, "weights", 1);
  CHECK_NOTHROW(open.check_there());
  fs::rename(run, folder / "elsewhere");
  CHECK_THROWS_WITH_AS(open.check_there(), doctest::Contains("has vanished"), Error);
  CHECK_THROWS_WITH_AS(write(open, 1, "more", 1), doctest::Contains("has vanished"), Error);
  CHECK_FALSE(fs::exists(run));
  const RunFolder other(run);
  CHECK_THROWS_WITH_AS(write(open, 1, "more", 1), doctest::Contains("has vanished"), Error);
  CHECK(newest_checkpoint(run).path.empty());
}

#include <doctest/doctest.h>
#include <linux/capability.h>

#include <filesystem>

#include "glcic/loader.h"
#include "glcic/run_folder.h"
#include "tensor/error.h"
#include "tests/glcic/run_workshop.h"

using namespace kintsugi;

namespace fs = std::filesystem;

namespace {

const RunSettings kEndless = {.steps = "1000000,0,0"};

bool has_steps(const std::string& run) {
  std::error_code ignored;
  return fs::exists(run + "/checkpoints/0000003.complete", ignored) ||
         fs::exists(run + "/checkpoints/0000004.complete", ignored);
}

std::string newest(const std::string& run) { return newest_checkpoint(run).path; }

}  // namespace

TEST_CASE("fault: the newest checkpoint is truncated: the one before it is resumed from") {
  const RunWorkshop shop;
  check_done(outcome_of(shop.train(), shop.log));
  const std::string damaged = newest(shop.run);
  fs::resize_file(damaged, fs::file_size(damaged) / 2);
  const RunOutcome outcome = outcome_of(resume(shop.run), shop.log);
  check_done(outcome);
  CHECK(outcome.output.find("skipped: " + damaged + " is damaged") != std::string::npos);
  CHECK(outcome.output.find("goes on from " + shop.run + "/checkpoints/0000011.safetensors") !=
        std::string::npos);
  shop.check_same_as_undisturbed();
}

TEST_CASE("fault: a bit of the newest checkpoint has flipped: the one before it is resumed from") {
  const RunWorkshop shop;
  check_done(outcome_of(shop.train(), shop.log));
  const std::string damaged = newest(shop.run);
  std::string bytes = read_file(damaged);
  bytes[bytes.size() - 100] = static_cast<char>(bytes[bytes.size() - 100] ^ 8);
  write_file_atomically(damaged, bytes);
  const RunOutcome outcome = outcome_of(resume(shop.run), shop.log);
  check_done(outcome);
  CHECK(outcome.output.find("skipped: " + damaged + " is damaged") != std::string::npos);
  shop.check_same_as_undisturbed();
}

TEST_CASE("fault: a checkpoint is half written: it does not count, and the next one clears it") {
  const RunWorkshop shop;
  Child child(shop.train(kEndless), shop.log);
  wait_until(child, [&] { return has_steps(shop.run); });
  child.signal(SIGTERM);
  REQUIRE(child.wait() == 130);
  const std::string last = newest(shop.run);
  const std::string half = read_file(last).substr(0, 5000);
  write_file_atomically(shop.run + "/checkpoints/0999998.safetensors", half);
  write_file_atomically(shop.run + "/checkpoints/0999999.safetensors.partial", half);
  Child resumed(resume(shop.run), shop.log);
  wait_until(resumed, [&] {
    return !fs::exists(shop.run + "/checkpoints/0999998.safetensors") && newest(shop.run) > last;
  });
  resumed.signal(SIGTERM);
  CHECK(resumed.wait() == 130);
  CAPTURE(resumed.output());
  CHECK(resumed.output().find("0999998.safetensors was not written to its end") !=
        std::string::npos);
  CHECK_FALSE(fs::exists(shop.run + "/checkpoints/0999999.safetensors.partial"));
}

TEST_CASE("fault: every checkpoint is damaged: resuming is refused and changes nothing") {
  const RunWorkshop shop;
  check_done(outcome_of(shop.train(), shop.log));
  for (const auto& entry : fs::directory_iterator(shop.run + "/checkpoints"))
    if (entry.path().extension() == ".safetensors") fs::resize_file(entry.path(), 100);
  const std::string metrics = read_file(shop.run + "/metrics.csv");
  check_refused(outcome_of(resume(shop.run), shop.log), "none of its checkpoints counts");
  check_refused(outcome_of(shop.train(), shop.log), "there is a run already");
  CHECK(read_file(shop.run + "/metrics.csv") == metrics);
}

TEST_CASE("fault: the disk is full: one sentence, and the last checkpoint stays") {
  const RunWorkshop shop;
  const RunSettings settings{.steps = "20,0,5"};
  Child child(shop.train(settings), shop.log);
  wait_until(child, [&] { return has_steps(shop.run); });
  child.signal(SIGTERM);
  REQUIRE(child.wait() == 130);
  const std::string last = newest(shop.run), before = read_file(last);
  const auto little_room = [] {  // no file may grow longer: write() fails, as on a full disk
    const rlimit limit{.rlim_cur = 16384, .rlim_max = 16384};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
  };
  check_refused(outcome_of(resume(shop.run), shop.log, little_room),
                "cannot write " + shop.run + "/checkpoints/");
  CHECK(newest(shop.run) == last);
  CHECK(read_file(last) == before);
  for (const auto& entry : fs::recursive_directory_iterator(shop.run))
    CHECK(entry.path().extension() != ".partial");
  check_done(outcome_of(resume(shop.run), shop.log));  // there is room again
  shop.check_same_as_undisturbed(settings);
}

TEST_CASE("fault: the run's folder vanishes: the run ends and does not make another") {
  const RunWorkshop shop;
  Child child(shop.train(kEndless), shop.log);
  wait_until(child, [&] { return has_steps(shop.run); });
  fs::rename(shop.run, shop.folder / "elsewhere");
  const int status = child.wait();
  const std::string output = child.output();
  CHECK_FALSE(newest(shop.folder / "elsewhere").empty());
  CHECK_FALSE(fs::exists(shop.run + "/checkpoints"));
  CAPTURE(output);
  CHECK(status == 2);
  CHECK(output.find(shop.run) != std::string::npos);
}

TEST_CASE("fault: the folder is read-only: one sentence before any work") {
  const RunWorkshop shop;
  fs::create_directory(shop.run);
  fs::permissions(shop.run, fs::perms::owner_read | fs::perms::owner_exec);
  const auto as_anyone = [] { ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE); };  // root may write it
  check_refused(outcome_of(shop.train(), shop.log, as_anyone), "cannot be written to");
  check_refused(outcome_of(train(shop.run + "/deeper", shop.pictures, {}), shop.log, as_anyone),
                "cannot be made");
  CHECK(fs::is_empty(shop.run));
  fs::permissions(shop.run, fs::perms::owner_all);
}

TEST_CASE("fault: two runs into one folder: the second is refused, the first goes on") {
  const RunWorkshop shop;
  Child first(shop.train(kEndless), shop.log);
  wait_until(first, [&] { return has_steps(shop.run); });
  check_refused(outcome_of(resume(shop.run), shop.folder / "log2"), "another process trains");
  check_refused(outcome_of(shop.train(), shop.folder / "log2"), "another process trains");
  CHECK_FALSE(first.has_ended());
  first.signal(SIGKILL);  // its lock goes with it
  first.wait();
  CHECK(fs::exists(shop.run + "/lock"));
  Child second(resume(shop.run), shop.log);
  const std::string last = newest(shop.run);
  wait_until(second, [&] { return newest(shop.run) > last; });
  CHECK_FALSE(second.has_ended());
}

TEST_CASE("fault: SIGINT, SIGTERM, SIGHUP: the run stops after its step with a checkpoint") {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    CAPTURE(signal);
    const RunWorkshop shop;
    const RunSettings settings{.steps = "40,1,1", .checkpoint_every = "1000"};
    Child child(shop.train(settings), shop.log);
    wait_until(child, [&] { return child.output().find("phase 1") != std::string::npos; });
    child.signal(signal);
    CHECK(child.wait() == 130);
    CHECK(child.output().find("go on with: glcic train --run " + shop.run + " --resume") !=
          std::string::npos);
    CHECK(newest(shop.run) > shop.run + "/checkpoints/0000000.safetensors");
    check_done(outcome_of(resume(shop.run), shop.log));
    shop.check_same_as_undisturbed(settings);
  }
}

TEST_CASE("fault: pictures are damaged: they are passed over with a warning and a count") {
  const RunWorkshop shop;
  write_pictures(shop.pictures, kPictures, [](int i) { return i % 2 == 0; });
  const RunOutcome outcome = outcome_of(shop.train(), shop.log);
  check_done(outcome);
  CHECK(outcome.output.find("skipped: " + shop.pictures) != std::string::npos);
  CHECK(outcome.output.find("is damaged") != std::string::npos);
  CHECK(outcome.output.find("damaged pictures passed over: ") != std::string::npos);
  CHECK(read_file(shop.run + "/warnings.txt").find("passed over: ") != std::string::npos);
}

TEST_CASE("fault: pictures are damaged, with --strict: the run ends and keeps the steps so far") {
  const RunWorkshop shop;
  write_pictures(shop.pictures, kPictures, [](int i) { return i == 21; });
  const RunSettings settings{.steps = "30,2,2", .more = {"--strict"}};
  check_refused(outcome_of(shop.train(settings), shop.log), "is damaged");
  CHECK(newest(shop.run) > shop.run + "/checkpoints/0000000.safetensors");
  write_pictures(shop.pictures, kPictures);  // mended
  Words on = resume(shop.run);
  on.emplace_back("--strict");
  check_done(outcome_of(on, shop.log));
}

TEST_CASE("fault: pictures vanish: they are passed over, and where all have, one sentence tells") {
  const RunWorkshop shop;
  const auto pictures = open_dataset(shop.pictures, Split::train, {.cache_bytes = 0});
  const LoaderOptions options{.size = 16, .batch = 4};
  REQUIRE(make_batch(*pictures, options, 0).skipped.empty());
  const std::string one = pictures->name(0);
  for (int64_t i = 1; i < pictures->size(); ++i)
    fs::remove(shop.pictures + "/" + pictures->name(i));
  const Batch batch = make_batch(*pictures, options, 0);
  CHECK(batch.images.size(0) == 4);
  REQUIRE_FALSE(batch.skipped.empty());
  CHECK(batch.skipped[0].find("No such file") != std::string::npos);
  fs::remove(shop.pictures + "/" + one);
  CHECK_THROWS_WITH_AS(make_batch(*pictures, options, 0),
                       doctest::Contains("pictures in a row cannot be read"), Error);
}

TEST_CASE("fault: every picture is damaged, or there is none: refused, and no folder is made") {
  const RunWorkshop shop;
  write_pictures(shop.pictures, kPictures, [](int) { return true; });
  fs::create_directory(shop.folder / "empty");
  check_refused(outcome_of(shop.train(), shop.log), "can be read");
  check_refused(outcome_of(train(shop.run, shop.folder / "empty", {}), shop.log),
                "there are no PNG or JPEG files in the folder");
  check_refused(outcome_of(train(shop.run, shop.folder / "none", {}), shop.log),
                "there is no folder");
  CHECK_FALSE(fs::exists(shop.run));
}

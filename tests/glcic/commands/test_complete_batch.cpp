#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/glcic/commands/complete_workshop.h"

using namespace kintsugi;
namespace fs = std::filesystem;
using Json = nlohmann::json;
using Words = std::vector<std::string>;

TEST_CASE("a folder is completed picture by picture, and a failure does not stop the others") {
  const Workshop workshop;
  for (const char* folder : {"in", "in/sub", "masks"}) fs::create_directory(workshop / folder);
  for (const char* name : {"in/a.png", "in/b.png", "in/c.png", "in/sub/d.png"})
    fs::copy_file(workshop / "picture.png", workshop / name);
  write_file_atomically(workshop / "in/c.png", "no picture");
  write_file_atomically(workshop / "in/notes.txt", "no picture");
  fs::copy_file(workshop / "mask.png", workshop / "masks/a.png");
  fs::copy_file(workshop / "mask.png", workshop / "masks/c.png");
  const auto before = workshop.files();
  GlcicOutcome outcome;
  const std::string lines = stderr_of([&] {
    outcome = workshop.complete({{"--image", workshop / "in"},
                                 {"--mask", workshop / "masks"},
                                 {"--output", workshop / "out"},
                                 {"--report", workshop / "report.json"}});
  });
  check_refused(outcome, "2 of 3 pictures failed");
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 2);
  CHECK(lines.find("glcic: " + (workshop / "in/b.png") + ": " + (workshop / "masks") +
                   " has no mask for it\n") != std::string::npos);
  for (const auto& [path, bytes] : before) CHECK(read_file(path) == bytes);
  CHECK(changed_pixels(workshop / "in/a.png", workshop / "out/a.png") == 72);
  CHECK_FALSE(fs::exists(workshop / "out/b.png"));
  CHECK_FALSE(fs::exists(workshop / "out/d.png"));
  const Json report = Json::parse(read_file(workshop / "report.json"));
  CHECK(report["failed"] == 2);
  REQUIRE(report["pictures"].size() == 3);
  CHECK(report["pictures"][0]["error"].is_null());
  CHECK(report["pictures"][0]["hole_pixels"] == 72);
  CHECK(report["pictures"][0]["windows"].size() == 1);
  CHECK(report["pictures"][0]["mask"] == workshop / "masks/a.png");
  CHECK(report["pictures"][2]["error"].get<std::string>().find("c.png") != std::string::npos);
}

TEST_CASE("masks of a folder are found by name, beside the pictures too, or one serves all") {
  const Workshop workshop;
  fs::create_directory(workshop / "in");
  for (const char* name : {"in/a.png", "in/b.png"})
    fs::copy_file(workshop / "picture.png", workshop / name);
  const auto run = [&](const std::string& mask, const std::string& output) {
    return workshop.complete({{"--image", workshop / "in"},
                              {"--mask", mask.empty() ? "" : workshop / mask},
                              {"--output", workshop / output}},
                             mask.empty() ? Words{"--mask-rectangle", "1,1,2,2"} : Words{});
  };
  CHECK(run("mask.png", "one").errors == "");
  CHECK(changed_pixels(workshop / "in/b.png", workshop / "one/b.png") == 72);
  CHECK(run("", "rectangle").errors == "");
  CHECK(changed_pixels(workshop / "in/b.png", workshop / "rectangle/b.png") == 4);
  fs::copy_file(workshop / "mask.png", workshop / "in/a_mask.png");
  fs::copy_file(workshop / "mask.png", workshop / "in/b_mask.png");
  CHECK(run("in", "beside").errors == "");
  CHECK(changed_pixels(workshop / "in/a.png", workshop / "beside/a.png") == 72);
  CHECK_FALSE(fs::exists(workshop / "beside/a_mask.png"));

  const auto before = workshop.files();
  check_refused(run("mask.png", "in"), "folder of inputs");
  check_refused(run("mask.png", "absent/out"), "cannot make the folder");
  fs::create_directory(workshop / "empty");
  check_refused(workshop.complete({{"--image", workshop / "empty"}, {"--output", workshop / "o"}}),
                "there is no picture");
  check_refused(workshop.complete({{"--image", workshop / "in"},
                                   {"--output", workshop / "o"},
                                   {"--raw", workshop / "raw.npy"}}),
                "--raw is for one picture");
  CHECK(workshop.files() == before);
}

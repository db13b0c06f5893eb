#include <doctest/doctest.h>

#include <filesystem>

#include "glcic/checkpoint.h"
#include "glcic/recipe.h"
#include "tests/glcic/run_glcic.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

TrainSettings printed(std::vector<std::string> words) {
  words.insert(words.begin(), {"train", "--print"});
  const GlcicOutcome outcome = run_glcic(words);
  INFO(outcome.errors);
  REQUIRE(outcome.status == 0);
  return parse_recipe(outcome.output, "printed");
}

std::string refusal(std::vector<std::string> words) {
  words.insert(words.begin(), "train");
  const GlcicOutcome outcome = run_glcic(words);
  CHECK(outcome.status == 2);
  return outcome.errors;
}

}  // namespace

TEST_CASE(
    "glcic train --print tells the settings, of a recipe or the defaults, and trains nothing") {
  CHECK(printed({}) == TrainSettings{});
  CHECK(printed({"--recipe", "demo"}) == read_recipe("demo"));
  CHECK(printed({"--recipe", "places2"}).data.empty());
}

TEST_CASE("options that are given come before the recipe's, wherever they stand") {
  TrainSettings expected = read_recipe("demo");
  expected.data = "pictures";
  expected.size = 128;
  expected.width = 8;
  expected.batch = 4;
  expected.accumulate = 3;
  expected.steps = {5, 6, 7};
  expected.budget = 0;
  expected.seed = 9;
  expected.alpha = 0.25;
  expected.average = averaging_from_string("ema:0.9");
  expected.holes = {20, 30};
  expected.scale_range = 1.25;
  CHECK(printed({"--size",       "128",   "--width",       "8",     "--batch",   "4",
                 "--accumulate", "3",     "--steps",       "5,6,7", "--recipe",  "demo",
                 "--seed",       "9",     "--alpha",       "0.25",  "--average", "ema:0.9",
                 "--hole",       "20:30", "--scale-range", "1.25",  "--data",    "pictures"}) ==
        expected);
  CHECK(printed({"--recipe", "celeba", "--budget", "2m"}).budget == 120);
}

TEST_CASE("--alpha adaptive starts from the recipe's alpha, or the paper's") {
  CHECK(printed({"--alpha", "adaptive"}).adaptive_alpha);
  CHECK(printed({"--alpha", "adaptive"}).alpha == 0.0004);
  CHECK(printed({"--recipe", "demo", "--alpha", "adaptive"}).alpha == 0.0001);
  CHECK_FALSE(printed({"--alpha", "0.5"}).adaptive_alpha);
}

TEST_CASE("glcic train refuses in a sentence what it cannot do") {
  const auto has = [](const std::string& text, const char* part) {
    INFO(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(refusal({"--recipe", "nothing", "--run", "r"}), "no recipe is called \"nothing\"");
  has(refusal({"--recipe", "celeba", "--run", "r"}), "recipe celeba does not say which pictures");
  has(refusal({"--recipe", "demo"}), "--run is missing");
  has(refusal({"--run", "r", "--alpha", "much"}), "\"much\" is no weight");
  has(refusal({"--run", "r", "--average", "mean"}), "no way to average");
  has(refusal({"--run", "r", "--accumulate", "0"}), "accumulate 0");
  has(refusal({"--run", "r", "--recipe", "celeba", "--size", "64"}), "holes of 96 do not fit");
  for (const char* option : {"--recipe", "--accumulate", "--average", "--alpha"})
    has(refusal({"--run", "r", "--resume", option, "1"}), "cannot change when a run is resumed");
  CHECK_FALSE(std::filesystem::exists("r"));
}

TEST_CASE("a run by a recipe has its settings in the checkpoint") {
  TemporaryFolder folder;
  const std::string run = folder / "run";
  REQUIRE(run_glcic({"train", "--recipe", "demo", "--run", run, "--size", "16", "--hole", "4:6",
                     "--width", "2", "--steps", "1,0,0"})
              .status == 0);
  const TrainSettings settings =
      read_checkpoint(run + "/checkpoint.safetensors", Device::cpu).settings;
  CHECK(settings.batch == 8);
  CHECK(settings.alpha == 0.0001);
  CHECK(settings.width == 2);
}

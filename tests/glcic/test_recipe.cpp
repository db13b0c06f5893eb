#include <doctest/doctest.h>
#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "glcic/recipe.h"
#include "tensor/error.h"
#include "tensor/io/file.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// The recipe celeba, one key of it changed, or taken out.
std::string changed(const std::string& key, const nlohmann::json& value) {
  nlohmann::json recipe = nlohmann::json::parse(to_recipe(read_recipe("celeba")));
  recipe[key] = value;
  return recipe.dump();
}
std::string without(const std::string& key) {
  nlohmann::json recipe = nlohmann::json::parse(to_recipe(read_recipe("celeba")));
  recipe.erase(key);
  return recipe.dump();
}

void check_refused(const std::string& json, const std::string& sentence) {
  CAPTURE(json);
  CHECK_THROWS_WITH_AS(parse_recipe(json, "mine.json"), ("mine.json: " + sentence).c_str(), Error);
}

}  // namespace

TEST_CASE("the paper's own settings are among the recipes") {
  const TrainSettings scenes = read_recipe("places2");
  CHECK(scenes.size == 256);
  CHECK(scenes.width == 64);
  CHECK(scenes.batch * scenes.accumulate == 96);
  CHECK(scenes.steps == std::array<int64_t, 3>{90000, 10000, 400000});
  CHECK(scenes.holes == HoleRange{96, 128});
  CHECK(scenes.scale_range == 384.0 / 256);
  CHECK(scenes.alpha == 0.0004);
  CHECK(scenes.rho == 0.9);
  CHECK(scenes.eps == 1e-6);
  const TrainSettings faces = read_recipe("celeba");
  CHECK(faces.size == 160);
  CHECK(faces.holes == HoleRange{48, 96});
  CHECK(faces.scale_range == doctest::Approx(178.0 / 160));
}

TEST_CASE("every recipe of this program is read, and is the same once written and read again") {
  std::string names;
  for (const EmbeddedRecipe& recipe : embedded_recipes()) {
    names += std::string(recipe.name) + " ";
    const TrainSettings settings = read_recipe(std::string(recipe.name));
    CHECK(parse_recipe(to_recipe(settings), "again") == settings);
  }
  CHECK(names == "celeba demo faces64 places2 ");
}

TEST_CASE("a recipe is a file, too, and one that is not there is told with those that are") {
  TemporaryFolder folder;
  TrainSettings settings = read_recipe("demo");
  settings.seed = 77;
  write_file_atomically(folder / "mine.json", to_recipe(settings));
  CHECK(read_recipe(folder / "mine.json") == settings);
  CHECK_THROWS_WITH_AS(read_recipe("places3"),
                       doctest::Contains("there are celeba, demo, faces64, places2"), Error);
  CHECK_THROWS_WITH_AS(read_recipe(folder / "absent.json"), doctest::Contains("absent.json"),
                       Error);
}

TEST_CASE("faults of a recipe are told in a sentence with file and key") {
  check_refused("{", "no JSON: wrong at byte 2");
  check_refused("[1]", "no recipe: a JSON object is expected");
  check_refused(changed("siez", 64), "\"siez\" is no setting");
  check_refused(changed("a\n", 64), "\"a\\n\" is no setting");
  check_refused(changed("size", "64"), "\"size\" must be a whole number");
  check_refused(changed("size", 64.5), "\"size\" must be a whole number");
  check_refused(changed("size", 1e30), "\"size\" must be a whole number");
  check_refused(changed("size", 18446744073709551615u), "\"size\" must be a whole number");
  check_refused(changed("seed", -1), "\"seed\" must be a whole number, 0 or more");
  check_refused(changed("alpha", nullptr), "\"alpha\" must be a number");
  check_refused(changed("adaptive_alpha", 1), "\"adaptive_alpha\" must be true or false");
  check_refused(changed("steps", {1, 2}), "\"steps\" must be a list of three whole numbers");
  check_refused(changed("shares", {1, 0, "0"}), "\"shares\" must be a list of three numbers");
  check_refused(changed("about", 5), "\"about\" must be a text");
  check_refused(changed("average", "mean"),
                "\"average\": \"mean\" is no way to average weights: polynomial, none, or ema:D "
                "with D between 0 and 1, such as ema:0.999");
  check_refused(changed("batch", 0), "train: batch 0 must be 1 or more");
  check_refused(changed("accumulate", 0), "train: accumulate 0 must be 1 or more");
  check_refused(changed("steps", {0, 0, 0}), "train: steps 0,0,0 must not be negative, nor all 0");
  check_refused(changed("shares", {88, 4, 8}),
                "train: shares 88, 4, 8 must not be negative, and add up to 1");
  check_refused(changed("rho", 1), "train: rho 1 must be at least 0 and below 1");
  check_refused(changed("hole_low", 97), "train: holes from 97 to 96 cannot be");
  for (const char* key :
       {"architecture", "size", "width", "batch", "accumulate", "steps", "seed", "alpha",
        "adaptive_alpha", "rho", "eps", "average", "hole_low", "hole_high", "scale_range"})
    check_refused(without(key), fmt::format("\"{}\" is missing", key));
}

TEST_CASE("steps, or a budget with its shares, and pictures that may be named later") {
  nlohmann::json recipe = nlohmann::json::parse(without("steps"));
  recipe["budget"] = 60;
  CHECK(parse_recipe(recipe.dump(), "mine.json").budget == 60);
  recipe.erase("shares");
  check_refused(recipe.dump(), "\"shares\" is missing");
  CHECK(read_recipe("celeba").data.empty());
  CHECK(read_recipe("demo").data == "synthetic");
}

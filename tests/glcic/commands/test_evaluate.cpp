#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "glcic/inpainting/method.h"
#include "glcic/model.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tensor/io/safetensors.h"
#include "tests/glcic/run_glcic.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;
namespace fs = std::filesystem;
using Json = nlohmann::json;

namespace {

/// A folder with the weights of two small networks, and one with three pictures.
class Studio : public TemporaryFolder {
 public:
  Studio() {
    for (const uint64_t seed : {7, 8})
      write_safetensors(
          *this / fmt::format("weights{}.safetensors", seed),
          {save_model(make_model(16, 4, seed, Tensor::from({0.5, 0.4, 0.3}, {3}))), {}});
    fs::create_directory(*this / "pictures");
    Generator generator{.seed = 3};
    for (const char* name : {"a.png", "b.png", "c.png"})
      write_png(*this / (std::string("pictures/") + name), uniform({20, 18, 3}, 0, 1, generator));
  }

  /// `glcic evaluate` of the first weights on small drawn faces, and more words.
  GlcicOutcome evaluate(const std::vector<std::string>& more, const char* size = "16") const {
    std::vector<std::string> words{"evaluate", "--weights", *this / "weights7.safetensors",
                                   "--data",   "synthetic", "--size",
                                   size,       "--limit",   "2"};
    words.insert(words.end(), more.begin(), more.end());
    return run_glcic(words);
  }
  /// The same on the folder of pictures.
  GlcicOutcome evaluate_pictures(const std::vector<std::string>& more) const {
    std::vector<std::string> words{"evaluate", "--weights",        *this / "weights7.safetensors",
                                   "--data",   *this / "pictures", "--split",
                                   "all",      "--size",           "16"};
    words.insert(words.end(), more.begin(), more.end());
    return run_glcic(words);
  }
  Json json() const { return Json::parse(read_file(*this / "f.json")); }
  /// Every file and what is in it.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path()))
      if (entry.is_regular_file()) found[entry.path().string()] = read_file(entry.path().string());
    return found;
  }
};

std::vector<std::string> names(const Json& json) {
  std::vector<std::string> all;
  for (const Json& method : json["methods"]) all.push_back(method["name"]);
  return all;
}

/// Status 2, nothing on stdout, and one sentence that has `part` in it.
void check_refused(const GlcicOutcome& outcome, const std::string& part) {
  INFO(outcome.errors);
  CHECK(outcome.status == 2);
  CHECK(outcome.output.empty());
  CHECK(std::count(outcome.errors.begin(), outcome.errors.end(), '\n') == 1);
  CHECK(outcome.errors.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("glcic evaluate writes one evaluation as text, JSON, Markdown and a sheet") {
  const Studio studio;
  const GlcicOutcome outcome = studio.evaluate(
      {"--hole", "bins", "--seed", "5", "--methods", "mean-colour,diffusion", "--also",
       "other=" + (studio / "weights8.safetensors"), "--json", studio / "f.json", "--markdown",
       studio / "f.md", "--sheet", studio / "f.png", "--sheet-pictures", "2"});
  REQUIRE(outcome.errors == "");
  CHECK(outcome.status == 0);
  const Json json = studio.json();
  CHECK(names(json) == std::vector<std::string>{"GLCIC", "other", "mean colour", "diffusion"});
  CHECK(json["protocol"]["hole"] == "bins");
  CHECK(json["protocol"]["seed"] == 5);
  CHECK(json["protocol"]["weights"]["other"] == studio / "weights8.safetensors");
  CHECK(json["methods"][0]["bins"].size() == 4);
  CHECK(json["sheet"]["rows"].size() == 2);
  CHECK(json["sheet"]["columns"].size() == 6);
  const std::string value =
      fmt::format("{:.4f}", json["methods"][3]["bins"][2]["hole_l1"]["mean"].get<double>());
  CHECK(outcome.output.find(value) != std::string::npos);
  CHECK(read_file(studio / "f.md").find(value) != std::string::npos);
  // Two rows of six pictures of 16 pixels, 4 between and around them.
  CHECK(read_image(studio / "f.png").shape() == Shape{2 * 20 + 4, 6 * 20 + 4, 3});
}

TEST_CASE("glcic evaluate --baselines measures every method that learns nothing") {
  const Studio studio;
  REQUIRE(studio.evaluate({"--baselines", "--json", studio / "f.json"}).status == 0);
  std::vector<std::string> expected{"GLCIC"};
  for (const FillMethod& method : fill_methods()) expected.push_back(method.title);
  CHECK(names(studio.json()) == expected);
}

TEST_CASE("glcic evaluate --post gives each post-processing a row, --raw measures the output") {
  const Studio studio;
  REQUIRE(studio.evaluate({"--post", "none,poisson", "--json", studio / "f.json"}).status == 0);
  CHECK(names(studio.json()) == std::vector<std::string>{"GLCIC", "GLCIC + poisson"});
  REQUIRE(studio.evaluate({"--raw", "--json", studio / "f.json"}).status == 0);
  CHECK(studio.json()["protocol"]["measured"] == "raw");
}

TEST_CASE("the same command gives the same figures, for one thread and for two") {
  const Studio studio;
  const auto figures = [&](const char* threads) {
    REQUIRE(studio
                .evaluate({"--hole", "free-form-bins", "--methods", "diffusion", "--threads",
                           threads, "--json", studio / "f.json"})
                .status == 0);
    Json json = studio.json();
    for (Json& method : json["methods"]) method.erase("seconds");
    return json;
  };
  CHECK(figures("1") == figures("2"));
}

TEST_CASE("glcic evaluate refuses what it cannot do in a sentence, before it begins") {
  const Studio studio;
  const std::string weights = studio / "weights8.safetensors";
  const auto before = studio.files();
  check_refused(studio.evaluate({"--hole", "corner"}), "free-form, centre or random");
  check_refused(studio.evaluate({"--hole", "bins", "--hole-sides", "4:8"}), "--hole random");
  check_refused(studio.evaluate({"--methods", "magic"}), "\"magic\" is not a method");
  check_refused(studio.evaluate({"--methods", "diffusion", "--baselines"}), "--methods");
  check_refused(studio.evaluate({"--methods", "diffusion,diffusion"}), "two methods are called");
  check_refused(studio.evaluate({"--post", "magic"}), "\"magic\" is not a post-processing");
  check_refused(studio.evaluate({"--post", "poisson", "--raw"}), "without post-processing");
  check_refused(studio.evaluate({"--also", "other"}), "NAME=WEIGHTS");
  check_refused(studio.evaluate({"--also", "=" + weights}), "NAME=WEIGHTS");
  check_refused(studio.evaluate({"--also", "other=" + (studio / "absent")}), "absent");
  check_refused(studio.evaluate({"--also", "GLCIC=" + weights}), "two methods are called");
  check_refused(studio.evaluate({}, "18"), "not a multiple of 4");
  check_refused(studio.evaluate({"--json", studio / "f.md"}), "must end in .json");
  check_refused(studio.evaluate({"--markdown", studio / "f.txt"}), "must end in .md");
  check_refused(studio.evaluate({"--markdown", studio / "no/f.md"}), "there is no folder");
  check_refused(studio.evaluate({"--sheet", studio / "f.jpg"}), "must end in .png");
  check_refused(studio.evaluate({"--sheet-pictures", "0"}), "--sheet-pictures");
  CHECK(studio.files() == before);
}

TEST_CASE("a sheet is never written among the pictures that are measured") {
  const Studio studio;
  const auto before = studio.files();
  for (const char* name : {"pictures/a.png", "pictures/new.png", "pictures/../pictures/d.png"})
    check_refused(studio.evaluate_pictures({"--sheet", studio / name}), "among the pictures");
  CHECK(studio.files() == before);
  CHECK(studio.evaluate_pictures({"--sheet", studio / "sheet.png"}).status == 0);
}

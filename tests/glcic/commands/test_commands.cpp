#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "glcic/completer.h"
#include "glcic/inpainting/method.h"
#include "glcic/mask.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tensor/io/npy.h"
#include "tensor/io/safetensors.h"
#include "tests/device.h"
#include "tests/glcic/run_glcic.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;
namespace fs = std::filesystem;

namespace {

/// A folder with a picture of 22 x 18, a mask for it, and the weights of a small network.
class Workshop : public TemporaryFolder {
 public:
  Workshop() {
    Generator generator{.seed = 3};
    write_png(*this / "picture.png", uniform({18, 22, 3}, 0, 1, generator));
    const Hole hole{5, 4, 9, 8};
    write_png(*this / "mask.png", mask_from_holes({&hole, 1}, 18, 22));
    weights_ = make_model(16, 4, 7, Tensor::from({0.5, 0.4, 0.3}, {3}));
    write_safetensors(*this / "weights.safetensors", {save_model(weights_), {{"made", "here"}}});
  }

  const Model& model() const { return weights_; }
  /// Every file and what is in it.
  std::map<std::string, std::string> files() const {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path()))
      if (entry.is_regular_file()) found[entry.path().string()] = read_file(entry.path().string());
    return found;
  }
  /// `glcic complete` with the usual files, some of them replaced.
  GlcicOutcome complete(const std::map<std::string, std::string>& replaced = {}) const {
    std::map<std::string, std::string> options{{"--weights", *this / "weights.safetensors"},
                                               {"--image", *this / "picture.png"},
                                               {"--mask", *this / "mask.png"},
                                               {"--output", *this / "output.png"}};
    for (const auto& [name, value] : replaced) options[name] = value;
    std::vector<std::string> words{"complete"};
    for (const auto& [name, value] : options) words.insert(words.end(), {name, value});
    return run_glcic(words);
  }

 private:
  Model weights_;
};

/// Status 2, nothing on stdout, and one sentence that has `part` in it.
void check_refused(const GlcicOutcome& outcome, const std::string& part) {
  INFO(outcome.errors);
  CHECK(outcome.status == 2);
  CHECK(outcome.output.empty());
  CHECK(outcome.errors.starts_with("glcic: "));
  CHECK(std::count(outcome.errors.begin(), outcome.errors.end(), '\n') == 1);
  CHECK(outcome.errors.back() == '\n');
  CHECK(outcome.errors.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("a device that is not there is told in a sentence by every command that computes") {
  if (has_cuda()) return;
  const Workshop workshop;
  const auto before = workshop.files();
  std::string sentence;  // of this build and machine
  try {
    backend(Device::cuda);
  } catch (const Error& error) {
    sentence = error.what();
  }
  const bool is_known = sentence.find("built without CUDA") != std::string::npos ||
                        sentence.find("no CUDA device") != std::string::npos;
  CHECK_MESSAGE(is_known, sentence);
  check_refused(workshop.complete({{"--device", "cuda"}}), sentence);
  check_refused(run_glcic({"evaluate", "--weights", workshop / "weights.safetensors", "--data",
                           "synthetic", "--device", "cuda"}),
                sentence);
  check_refused(run_glcic({"train", "--data", "synthetic", "--run", workshop / "r", "--device",
                           "cuda", "--precision", "bf16"}),
                sentence);
  CHECK(workshop.files() == before);
}

TEST_CASE("glcic evaluate prints the figures and writes them as JSON") {
  const Workshop workshop;
  const GlcicOutcome outcome =
      run_glcic({"evaluate", "--weights", workshop / "weights.safetensors", "--data", "synthetic",
                 "--size", "16", "--hole", "random", "--hole-sides", "4:8", "--limit", "5",
                 "--baselines", "--json", workshop / "figures.json"});
  REQUIRE(outcome.errors == "");
  CHECK(outcome.status == 0);
  for (const char* word : {"GLCIC", "mean colour", "diffusion", "5 pictures of 16 x 16 px"})
    CHECK(outcome.output.find(word) != std::string::npos);
  const auto json = nlohmann::json::parse(read_file(workshop / "figures.json"));
  CHECK(json["protocol"]["pictures"] == 5);
  CHECK(json["methods"].size() == 1 + fill_methods().size());
}

TEST_CASE("glcic evaluate and train refuse bad input in a sentence and leave nothing behind") {
  const Workshop workshop;
  fs::create_directory(workshop / "empty");
  fs::create_directory(workshop / "run");
  write_file_atomically(workshop / "run/checkpoint.safetensors", "not a checkpoint");
  const auto before = workshop.files();
  const auto evaluate = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"evaluate", "--weights", workshop / "weights.safetensors"});
    return run_glcic(words);
  };
  check_refused(evaluate({"--data", workshop / "empty"}), workshop / "empty");
  check_refused(evaluate({"--data", workshop / "absent"}), "there is no folder");
  check_refused(evaluate({"--data", "synthetic", "--split", "exam"}), "exam");
  check_refused(evaluate({"--data", "synthetic", "--size", "30"}), "not a multiple of 4");
  check_refused(evaluate({"--data", "synthetic", "--hole", "corner"}), "centre or random");
  check_refused(evaluate({"--data", "synthetic", "--hole-sides", "4:8"}), "--hole random");
  check_refused(evaluate({"--data", "synthetic", "--json", workshop / "no/f.json"}), "no folder");

  const auto train = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"train", "--steps", "1,1,1", "--width", "4"});
    return run_glcic(words);
  };
  check_refused(train({"--data", workshop / "empty", "--run", workshop / "r"}), "empty");
  check_refused(train({"--data", "synthetic", "--size", "18", "--run", workshop / "r"}), "18");
  check_refused(run_glcic({"train", "--resume", "--run", workshop / "run"}),
                "checkpoint.safetensors");
  CHECK(workshop.files() == before);
}

TEST_CASE("glcic info prints the table of the reference, and reads the width off weights") {
  const GlcicOutcome paper = run_glcic({"info", "--size", "256"});
  CHECK(paper.status == 0);
  for (const char* word : {"6,072,131", "65.11 GFLOP", "303 x 303", "19,253,248", "25,808,384",
                           "conv 3x3, dilation 16, 256 → 256", "deconv 4x4"})
    CHECK_MESSAGE(paper.output.find(word) != std::string::npos, word);
  const Workshop workshop;
  const GlcicOutcome small = run_glcic({"info", "--weights", workshop / "weights.safetensors"});
  CHECK(small.status == 0);
  CHECK(small.output.find("width 4") != std::string::npos);
  CHECK(small.output.find("made: here") != std::string::npos);
  CHECK(small.output.find("discriminator") == std::string::npos);
  const GlcicOutcome judged =
      run_glcic({"info", "--weights", workshop / "weights.safetensors", "--size", "16"});
  CHECK(judged.output.find("global GLCIC discriminator for 16 x 16, width 4") != std::string::npos);
  check_refused(run_glcic({"info", "--size", "18"}), "18");
  check_refused(run_glcic({"info", "--width", "3"}), "width 3");
}

TEST_CASE("wrong words on the command line get a sentence and status 2, help gets 0") {
  check_refused(run_glcic({}), "(see glcic --help)");
  check_refused(run_glcic({"restore"}), "there is no command \"restore\"");
  check_refused(run_glcic({"complete"}), "is required (see glcic complete --help)");
  check_refused(run_glcic({"info", "--colour", "red"}), "--colour");
  for (const char* command : {"train", "complete", "evaluate", "info"}) {
    const GlcicOutcome help = run_glcic({command, "--help"});
    CHECK(help.status == 0);
    CHECK(help.output.find("--help") != std::string::npos);
  }
  const GlcicOutcome version = run_glcic({"--version"});
  CHECK(version.status == 0);
  CHECK(version.output == "glcic " KINTSUGI_VERSION "\n");
}

#include <doctest/doctest.h>

#include <filesystem>

#include "glcic/interchange/onnx_export.h"
#include "tensor/io/file.h"
#include "tensor/io/safetensors.h"
#include "tests/glcic/interchange/interchange_model.h"
#include "tests/glcic/interchange/t7_release.h"
#include "tests/glcic/run_glcic.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// A folder with weights of our own, and the same as a t7 file and under other names.
class Exchange : public TemporaryFolder {
 public:
  Exchange() {
    const Model model = drawn_model(true);
    write_safetensors(*this / "ours.safetensors", {save_model(model), {}});
    const StateDict weights = model.completion->save("completion.");
    write_file_atomically(*this / "theirs.t7", T7Release(weights, model.mean_pixel).bytes());
    StateDict theirs;
    for (const auto& [name, tensor] : weights) {
      const int place = 3 * std::stoi(name.substr(16, 2)) - (name[19] == 'n' ? 2 : 3);
      theirs[std::to_string(place) + name.substr(23)] = tensor;
    }
    write_safetensors(*this / "theirs.safetensors", {theirs, {}});
  }

  /// What `glcic complete` would take, from an output of `glcic import`.
  StateDict read(const std::string& name) const { return read_safetensors(*this / name).tensors; }
};

void check_refused(const GlcicOutcome& outcome, const std::string& part) {
  INFO(outcome.errors);
  CHECK(outcome.status == 2);
  CHECK(outcome.output.empty());
  CHECK(outcome.errors.find(part) != std::string::npos);
}

void check_same(const StateDict& a, const StateDict& b) {
  REQUIRE(a.size() == b.size());
  for (const auto& [name, tensor] : a) {
    CAPTURE(name);
    REQUIRE(b.contains(name));
    CHECK(b.at(name).to_vector() == tensor.to_vector());
  }
}

}  // namespace

TEST_CASE("glcic export writes the network as ONNX, whole or bare") {
  const Exchange exchange;
  const Model model = read_weights(exchange / "ours.safetensors");
  GlcicOutcome outcome = run_glcic(
      {"export", "--weights", exchange / "ours.safetensors", "--onnx", exchange / "whole.onnx"});
  CHECK(outcome.status == 0);
  CHECK(outcome.output.find("completed [N, 3, H, W]") != std::string::npos);
  CHECK(read_file(exchange / "whole.onnx") == format_onnx(model, OnnxGraph::completion));
  outcome = run_glcic({"export", "--weights", exchange / "ours.safetensors", "--onnx",
                       exchange / "bare.onnx", "--raw-network"});
  CHECK(outcome.status == 0);
  CHECK(read_file(exchange / "bare.onnx") == format_onnx(model, OnnxGraph::network));
}

TEST_CASE("glcic export refuses a name that is no .onnx, and weights that are none") {
  const Exchange exchange;
  check_refused(run_glcic({"export", "--weights", exchange / "ours.safetensors", "--onnx",
                           exchange / "ours.safetensors"}),
                ".onnx");
  check_refused(
      run_glcic({"export", "--weights", exchange / "theirs.t7", "--onnx", exchange / "out.onnx"}),
      "theirs.t7");
  CHECK_FALSE(std::filesystem::exists(exchange / "out.onnx"));
}

TEST_CASE("glcic import reads a t7 file, and a state_dict by its names, into weights of ours") {
  const Exchange exchange;
  CHECK(run_glcic({"import", "--t7", exchange / "theirs.t7", "--output",
                   exchange / "from_t7.safetensors"})
            .status == 0);
  check_same(exchange.read("from_t7.safetensors"), exchange.read("ours.safetensors"));
  CHECK(run_glcic({"import", "--weights", exchange / "theirs.safetensors", "--names",
                   "glcic/interchange/names/sequential.json", "--mean-pixel", "0.5,0.4,0.3",
                   "--output", exchange / "from_names.safetensors"})
            .status == 0);
  check_same(exchange.read("from_names.safetensors"), exchange.read("ours.safetensors"));
  CHECK(read_safetensors(exchange / "from_t7.safetensors").metadata.at("imported_from") ==
        "theirs.t7");
}

TEST_CASE("glcic import says what is missing, and writes nothing then") {
  const Exchange exchange;
  const std::string output = exchange / "out.safetensors";
  check_refused(run_glcic({"import", "--output", output}), "--names, or --t7");
  check_refused(
      run_glcic({"import", "--weights", exchange / "theirs.safetensors", "--output", output}),
      "belong together");
  check_refused(run_glcic({"import", "--t7", exchange / "ours.safetensors", "--output", output}),
                "ours.safetensors: ");
  check_refused(run_glcic({"import", "--t7", exchange / "theirs.t7", "--mean-pixel", "1,2",
                           "--output", output}),
                "--mean-pixel: its mean pixel has 2 numbers");
  check_refused(
      run_glcic({"import", "--t7", exchange / "theirs.t7", "--output", exchange / "theirs.t7"}),
      ".safetensors");
  CHECK_FALSE(std::filesystem::exists(output));
}

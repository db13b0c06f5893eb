#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <regex>

#include "examples/context_encoder/context_encoder.h"
#include "glcic/mask.h"
#include "glcic/model.h"
#include "tensor/io/file.h"
#include "tensor/io/image.h"
#include "tensor/io/safetensors.h"
#include "tests/glcic/run_glcic.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;
namespace fs = std::filesystem;

namespace {

/// A folder with a picture of 32 x 32, a mask for it, and weights, discriminators included.
class Workshop : public TemporaryFolder {
 public:
  explicit Workshop(const Architecture& architecture = glcic_architecture()) {
    Generator generator{.seed = 3};
    write_png(*this / "picture.png", uniform({32, 32, 3}, 0, 1, generator));
    const Hole hole{10, 8, 12, 9};
    write_png(*this / "mask.png", mask_from_holes({&hole, 1}, 32, 32));
    const Model model = make_model(32, 2, 7, Tensor::from({0.5, 0.4, 0.3}, {3}), architecture);
    write_safetensors(*this / "weights.safetensors", {save_model(model), {}});
  }
  GlcicOutcome inspect(const std::map<std::string, std::string>& replaced = {}) const {
    std::map<std::string, std::string> options{{"--weights", *this / "weights.safetensors"},
                                               {"--image", *this / "picture.png"},
                                               {"--mask", *this / "mask.png"},
                                               {"--out", *this / "page"}};
    for (const auto& [name, value] : replaced) options[name] = value;
    std::vector<std::string> words{"inspect"};
    for (const auto& [name, value] : options) words.insert(words.end(), {name, value});
    return run_glcic(words);
  }
};

/// Registered once in a program, by whichever test comes first.
const Architecture& context_encoder() {
  const Architecture encoder = context_encoder_architecture();
  for (const Architecture* known : architectures())
    if (known->name == encoder.name) return *known;
  register_architecture(encoder);
  return find_architecture(encoder.name);
}

void check_refused(const GlcicOutcome& outcome, const std::string& part) {
  INFO(outcome.errors);
  CHECK(outcome.status == 2);
  CHECK(outcome.output.empty());
  CHECK(outcome.errors.find(part) != std::string::npos);
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("glcic inspect writes one page that needs nothing else, and its pictures beside it") {
  const Workshop workshop;
  const GlcicOutcome outcome = workshop.inspect();
  INFO(outcome.errors);
  REQUIRE(outcome.status == 0);
  CHECK(has(outcome.output, "receptive field: 303 pixels; with dilation 1: 95\n"));
  CHECK(has(outcome.output, "page/index.html: 17 layers"));
  const std::string page = read_file(workshop / "page/index.html");
  const std::regex address("(src|href)=\"([^\"]{0,5})");
  for (std::sregex_iterator found(page.begin(), page.end(), address), end; found != end; ++found) {
    const std::string target = (*found)[2];
    CHECK_MESSAGE((target == "data:" || target == "#seen"), target);
  }
  for (const char* name :
       {"original", "completed", "field_effective", "field_effective_plain", "input_gradient_rgb",
        "layer01_filters_rgb", "layer07_activations", "layer10_field", "layer10_field_plain",
        "layer17_gradients", "layer12_filters", "judge_local_layer1_activations"})
    CHECK_MESSAGE(fs::exists(workshop / (std::string("page/") + name + ".png")), name);
  CHECK(has(page, "dilations 2, 4, 8, 16"));
  CHECK(has(page, "What the discriminators say"));
  CHECK_FALSE(has(page, "nan"));
  CHECK_FALSE(has(page, workshop.path()));
}

TEST_CASE("glcic inspect writes over nothing, and says in a sentence what it cannot do") {
  const Workshop workshop;
  fs::create_directory(workshop / "full");
  write_file_atomically(workshop / "full/kept.txt", "kept");
  check_refused(workshop.inspect({{"--out", workshop / "full"}}), "it is not empty");
  check_refused(workshop.inspect({{"--out", workshop / "mask.png"}}), "it is no folder");
  check_refused(workshop.inspect({{"--out", workshop / "no/where"}}), "there is no folder");
  check_refused(workshop.inspect({{"--image", workshop / "none.png"}}), "none.png");
  check_refused(workshop.inspect({{"--weights", workshop / "mask.png"}}), "mask.png");
  check_refused(workshop.inspect({{"--size", "30"}}), "--size 30 is not a multiple of 4");
  write_png(workshop / "small.png", Tensor::full({8, 8, 1}, 1));
  check_refused(workshop.inspect({{"--mask", workshop / "small.png"}}), "8");
  CHECK_FALSE(fs::exists(workshop / "page"));
  CHECK(read_file(workshop / "full/kept.txt") == "kept");
}

TEST_CASE("glcic inspect shows of the Context Encoder what it can, and says what it cannot") {
  const Workshop workshop(context_encoder());
  const GlcicOutcome outcome = workshop.inspect();
  INFO(outcome.errors);
  REQUIRE(outcome.status == 0);
  CHECK(has(outcome.output, "no receptive field to walk through"));
  const std::string page = read_file(workshop / "page/index.html");
  CHECK(has(page, "no receptive field to walk through"));
  CHECK(has(page, "bottleneck"));
  CHECK_FALSE(has(page, "id=\"stepper\""));
  CHECK(fs::exists(workshop / "page/encoder1_filters_rgb.png"));
}

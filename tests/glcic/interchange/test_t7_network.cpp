#include <doctest/doctest.h>

#include "glcic/completer.h"
#include "glcic/interchange/t7_network.h"
#include "glcic/mask.h"
#include "tests/glcic/interchange/interchange_model.h"
#include "tests/glcic/interchange/t7_release.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

T7Release release() {
  return {drawn_model().completion->save("completion."), Tensor::from({0.25, 0.5, 0.75}, {3})};
}

StateDict imported(const T7Release& release, const std::optional<Tensor>& mean_pixel = {}) {
  return weights_of_t7(parse_t7(release.bytes(), "places.t7"), mean_pixel);
}

/// The sentence that refuses a release, which names the file.
std::string refusal(const T7Release& release) {
  const std::string sentence = sentence_of([&] { imported(release); });
  CHECK(sentence.starts_with("places.t7: "));
  return sentence;
}

void check_says(const std::string& sentence, const std::string& part) {
  INFO(sentence);
  CHECK(sentence.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("the authors' kind of t7 file gives every weight, the mean pixel and the flag") {
  const StateDict weights = imported(release());
  const StateDict expected = drawn_model().completion->save("completion.");
  CHECK(weights.size() == expected.size() + 2);
  for (const auto& [name, tensor] : expected) {
    CAPTURE(name);
    REQUIRE(weights.contains(name));
    CHECK(weights.at(name).shape() == tensor.shape());
    CHECK(weights.at(name).to_vector() == tensor.to_vector());
  }
  CHECK(weights.at("mean_pixel").to_vector() == std::vector<double>{0.25, 0.5, 0.75});
  CHECK(load_model(weights, "places.t7", 0).mean_subtracted);
}

TEST_CASE(
    "a mean-subtracted network sees the picture less the mean, with the hole and the padding 0") {
  const Model model = load_model(imported(release()), "places.t7", 0);
  Generator generator{.seed = 4};
  const Tensor pictures = uniform({1, 12, 16, 3}, 0, 1, generator);
  const Hole hole{3, 2, 6, 7};
  const Tensor masks = masks_from_holes({&hole, 1}, 12, 16);
  model.completion->eval();
  // As the authors' program does it: subtract, then fill with zeros.
  const Tensor centred = ops::subtract(pictures, model.mean_pixel);
  const Tensor input = ops::concat({ops::where(masks, Tensor::scalar(0), centred), masks}, -1);
  const NoGrad no_grad;
  const std::vector<double> theirs = (*model.completion)(Variable(input)).value().to_vector();
  const std::vector<double> ours = run_completion(model, pictures, masks).to_vector();
  Model filled = model;
  filled.mean_subtracted = false;
  const std::vector<double> without = run_completion(filled, pictures, masks).to_vector();
  double difference = 0, unlike = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    difference = std::max(difference, std::abs(ours[i] - theirs[i]));
    unlike = std::max(unlike, std::abs(without[i] - theirs[i]));
  }
  CHECK(difference < 1e-6);
  CHECK(unlike > 1e-3);
}

TEST_CASE("a model that is mean-subtracted keeps the flag in its file, and no other has it") {
  Model model = drawn_model(true);
  CHECK(load_model(save_model(model), "file", 0).mean_subtracted);
  model.mean_subtracted = false;
  CHECK_FALSE(save_model(model).contains("mean_subtracted"));
  CHECK_FALSE(load_model(save_model(model), "file", 0).mean_subtracted);
}

TEST_CASE("a t7 file with the model alone takes the mean pixel from outside") {
  T7Release alone = release();
  alone.mean = {};
  const StateDict weights = imported(alone, Tensor::from({0.125, 0.5, 1}, {3}));
  CHECK(weights.at("mean_pixel").to_vector() == std::vector<double>{0.125, 0.5, 1});
  check_says(refusal(alone), "--mean-pixel");
}

TEST_CASE("a mean pixel in 0 … 255 is refused") {
  T7Release bytes = release();
  bytes.mean = Tensor::from({116, 114, 106}, {3});
  check_says(refusal(bytes), "holds 116");
}

TEST_CASE(
    "a t7 network with another order of modules, or other modules, is refused by the module") {
  T7Release swapped = release();
  std::swap(swapped.modules[4], swapped.modules[5]);
  check_says(refusal(swapped),
             "module 5 of its model is nn.ReLU, where GLCIC has SpatialBatchNormalization");
  T7Release other = release();
  other.modules[2].class_name = "nn.ELU";
  check_says(refusal(other), "module 3 of its model is nn.ELU, where GLCIC has ReLU");
  T7Release shorter = release();
  shorter.modules.pop_back();
  check_says(refusal(shorter), "ends after 49 modules");
  T7Release longer = release();
  longer.modules.push_back({"nn.Identity"});
  check_says(refusal(longer), "51 modules, but GLCIC has 50");
}

TEST_CASE("a t7 network whose layers walk otherwise is refused by module and number") {
  T7Release dilated = release();
  for (auto& [key, value] : dilated.modules[18].numbers)
    if (key == "dilationH") value = 3;
  check_says(refusal(dilated), "module 19 of its model has dilationH 3, where GLCIC has 2");
  T7Release eps = release();
  eps.modules[1].numbers[0].second = 1e-3;
  check_says(refusal(eps), "module 2 of its model has eps 0.001");
  T7Release adjusted = release();
  for (auto& [key, value] : adjusted.modules[36].numbers)
    if (key == "adjW") value = 1;
  check_says(refusal(adjusted), "adjW 1");
}

TEST_CASE("weights of a t7 network that are missing or of another shape are refused by name") {
  T7Release missing = release();
  missing.modules[0].tensors.pop_back();
  check_says(refusal(missing), "\"bias\" of module 1 of its model is not a tensor");
  T7Release narrow = release();
  narrow.modules[12].tensors[0].second = Tensor::zeros({16, 8, 3, 3});
  check_says(refusal(narrow),
             "completion.layer05.conv.weight has shape [16, 8, 3, 3], but GLCIC of width 4 takes "
             "[16, 16, 3, 3]");
}

TEST_CASE("a sequence of a t7 file that holds itself is refused") {
  T7Writer writer;
  writer.instance("nn.Sequential").table(1).text("modules").table(2);
  writer.number(1).reference(1).number(2).reference(1);
  const T7File file = parse_t7(writer.bytes(), "places.t7");
  check_says(sentence_of([&] { weights_of_t7(file, {}); }), "places.t7: its model has more than");
}

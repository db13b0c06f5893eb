#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "glcic/interchange/torch_names.h"
#include "tensor/io/file.h"
#include "tests/glcic/interchange/interchange_model.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;
using Json = nlohmann::json;

namespace {

const std::string kNames = "glcic/interchange/names/";

Json shipped(const std::string& name) { return Json::parse(read_file(kNames + name)); }

NameMapping parse(const Json& json) { return parse_name_mapping(json.dump(), "map.json"); }

/// What another program would save: `ours` renamed by hand, with counters that nothing takes.
StateDict named_by(const std::function<std::string(int layer, const std::string& rest)>& name) {
  StateDict theirs;
  for (const auto& [ours, tensor] : drawn_model().completion->save("completion.")) {
    const int layer = std::stoi(ours.substr(16, 2));
    theirs[name(layer, ours.substr(19))] = tensor;
  }
  return theirs;
}

StateDict sequential() {
  StateDict theirs = named_by([](int layer, const std::string& rest) {
    const int place = 3 * (layer - 1) + (rest.starts_with("norm.") ? 1 : 0);
    return std::to_string(place) + "." + rest.substr(5);
  });
  theirs["1.num_batches_tracked"] = Tensor::scalar(7, {.dtype = DType::float64});
  return theirs;
}

Tensor mean() { return Tensor::from({0.25, 0.5, 0.75}, {3}); }

void check_is_drawn_model(const StateDict& renamed) {
  for (const auto& [name, tensor] : drawn_model().completion->save("completion.")) {
    CAPTURE(name);
    REQUIRE(renamed.contains(name));
    CHECK(renamed.at(name).to_vector() == tensor.to_vector());
  }
}

std::string refusal(const Json& json) {
  return sentence_of([&] { parse(json); });
}

void check_says(const std::string& sentence, const std::string& part) {
  INFO(sentence);
  CHECK(sentence.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("the shipped names of a sequence find every weight where nn.Sequential puts it") {
  const StateDict renamed =
      rename_weights(sequential(), "theirs", parse(shipped("sequential.json")), mean());
  check_is_drawn_model(renamed);
  CHECK(renamed.at("mean_pixel").to_vector() == std::vector<double>{0.25, 0.5, 0.75});
  CHECK(load_model(renamed, "theirs", 0).mean_subtracted);
}

TEST_CASE("the shipped names with numbers find every weight, the transposed ones by their own") {
  const StateDict theirs = named_by([](int layer, const std::string& rest) {
    const std::string conv = layer == 13 || layer == 15 ? "deconv" : "conv";
    return (rest.starts_with("norm.") ? "bn" : conv) + std::to_string(layer) + "." + rest.substr(5);
  });
  const StateDict renamed =
      rename_weights(theirs, "theirs", parse(shipped("numbered.json")), mean());
  check_is_drawn_model(renamed);
  CHECK_FALSE(renamed.contains("mean_subtracted"));
}

TEST_CASE(
    "the mean pixel comes from outside, from the names file, or from a tensor in their file") {
  Json json = shipped("sequential.json");
  json["mean_pixel"] = {0.125, 0.25, 0.5};
  const std::vector<double> given{0.25, 0.5, 0.75}, stated{0.125, 0.25, 0.5}, held{1, 0, 1};
  const auto mean_of = [&](const StateDict& theirs, const std::optional<Tensor>& outside) {
    return rename_weights(theirs, "theirs", parse(json), outside).at("mean_pixel").to_vector();
  };
  CHECK(mean_of(sequential(), {}) == stated);
  CHECK(mean_of(sequential(), mean()) == given);
  json["mean_pixel"] = "mpv";
  StateDict theirs = sequential();
  theirs["mpv"] = Tensor::from({1, 0, 1}, {1, 3, 1, 1});
  CHECK(mean_of(theirs, {}) == held);
  theirs["mpv"] = Tensor::from({124, 117, 104}, {3});
  check_says(sentence_of([&] { mean_of(theirs, {}); }), "theirs: its mean pixel holds 124");
  check_says(sentence_of([&] { mean_of(sequential(), {}); }), "\"mpv\" is missing");
  json.erase("mean_pixel");
  check_says(sentence_of([&] { mean_of(sequential(), {}); }), "--mean-pixel");
}

TEST_CASE("a tensor that is missing, of another shape or left over is refused by its name") {
  const NameMapping mapping = parse(shipped("sequential.json"));
  const auto refused = [&](const StateDict& theirs) {
    return sentence_of([&] { rename_weights(theirs, "theirs", mapping, mean()); });
  };
  StateDict theirs = sequential();
  theirs.erase("12.bias");
  check_says(refused(theirs),
             "theirs: \"12.bias\" is missing, which map.json names for "
             "completion.layer05.conv.bias");
  theirs = sequential();
  theirs["12.weight"] = Tensor::zeros({16, 16, 5, 5});
  check_says(refused(theirs),
             "theirs: 12.weight (completion.layer05.conv.weight) has shape [16, 16, 5, 5], but "
             "GLCIC of width 4 takes [16, 16, 3, 3]");
  theirs = sequential();
  theirs["0.weight"] = Tensor::zeros({4});
  check_says(refused(theirs),
             "0.weight (completion.layer01.conv.weight) has shape [4], not 4 axes");
  theirs = sequential();
  theirs["fc.weight"] = theirs["fc.bias"] = Tensor::zeros({4});
  check_says(refused(theirs), "theirs: \"fc.bias\" and 1 more is not in map.json");
}

TEST_CASE("braces hold NN, N or a sum, and anything else is refused") {
  const auto name_of = [](const std::string& pattern) {
    Json json = shipped("sequential.json");
    json["names"]["completion.layer{NN}.conv.bias"] = pattern;
    return parse(json).theirs.at("completion.layer07.conv.bias");
  };
  CHECK(name_of("net.c{N}.bias") == "net.c7.bias");
  CHECK(name_of("c{NN}b{N+1}") == "c07b8");
  CHECK(name_of("{10N-1}") == "69");
  for (const std::string wrong : {"{", "{}", "{M}", "{3}", "{N+}", "{N-x}", "{NNN}", "{-N}",
                                  "{99999999999N}", "{N+99999999999}", "{N+-1}"})
    check_says(sentence_of([&] { name_of(wrong); }), "map.json: \"" + wrong + "\"");
}

TEST_CASE("a names file that is incomplete, ambiguous or of another order is refused") {
  const Json good = shipped("sequential.json");
  check_says(sentence_of([] { parse_name_mapping("{", "map.json"); }),
             "map.json: it is not a JSON");
  check_says(sentence_of([] { parse_name_mapping("[]", "map.json"); }),
             "map.json: it is not a JSON");
  Json json = good;
  json["names"].erase("completion.layer{NN}.norm.bias");
  check_says(refusal(json), "map.json: completion.layer01.norm.bias has no name");
  json = good;
  json["names"]["completion.layer18.conv.bias"] = "x";
  check_says(refusal(json), "\"completion.layer18.conv.bias\" is no weight");
  json = good;
  json["names"]["completion.layer03.conv.bias"] = "0.bias";
  check_says(refusal(json), "two weights are called \"0.bias\"");
  json = good;
  json["order"] = "conv, relu, norm";
  check_says(refusal(json), "the order of a layer is \"conv, relu, norm\"");
  json = good;
  json["input"] = "bgr";
  check_says(refusal(json), "\"input\" is \"bgr\"");
  json = good;
  json["means"] = 1;
  check_says(refusal(json), "\"means\" is not known");
  json = good;
  json["mean_pixel"] = {1, 2};
  check_says(refusal(json), "2 numbers, not 3");
  json["mean_pixel"] = true;
  check_says(refusal(json), "neither a list of numbers nor a name");
  json = good;
  json["ignored"] = "all";
  check_says(refusal(json), "\"ignored\" is no list");
}

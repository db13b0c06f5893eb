#include <doctest/doctest.h>

#include "autograd/ops.h"
#include "glcic/mask.h"
#include "glcic/model.h"
#include "layers/summary.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

int64_t judges_parameters(int64_t size, int64_t width) {
  return Discriminators(size, width).parameter_count();
}

}  // namespace

TEST_CASE("the completion network has the paper's parameters, cost and receptive field") {
  CompletionNetwork network(64);
  CHECK(network.parameter_count() == 6'072'131);
  std::vector<LayerSummary> rows = summarise(named_layers(network), {1, 256, 256, 4});
  REQUIRE(rows.size() == 17);
  CHECK(rows[0].parameters - 2 * 64 == 6'464);
  CHECK(rows[12].parameters - 2 * 128 == 524'416);
  CHECK(rows[16].parameters == 867);
  CHECK(rows[0].multiply_adds / 1'000'000 == 419);
  CHECK(rows[14].multiply_adds / 1'000'000 == 2'147);
  CHECK(rows[12].output == Shape{1, 128, 128, 128});
  CHECK(rows[16].output == Shape{1, 256, 256, 3});
  CHECK(rows[16].receptive_field == 303);
  CHECK(network.multiply_adds({1, 256, 256, 4}) == 2 * network.multiply_adds({1, 128, 256, 4}));
}

TEST_CASE("the discriminators have the paper's parameters at its sizes") {
  CHECK(judges_parameters(256, 64) == 45'063'681);
  CHECK(judges_parameters(128, 64) == 31'953'409);
  Discriminators judges(256, 64);
  CHECK(judges.local().parameter_count() == 19'253'248);
  CHECK(judges.global().parameter_count() == 25'808'384);
}

TEST_CASE("a discriminator has round(log2(size / 4)) convolutions") {
  for (const auto& [size, depth] :
       {std::pair{32, 3}, {48, 4}, {64, 4}, {80, 4}, {96, 5}, {128, 5}, {160, 5}, {256, 6}})
    CHECK_MESSAGE(discriminator_depth(size) == depth, size);
}

TEST_CASE("discriminators judge pictures of every size that the table allows") {
  for (int64_t size : {16, 20, 32, 44, 48, 64, 80, 96}) {
    CAPTURE(size);
    Discriminators judges(size, 2);
    Generator generator{.seed = 1};
    Variable pictures(uniform({3, size, size, 3}, 0, 1, generator));
    Variable patches(uniform({3, size / 2, size / 2, 3}, 0, 1, generator));
    CHECK(judges.judge(pictures, patches).shape() == Shape{3, 1});
  }
}

TEST_CASE("a size that no discriminator fits is refused up front") {
  for (int64_t size : {0, 8, 12, 30, 66})
    CHECK_THROWS_WITH_AS(Discriminators(size, 4), doctest::Contains("does not fit"), Error);
}

TEST_CASE("the completion network takes any size that is a multiple of 4, and says so") {
  CompletionNetwork network(2);
  network.eval();
  NoGrad no_grad;
  CHECK(network(Variable(Tensor::zeros({1, 20, 36, 4}))).shape() == Shape{1, 20, 36, 3});
  CHECK_THROWS_WITH_AS(network(Variable(Tensor::zeros({1, 20, 35, 4}))),
                       doctest::Contains("no multiple of 4"), ShapeError);
  CHECK_THROWS_WITH_AS(network(Variable(Tensor::zeros({1, 20, 36, 3}))),
                       doctest::Contains("not [N, H, W, 4]"), ShapeError);
}

TEST_CASE("inference does not depend on what else is in the batch") {
  CompletionNetwork network(4);
  Generator generator{.seed = 3};
  Tensor pictures = uniform({5, 32, 32, 4}, 0, 1, generator);
  network(Variable(pictures));  // moves the running statistics off 0 and 1
  network.eval();
  NoGrad no_grad;
  std::vector<double> together = network(Variable(pictures)).value().to_vector();
  std::vector<double> alone = network(Variable(ops::slice(pictures, 0, 2, 1))).value().to_vector();
  for (size_t i = 0; i < alone.size(); ++i)
    REQUIRE(alone[i] == doctest::Approx(together[2 * alone.size() + i]).epsilon(1e-5));
}

TEST_CASE("weights survive a file to the bit, whatever their width") {
  TemporaryFolder folder;
  std::string path = folder / "weights.safetensors";
  Model model = make_model(32, 6, 7, Tensor::from({0.5, 0.4, 0.3}, {3}));
  StateDict saved = save_model(model);
  Model again = load_model(saved, path, 32);
  CHECK(dynamic_cast<const CompletionNetwork&>(*again.completion).width() == 6);
  StateDict second = save_model(again);
  REQUIRE(second.size() == saved.size());
  for (const auto& [name, value] : saved) {
    CAPTURE(name);
    CHECK(second.at(name).shape() == value.shape());
    CHECK(second.at(name).to_vector() == value.to_vector());
  }
  CHECK(saved.at("discriminator.local.fc.weight").shape() == Shape{96, 4 * 4 * 12});
  CHECK(saved.at("completion.layer13.conv.weight").shape() == Shape{24, 12, 4, 4});
}

TEST_CASE("the weights of another network are refused in one sentence") {
  Tensor mean = Tensor::from({0.5, 0.4, 0.3}, {3});
  StateDict saved = save_model(make_model(32, 4, 7, mean));
  CHECK_THROWS_WITH_AS(load_model({}, "w.safetensors", 0),
                       doctest::Contains("w.safetensors: not the weights of GLCIC"), Error);
  CHECK_THROWS_WITH_AS(load_model(saved, "w.safetensors", 64), doctest::Contains("not the weights"),
                       Error);
  saved.erase("completion.layer05.norm.running_var");
  CHECK_THROWS_WITH_AS(load_model(saved, "w", 0),
                       doctest::Contains("completion.layer05.norm.running_var is missing"), Error);
}

TEST_CASE("the composite is the picture outside of the hole, bit for bit") {
  Generator generator{.seed = 5};
  Tensor images = uniform({2, 8, 8, 3}, 0, 1, generator);
  Tensor completed = uniform({2, 8, 8, 3}, 0, 1, generator);
  Tensor masks = masks_from_holes(std::vector<Hole>{{1, 2, 3, 4}, {0, 0, 8, 8}}, 8, 8);
  std::vector<double> result = composite(completed, images, masks).to_vector();
  std::vector<double> outside = images.to_vector(), inside = completed.to_vector();
  std::vector<double> mask = masks.to_vector();
  for (size_t i = 0; i < result.size(); ++i)
    REQUIRE(result[i] == (mask[i / 3] == 1 ? inside[i] : outside[i]));
  Tensor input = completion_input(images, masks, Tensor::from({0.1, 0.2, 0.3}, {3}));
  CHECK(input.shape() == Shape{2, 8, 8, 4});
  std::vector<double> seen = input.to_vector();
  size_t in_hole = (2 * 8 + 1) * 4;
  CHECK(seen[in_hole + 1] == doctest::Approx(0.2));
  CHECK(seen[in_hole + 3] == 1);
}

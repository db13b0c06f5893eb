#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "glcic/completer.h"
#include "glcic/evaluation.h"
#include "glcic/inpainting/poisson.h"
#include "tensor/error.h"
#include "tests/glcic/small_model.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// `count` pictures of one colour each: 0, 1/count, 2/count, …; number `damaged` cannot be read.
class Plain : public Dataset {
 public:
  explicit Plain(int64_t count, int64_t damaged = -1) : count_(count), damaged_(damaged) {}
  int64_t size() const override { return count_; }
  std::string name(int64_t index) const override { return fmt::format("plain {}", index); }
  Tensor picture(int64_t index, int64_t edge) const override {
    check(index != damaged_, "{} is damaged", name(index));
    return Tensor::full({edge, edge, 3}, static_cast<double>(index) / static_cast<double>(count_));
  }
  double scale_range() const override { return 1.0; }

 private:
  int64_t count_, damaged_;
};

const MethodResult& method(const Evaluation& evaluation, const std::string& name) {
  for (const MethodResult& m : evaluation.methods)
    if (m.name == name) return m;
  throw Error("no method " + name);
}

}  // namespace

TEST_CASE("hole PSNR and L1 look at the hole alone, over its pixels and channels") {
  const Tensor a = Tensor::zeros({2, 2, 3});
  const Tensor b = Tensor::from({9, 9, 9, 0.1, 0.1, 0.4, 0, 0, 0, 9, 9, 9}, {2, 2, 3});
  const Tensor mask = Tensor::from({0, 1, 1, 0}, {2, 2, 1});
  // (0.01 + 0.01 + 0.16) / 6 and (0.1 + 0.1 + 0.4) / 6
  CHECK(hole_psnr(a, b, mask) == doctest::Approx(-10 * std::log10(0.03)).epsilon(1e-6));
  CHECK(hole_l1(a, b, mask) == doctest::Approx(0.1).epsilon(1e-6));
  CHECK(hole_psnr(a, a, mask) == doctest::Approx(100));
  CHECK_THROWS_AS(hole_psnr(a, b, Tensor::zeros({2, 2, 1})), Error);
  CHECK_THROWS_AS(hole_l1(a, b, Tensor::zeros({2, 3, 1})), ShapeError);
}

TEST_CASE("the mean comes with its standard error") {
  const Estimate result = estimate({1, 2, 3, 6});
  CHECK(result.mean == doctest::Approx(3));
  CHECK(result.standard_error == doctest::Approx(std::sqrt(14.0 / 3 / 4)));
  CHECK(result.margin() == doctest::Approx(1.96 * result.standard_error));
  CHECK(estimate({5}).standard_error == 0.0);
  CHECK_THROWS_AS(estimate({}), Error);
}

TEST_CASE("a random hole depends on seed and picture alone, a centre hole on the size") {
  const EvaluationOptions random{.size = 32, .hole = HoleRule::random, .hole_range = {5, 9}};
  EvaluationOptions other = random;
  other.seed = 2;
  int moved = 0;
  std::set<int64_t> places;
  for (int64_t i = 0; i < 50; ++i) {
    const Hole hole = evaluation_hole(random, i);
    CHECK(hole == evaluation_hole(random, i));
    CHECK(std::min(hole.width, hole.height) >= 5);
    CHECK(std::max(hole.width, hole.height) <= 9);
    moved += !(hole == evaluation_hole(other, i));
    places.insert(hole.x);
  }
  CHECK(moved > 40);
  CHECK(places.size() > 10);
  CHECK(evaluation_hole({.size = 64}, 7) == Hole{16, 16, 32, 32});
}

TEST_CASE("an evaluation averages over pictures what each method leaves in their holes") {
  const Plain pictures(5);
  const Model model = small_model();
  const Evaluation evaluation =
      evaluate(model, pictures, {.size = 16, .hole = HoleRule::random, .baselines = true});
  REQUIRE(evaluation.methods.size() == 3);
  CHECK(evaluation.pictures == 5);
  CHECK(evaluation.options.hole_range == default_hole_range(16));
  CHECK(evaluation.methods.front().name == "GLCIC");
  // Diffusion continues a plain picture exactly.
  CHECK(method(evaluation, "diffusion").psnr.mean > 99.0);
  CHECK(method(evaluation, "diffusion").l1.mean < 1e-6);

  std::vector<double> mean_colour, glcic;
  for (int64_t i = 0; i < 5; ++i) {
    const double grey = static_cast<double>(i) / 5;
    mean_colour.push_back((std::abs(grey - 0.5) + std::abs(grey - 0.4) + std::abs(grey - 0.3)) / 3);
    const Tensor picture = pictures.picture(i, 16);
    const Hole hole = evaluation_hole(evaluation.options, i);
    const Tensor mask = mask_from_holes({&hole, 1}, 16, 16);
    glcic.push_back(hole_psnr(complete(model, picture, mask).composite, picture, mask));
  }
  CHECK(method(evaluation, "mean colour").l1.mean ==
        doctest::Approx(estimate(mean_colour).mean).epsilon(1e-5));
  CHECK(method(evaluation, "GLCIC").psnr.mean ==
        doctest::Approx(estimate(glcic).mean).epsilon(1e-5));
  CHECK(method(evaluation, "GLCIC").psnr.standard_error ==
        doctest::Approx(estimate(glcic).standard_error).epsilon(1e-4));
}

TEST_CASE("the size of the batch changes no result, and a limit spreads over the dataset") {
  const std::unique_ptr<Dataset> faces = open_dataset("synthetic", Split::test);
  const Model model = small_model();
  EvaluationOptions options{.size = 16, .limit = 7, .batch = 3};
  const Evaluation three = evaluate(model, *faces, options);
  options.batch = 16;
  const Evaluation all = evaluate(model, *faces, options);
  CHECK(three.pictures == 7);
  CHECK(three.methods[0].psnr.mean == doctest::Approx(all.methods[0].psnr.mean).epsilon(1e-6));
  CHECK(three.methods.size() == 1);
  const Evaluation two = evaluate(model, Plain(10), {.size = 8, .limit = 2, .baselines = true});
  // Pictures 0 and 5: greys 0 and 0.5 against 0.5, 0.4, 0.3.
  CHECK(method(two, "mean colour").l1.mean == doctest::Approx((1.2 + 0.3) / 6).epsilon(1e-5));
}

TEST_CASE("a score over some of the pictures is not given") {
  const Model model = small_model();
  CHECK(sentence_of([&] { evaluate(model, Plain(6, 4), {.size = 8}); }) == "plain 4 is damaged");
  CHECK(sentence_of([&] { evaluate(model, Plain(0), {.size = 8}); }) ==
        "evaluate: there are no pictures in this split");
  CHECK(sentence_of([&] { evaluate(model, Plain(3), {.size = 10}); }) ==
        "evaluate: size 10 is not a multiple of 4");
  CHECK_THROWS_AS(hole_rule_from_string("center"), Error);
}

TEST_CASE("the figures are printed as a table, and written as JSON with their protocol") {
  Evaluation evaluation{{.size = 64, .hole = HoleRule::random, .hole_range = {24, 32}, .seed = 9},
                        120,
                        {{"GLCIC", {21.25, 0.1}, {0.05, 0.001}}}};
  const std::string table = evaluation_table(evaluation);
  CHECK(table.find("GLCIC") != std::string::npos);
  CHECK(table.find("21.25 ± 0.20") != std::string::npos);
  CHECK(table.find("120 pictures of 64 x 64 px") != std::string::npos);

  const auto json = nlohmann::json::parse(evaluation_json(evaluation, "faces", "test"));
  CHECK(json["protocol"]["data"] == "faces");
  CHECK(json["protocol"]["split"] == "test");
  CHECK(json["protocol"]["pictures"] == 120);
  CHECK(json["protocol"]["hole"] == "random");
  CHECK(json["protocol"]["hole_sides"] == nlohmann::json::array({24, 32}));
  CHECK(json["protocol"]["seed"] == 9);
  CHECK(json["methods"][0]["name"] == "GLCIC");
  CHECK(json["methods"][0]["hole_psnr_db"]["mean"] == 21.25);
  CHECK(json["methods"][0]["hole_psnr_db"]["confidence_95"][1] ==
        doctest::Approx(21.25 + 1.96 * 0.1));
}

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "glcic/completer.h"
#include "glcic/evaluation.h"
#include "glcic/inpainting/method.h"
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

std::vector<std::string> names(const Evaluation& evaluation) {
  std::vector<std::string> all;
  for (const MethodResult& m : evaluation.methods) all.push_back(m.name);
  return all;
}

Model other_model() {
  Generator generator{.seed = 12};
  Model model;
  model.completion = std::make_shared<CompletionNetwork>(4, generator);
  model.mean_pixel = Tensor::from({0.1, 0.9, 0.2}, {3});
  return moved_to(test_device(), model);
}

/// As means with standard errors, relative to the value.
void check_same(const Estimate& a, const Estimate& b) {
  CHECK(a.mean == doctest::Approx(b.mean).epsilon(1e-5));
  CHECK(a.standard_error == doctest::Approx(b.standard_error).epsilon(1e-4));
  CHECK(a.count == b.count);
}

}  // namespace

TEST_CASE("an evaluation averages over pictures what each method leaves in their holes") {
  const Plain pictures(5);
  const Model model = small_model();
  const Evaluation evaluation = evaluate(
      model, pictures,
      {.size = 16, .holes = {.rule = HoleRule::random}, .methods = {"mean-colour", "diffusion"}});
  CHECK(evaluation.pictures == 5);
  CHECK(evaluation.options.holes.sides == default_hole_range(16));
  CHECK(names(evaluation) == std::vector<std::string>{"GLCIC", "mean colour", "diffusion"});
  // Diffusion continues a plain picture exactly.
  CHECK(method(evaluation, "diffusion")[Figure::hole_psnr].mean > 99.0);
  CHECK(method(evaluation, "diffusion")[Figure::hole_l1].mean < 1e-6);

  std::vector<double> mean_colour;
  PerFigure<std::vector<double>> glcic;
  for (int64_t i = 0; i < 5; ++i) {
    const double grey = static_cast<double>(i) / 5;
    mean_colour.push_back((std::abs(grey - 0.5) + std::abs(grey - 0.4) + std::abs(grey - 0.3)) / 3);
    const Tensor picture = pictures.picture(i, 16);
    const Tensor mask = evaluation_mask(evaluation.options.holes, 16, i);
    const Figures own = measure(complete(model, picture, mask).composite, picture, mask);
    for (const Figure figure : kFigures) glcic[figure].push_back(own[figure]);
  }
  CHECK(method(evaluation, "mean colour")[Figure::hole_l1].mean ==
        doctest::Approx(estimate(mean_colour).mean).epsilon(1e-5));
  for (const Figure figure : kFigures)
    check_same(method(evaluation, "GLCIC")[figure], estimate(glcic[figure]));
}

TEST_CASE("differences are paired: the first method minus the other, picture by picture") {
  const Evaluation evaluation = evaluate({{"one", small_model()}, {"twin", small_model()}},
                                         Plain(6), {.size = 16, .methods = {"mean-colour"}});
  for (const Figure figure : kFigures) {
    CHECK(method(evaluation, "one").overall.differences[figure].mean == 0.0);
    const Estimate twin = method(evaluation, "twin").overall.differences[figure];
    CHECK(twin.mean == 0.0);
    CHECK(twin.margin() == 0.0);
    const Estimate colour = method(evaluation, "mean colour").overall.differences[figure];
    CHECK(colour.mean == doctest::Approx(method(evaluation, "one")[figure].mean -
                                         method(evaluation, "mean colour")[figure].mean));
    CHECK(colour.margin() > 0.0);
  }
}

TEST_CASE("where holes have bins there are figures for each, and overall a picture counts once") {
  const std::unique_ptr<Dataset> faces = open_dataset("synthetic", Split::test);
  const HoleOptions holes{.rule = HoleRule::bins, .seed = 4};
  const Evaluation evaluation =
      evaluate(small_model(), *faces,
               {.size = 16, .holes = holes, .limit = 3, .batch = 2, .methods = {"diffusion"}});
  const MethodResult& diffusion = method(evaluation, "diffusion");
  REQUIRE(diffusion.bins.size() == 4);
  std::vector<double> overall(3, 0.0);
  for (size_t bin = 0; bin < 4; ++bin) {
    std::vector<double> expected;
    for (int64_t i = 0; i < 3; ++i) {
      const int64_t index = i * faces->size() / 3;
      const Tensor picture = evaluation_picture(*faces, index, 16);
      const Tensor mask = evaluation_mask(holes, 16, index, bin);
      const Tensor filled = fill_method("diffusion").fill(picture, mask, {});
      expected.push_back(measure(filled, picture, mask)[Figure::picture_ssim]);
      overall[static_cast<size_t>(i)] += expected.back() / 4;
    }
    check_same(diffusion.bins[bin].means[Figure::picture_ssim], estimate(expected));
  }
  check_same(diffusion[Figure::picture_ssim], estimate(overall));
  CHECK(diffusion[Figure::picture_ssim].count == 3);
  // The larger the hole, the less is left of the picture.
  CHECK(diffusion.bins[3].means[Figure::picture_l1].mean >
        diffusion.bins[0].means[Figure::picture_l1].mean);
}

TEST_CASE("the first system comes first with each post-processing, then others, then fillings") {
  EvaluationOptions options{.size = 16, .baselines = true, .posts = {"none", "poisson"}};
  const Evaluation evaluation =
      evaluate({{"GLCIC", small_model()}, {"other", other_model()}}, Plain(2), options);
  std::vector<std::string> expected{"GLCIC", "GLCIC + poisson", "other"};
  for (const FillMethod& fill : fill_methods()) expected.push_back(fill.title);
  CHECK(names(evaluation) == expected);
  CHECK(method(evaluation, "GLCIC")[Figure::hole_l1].mean !=
        method(evaluation, "GLCIC + poisson")[Figure::hole_l1].mean);
  CHECK(method(evaluation, "GLCIC")[Figure::hole_l1].mean !=
        method(evaluation, "other")[Figure::hole_l1].mean);
  // The mean colour is that of the first system: 0.5, 0.4, 0.3 on greys 0 and 0.5.
  CHECK(method(evaluation, "mean colour")[Figure::hole_l1].mean ==
        doctest::Approx((1.2 + 0.3) / 6).epsilon(1e-5));
}

TEST_CASE("raw output is measured outside of the hole too, a composite is right there") {
  const Plain pictures(3);
  EvaluationOptions options{.size = 16};
  const Evaluation composite = evaluate(small_model(), pictures, options);
  options.raw = true;
  const Evaluation raw = evaluate(small_model(), pictures, options);
  CHECK(raw.methods[0][Figure::hole_l1].mean ==
        doctest::Approx(composite.methods[0][Figure::hole_l1].mean).epsilon(1e-6));
  // A quarter of the picture is hole.
  CHECK(composite.methods[0][Figure::picture_l1].mean ==
        doctest::Approx(composite.methods[0][Figure::hole_l1].mean / 4).epsilon(1e-5));
  CHECK(raw.methods[0][Figure::picture_l1].mean >
        2 * composite.methods[0][Figure::picture_l1].mean);
}

TEST_CASE("the size of the batch changes no result, and a limit spreads over the dataset") {
  const std::unique_ptr<Dataset> faces = open_dataset("synthetic", Split::test);
  const Model model = small_model();
  EvaluationOptions options{.size = 16, .limit = 7, .batch = 3};
  std::vector<int64_t> told;
  options.progress = [&](int64_t done, int64_t all) {
    CHECK(all == 7);
    told.push_back(done);
  };
  const Evaluation three = evaluate(model, *faces, options);
  CHECK(told == std::vector<int64_t>{3, 6, 7});
  options.batch = 16;
  const Evaluation all = evaluate(model, *faces, options);
  CHECK(three.pictures == 7);
  CHECK(three.methods[0][Figure::hole_psnr].mean ==
        doctest::Approx(all.methods[0][Figure::hole_psnr].mean).epsilon(1e-6));
  CHECK(three.methods.size() == 1);
  const Evaluation two =
      evaluate(model, Plain(10), {.size = 8, .limit = 2, .methods = {"mean-colour"}});
  // Pictures 0 and 5: greys 0 and 0.5 against 0.5, 0.4, 0.3.
  CHECK(method(two, "mean colour")[Figure::hole_l1].mean ==
        doctest::Approx((1.2 + 0.3) / 6).epsilon(1e-5));
}

TEST_CASE("the sheet shows pictures from all of the dataset: original, masked, every method") {
  const Evaluation evaluation = evaluate(small_model(), Plain(10),
                                         {.size = 16,
                                          .holes = {.rule = HoleRule::bins},
                                          .batch = 3,
                                          .methods = {"diffusion"},
                                          .sheet_pictures = 5});
  const EvaluationSheet& sheet = evaluation.sheet;
  CHECK(sheet.columns == std::vector<std::string>{"original", "masked", "GLCIC", "diffusion"});
  CHECK(sheet.rows == std::vector<std::string>{"plain 0, hole 10-20 %", "plain 2, hole 20-30 %",
                                               "plain 4, hole 30-40 %", "plain 6, hole 40-50 %",
                                               "plain 8, hole 10-20 %"});
  REQUIRE(sheet.pictures.size() == 20);
  for (size_t row = 0; row < 5; ++row) {
    const auto at = [&](size_t column) { return sheet.pictures[row * 4 + column].to_vector(); };
    const auto grey = static_cast<float>(static_cast<double>(2 * row) / 10);
    CHECK(at(0) == std::vector<double>(16 * 16 * 3, static_cast<double>(grey)));
    CHECK(at(1) != at(0));
    CHECK(at(2) != at(0));
    for (const double value : at(3)) CHECK(value == doctest::Approx(grey).epsilon(1e-4));
  }
  const Evaluation few = evaluate(small_model(), Plain(2), {.size = 16, .sheet_pictures = 8});
  CHECK(few.sheet.rows == std::vector<std::string>{"plain 0", "plain 1"});
  CHECK(evaluate(small_model(), Plain(2), {.size = 16}).sheet.pictures.empty());
}

TEST_CASE("a score over some of the pictures is not given") {
  const Model model = small_model();
  CHECK(sentence_of([&] { evaluate(model, Plain(6, 4), {.size = 8}); }) == "plain 4 is damaged");
  CHECK(sentence_of([&] { evaluate(model, Plain(0), {.size = 8}); }) ==
        "evaluate: there are no pictures in this split");
  CHECK(sentence_of([&] { evaluate(model, Plain(3), {.size = 10}); }) ==
        "evaluate: size 10 is not a multiple of 4");
}

TEST_CASE("methods that cannot be told apart, or do not exist, are refused before any work") {
  const Plain damaged(1, 0);
  const Model model = small_model();
  CHECK(sentence_of([&] {
          evaluate({{"a", model}, {"a", model}}, damaged, {.size = 8});
        }) == "evaluate: two methods are called \"a\"");
  CHECK(sentence_of([&] {
          evaluate({{"GLCIC", model}, {"diffusion", model}}, damaged,
                   {.size = 8, .methods = {"diffusion"}});
        }) == "evaluate: two methods are called \"diffusion\"");
  CHECK(sentence_of([&] {
          evaluate(model, damaged, {.size = 8, .methods = {"magic"}});
        }).find("\"magic\" is not a method") == 0);
  CHECK(sentence_of([&] {
          evaluate(model, damaged, {.size = 8, .posts = {"magic"}});
        }).find("\"magic\" is not a post-processing") == 0);
  CHECK(sentence_of([&] {
          evaluate(model, damaged, {.size = 8, .posts = {"none", "poisson"}, .raw = true});
        }) == "evaluate: raw output is measured without post-processing, not with poisson");
  CHECK_THROWS_AS(evaluate(std::vector<NamedModel>{}, damaged, {.size = 8}), Error);
}

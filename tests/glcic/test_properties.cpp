#include <doctest/doctest.h>

#include <cmath>

#include "glcic/mask.h"
#include "glcic/properties/comparison.h"
#include "glcic/text_table.h"
#include "tensor/error.h"
#include "tensor/ops.h"
#include "tests/glcic/small_model.h"

using namespace kintsugi;

namespace {

Tensor square_hole(int64_t size, const Hole& hole) {
  return mask_from_holes({&hole, 1}, size, size);
}

/// Noise has no two patches alike.
Tensor noise(int64_t size, uint64_t seed = 3) {
  Generator generator{.seed = seed};
  return uniform({size, size, 3}, 0, 1, generator);
}

void set_pixel(const Tensor& picture, int64_t row, int64_t column, float value) {
  for (int64_t c = 0; c < 3; ++c)
    picture.data<float>()[(row * picture.size(1) + column) * 3 + c] = value;
}

/// `picture` with what stands `by` columns to the left of the hole pasted into it.
Tensor pasted(const Tensor& picture, const Hole& hole, int64_t by) {
  Tensor copy = picture.clone();
  const int64_t width = picture.size(1);
  for (int64_t row = hole.y; row < hole.y + hole.height; ++row)
    for (int64_t column = hole.x; column < hole.x + hole.width; ++column)
      for (int64_t c = 0; c < 3; ++c)
        copy.data<float>()[(row * width + column) * 3 + c] =
            picture.data<float>()[(row * width + column - by) * 3 + c];
  return copy;
}

constexpr Hole kHole{24, 8, 20, 20};
constexpr int64_t kSize = 48;

/// Noise with kHole cut out.
struct Case {
  Tensor original = noise(kSize);
  Tensor mask = square_hole(kSize, kHole);
  PropertyReference reference = property_reference(original, mask);

  Properties measure(const Tensor& completed) const {
    return measure_properties(completed, reference);
  }
};

std::unique_ptr<Dataset> faces() { return open_dataset("synthetic", Split::test); }

ComparisonOptions quick_options() {
  return {.sizes = {{32, 32}, {40, 32}, {33, 47}}, .size = 32, .limit = 2, .scales = {.depth = 4}};
}

Model model_for(int64_t only_size) {
  Model model = small_model();
  model.only_size = only_size;
  return model;
}

}  // namespace

TEST_CASE("the rim jump is the mean step between neighbours on the two sides of the rim") {
  const Tensor picture = Tensor::zeros({4, 4, 3});
  const Tensor mask = square_hole(4, {1, 1, 2, 1});  // 2 pixels with 6 neighbours outside
  set_pixel(picture, 1, 1, 0.6f);                    // 3 of these pairs differ
  CHECK(rim_jump(picture, mask) == doctest::Approx(0.3));
  set_pixel(picture, 3, 3, 1.0f);  // not at the rim
  CHECK(rim_jump(picture, mask) == doctest::Approx(0.3));
  CHECK_THROWS_AS(rim_jump(picture, Tensor::zeros({4, 4, 1})), Error);
}

TEST_CASE("the truth has the original's jump, no error, its own novelty, and is known in depth") {
  const Case c;
  const Properties truth = c.measure(c.original);
  CHECK(truth.rim_jump == doctest::Approx(1.0));
  CHECK(truth.rim_error == 0.0);
  CHECK(truth.novelty == doctest::Approx(1.0));
  CHECK(truth.copy_error == 0.0);
  CHECK(truth.depth_gain > 80.0);
}

TEST_CASE("a filling of another brightness shows at the rim of a smooth picture") {
  const Tensor original = Tensor::full({kSize, kSize, 3}, 0.4);
  const Tensor mask = square_hole(kSize, kHole);
  const PropertyReference reference = property_reference(original, mask);
  const Tensor brighter = ops::where(mask, Tensor::full(original.shape(), 0.5), original);
  const Properties properties = measure_properties(brighter, reference);
  CHECK(properties.rim_jump ==
        doctest::Approx(0.1 * 255).epsilon(1e-4));  // the least: a grey level
  CHECK(properties.rim_error == doctest::Approx(0.1).epsilon(1e-4));
}

TEST_CASE("the rim's error looks at three pixels inside, semantics at those deeper than eight") {
  const Case c;
  const Tensor at_rim = c.original.clone(), between = c.original.clone();
  const Tensor deep = c.original.clone();
  set_pixel(at_rim, kHole.y + 2, kHole.x + 9, 2.0f);   // rim distance 3
  set_pixel(between, kHole.y + 7, kHole.x + 9, 2.0f);  // 8
  set_pixel(deep, kHole.y + 8, kHole.x + 9, 2.0f);     // 9
  const double truth = c.measure(c.original).depth_gain;
  CHECK(c.measure(at_rim).rim_error > 0.0);
  CHECK(c.measure(between).rim_error == 0.0);
  CHECK(c.measure(between).depth_gain == truth);
  CHECK(c.measure(deep).depth_gain < truth - 10.0);
}

TEST_CASE("what is pasted from the rest of the picture is not new, and no better than a copy") {
  const Case c;
  const Properties copied = c.measure(pasted(c.original, kHole, kHole.width));
  CHECK(copied.novelty == 0.0);
  CHECK(copied.copy_error >= 1.0);
  const Properties other = c.measure(ops::where(c.mask, noise(kSize, 4), c.original));
  CHECK(other.novelty == doctest::Approx(1.0).epsilon(0.05));
}

TEST_CASE("the distance to the nearest patch is that of a search through all of them") {
  const Tensor picture = Tensor::zeros({9, 9, 3});
  const Tensor mask = square_hole(9, {3, 3, 3, 3});
  for (int64_t row = 3; row < 6; ++row)
    for (int64_t column = 3; column < 6; ++column) set_pixel(picture, row, column, 0.5f);
  set_pixel(picture, 0, 0, 0.5f);  // the nearest patch has this corner
  const std::vector<double> distances = copy_distances(picture, mask, 3);
  REQUIRE(distances.size() == 1);
  CHECK(distances[0] == doctest::Approx(std::sqrt(0.25 * 8 / 9)));
  CHECK_THROWS_AS(copy_distances(picture, mask, 4), Error);  // none fits into the hole
}

TEST_CASE("a hole too small to have a depth is refused") {
  CHECK_THROWS_WITH_AS(
      property_reference(noise(32), square_hole(32, {4, 4, 9, 9})),
      "property_reference: no pixel of the hole is more than 8 pixels from its rim", Error);
  CHECK_THROWS_AS(property_reference(noise(32), Tensor::zeros({30, 32, 1})), ShapeError);
}

TEST_CASE("each method is tried with each size, and its refusals are told") {
  const std::vector<ComparedMethod> methods =
      compared_methods({{"any", model_for(0)}, {"fixed", model_for(32)}, {"other", model_for(64)}});
  const Comparison comparison = compare(methods, *faces(), quick_options());
  REQUIRE(comparison.methods.size() == 8);
  CHECK(comparison.pictures == 2);
  const auto refused = [&](size_t method, size_t size) {
    return !comparison.methods[method].sizes[size].refusal.empty();
  };
  for (size_t i = 0; i < methods.size(); ++i) {
    CAPTURE(methods[i].name);
    for (size_t size = 0; size < 3; ++size)
      CHECK(refused(i, size) == (i == 2 || (i == 1 && size > 0)));
    CHECK(comparison.methods[i].figures.size() == (i == 2 ? 0 : property_infos().size()));
  }
  const MethodProperties& diffusion = comparison.methods[4];
  REQUIRE(diffusion.name == "diffusion");
  CHECK(diffusion.figures[2].mean == doctest::Approx(0.0));  // the depth gain is measured from it

  const std::string table = comparison_table(comparison), page = comparison_markdown(comparison);
  CHECK(table.find("fixed does not complete 40x32, 33x47: \"these weights") != std::string::npos);
  CHECK(table.find("1 of 3") != std::string::npos);
  CHECK(page.find("| other | 0 of 3 | – |") != std::string::npos);
  for (const ComparedMethod& method : methods)
    CHECK(page.find("| " + method.name + " | ") != std::string::npos);
}

TEST_CASE("a method that touches the known pixels has not completed the picture") {
  const ComparedMethod method{"brighter", [](const Tensor& picture, const Tensor&) {
                                return Tensor::full(picture.shape(), 0.5);
                              }};
  const Comparison comparison = compare({method}, *faces(), quick_options());
  CHECK(comparison.methods[0].sizes[0].refusal == "changed a pixel outside of the hole");
}

TEST_CASE("post-processing makes a row of its own, and two methods of one name are refused") {
  const auto methods = compared_methods({{"any", model_for(0)}}, {"none", "poisson"});
  CHECK(methods[0].name == "any");
  CHECK(methods[1].name == "any + poisson");
  CHECK_THROWS_WITH_AS(compared_methods({{"a", model_for(0)}, {"a", model_for(0)}}),
                       "two methods are called \"a\"", Error);
  CHECK_THROWS_AS(compared_methods({{"a", model_for(0)}}, {"glue"}), Error);
}

TEST_CASE("one picture is completed by all methods, scaled for those that take one size") {
  const Tensor picture = ops::slice(noise(40), 0, 0, 36);  // [36, 40, 3]
  const Hole hole{10, 8, 12, 16};
  const Tensor mask = mask_from_holes({&hole, 1}, 36, 40);
  const auto methods = compared_methods({{"any", model_for(0)}, {"fixed", model_for(16)}});
  const MethodSheet sheet = method_sheet(methods, picture, mask);
  REQUIRE(sheet.names.size() == methods.size() + 2);
  CHECK(sheet.names[3] == "fixed");
  for (size_t i = 0; i < sheet.pictures.size(); ++i) {
    CAPTURE(sheet.names[i]);
    REQUIRE(sheet.pictures[i].shape() == picture.shape());
    const Tensor known = ops::where(mask, Tensor::scalar(0), sheet.pictures[i]);
    CHECK(known.to_vector() == ops::where(mask, Tensor::scalar(0), picture).to_vector());
    CHECK((sheet.pictures[i].to_vector() == picture.to_vector()) == (i == 0));
  }
}

TEST_CASE("a mask at another size marks every pixel that the hole has a part in") {
  const Tensor mask = square_hole(8, {3, 4, 1, 1});
  const Tensor half = resize_mask(mask, 4, 4);
  CHECK(half.data<float>()[2 * 4 + 1] == 1.0f);  // of (4, 3)
  CHECK(ops::max(half).item() == 1.0);
  CHECK(half.data<float>()[0] == 0.0f);
}

TEST_CASE("sizes are read as width x height") {
  CHECK(picture_size_from_string("100x76") == PictureSize{.width = 100, .height = 76});
  CHECK(to_string(PictureSize{.width = 100, .height = 76}) == "100x76");
  for (const char* wrong : {"", "100", "x76", "100x", "100x76x3", "7x100", "100x5000", "-64x64"})
    CHECK_THROWS_AS(picture_size_from_string(wrong), Error);
}

TEST_CASE("a table aligns by character, and keeps its cells apart in Markdown") {
  const TextTable table{{"name", "ä"}, {{"a|b", "1.0 ± 0.1"}, {"c", "2"}}};
  CHECK(as_text(table) == "name          ä\na|b   1.0 ± 0.1\nc             2\n");
  CHECK(as_markdown(table) == "| name | ä |\n|---|---:|\n| a\\|b | 1.0 ± 0.1 |\n| c | 2 |\n");
}

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "glcic/evaluation_masks.h"
#include "tensor/error.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

double share(const Tensor& mask) {
  const std::vector<double> values = mask.to_vector();
  CHECK(std::all_of(values.begin(), values.end(), [](double v) { return v == 0 || v == 1; }));
  return static_cast<double>(std::count(values.begin(), values.end(), 1.0)) /
         static_cast<double>(values.size());
}

bool fills_its_box(const Tensor& mask) {
  const Hole box = bounding_box(mask);
  return mask.to_vector() == mask_from_holes({&box, 1}, mask.size(0), mask.size(1)).to_vector();
}

}  // namespace

TEST_CASE("the rules for holes have names") {
  for (const HoleRule rule : {HoleRule::centre, HoleRule::random, HoleRule::free_form,
                              HoleRule::bins, HoleRule::free_form_bins})
    CHECK(hole_rule_from_string(to_string(rule)) == rule);
  CHECK(hole_rule_from_string("free-form") == HoleRule::free_form);
  CHECK(sentence_of([] { hole_rule_from_string("center"); }) ==
        "\"center\" is not a rule for holes: there are free-form-bins, bins, free-form, centre or "
        "random");
}

TEST_CASE("the centre hole depends on the size alone, random ones on seed and picture too") {
  const Hole centre{16, 16, 32, 32};
  CHECK(evaluation_mask({}, 64, 7).to_vector() ==
        mask_from_holes({&centre, 1}, 64, 64).to_vector());
  const HoleOptions random{.rule = HoleRule::random, .sides = {5, 9}};
  std::set<int64_t> places;
  for (int64_t i = 0; i < 50; ++i) {
    const Tensor mask = evaluation_mask(random, 32, i);
    CHECK(fills_its_box(mask));
    const Hole hole = bounding_box(mask);
    CHECK(std::min(hole.width, hole.height) >= 5);
    CHECK(std::max(hole.width, hole.height) <= 9);
    places.insert(hole.x);
  }
  CHECK(places.size() > 10);
  const Hole usual = bounding_box(evaluation_mask({.rule = HoleRule::random}, 64, 0));
  CHECK(std::min(usual.width, usual.height) >= 24);
  CHECK(std::max(usual.width, usual.height) <= 32);
}

TEST_CASE("every hole of a bin covers what the bin says, at any size, drawn either way") {
  for (const HoleRule rule : {HoleRule::bins, HoleRule::free_form_bins}) {
    const std::vector<HoleBin>& bins = hole_bins(rule);
    REQUIRE(bins.size() == 4);
    CHECK(bins.front().low == 0.1);
    CHECK(bins.back().high == 0.5);
    for (const int64_t size : {12, 16, 64})
      for (size_t bin = 0; bin < bins.size(); ++bin)
        for (int64_t index = 0; index < 20; ++index) {
          const double area = share(evaluation_mask({.rule = rule}, size, index, bin));
          CHECK(area >= bins[bin].low);
          CHECK(area < bins[bin].high);
        }
  }
}

TEST_CASE("rectangles of bins are near square, of all areas in the bin, and lie anywhere") {
  const HoleOptions options{.rule = HoleRule::bins};
  double smallest = 1.0, largest = 0.0;
  std::set<int64_t> columns, rows;
  for (int64_t index = 0; index < 200; ++index) {
    const Tensor mask = evaluation_mask(options, 64, index, 1);
    CHECK(fills_its_box(mask));
    const Hole box = bounding_box(mask);
    const auto [low, high] = std::minmax(box.width, box.height);
    CHECK(static_cast<double>(high) / static_cast<double>(low) < 2.2);  // 2, in whole pixels
    smallest = std::min(smallest, share(mask));
    largest = std::max(largest, share(mask));
    columns.insert(box.x);
    rows.insert(box.y);
  }
  CHECK(smallest < 0.21);
  CHECK(largest > 0.29);
  CHECK(columns.size() > 20);
  CHECK(rows.size() > 20);
}

TEST_CASE("strokes are no rectangles") {
  CHECK_FALSE(fills_its_box(evaluation_mask({.rule = HoleRule::free_form}, 64, 0)));
  CHECK_FALSE(fills_its_box(evaluation_mask({.rule = HoleRule::free_form_bins}, 64, 0, 2)));
}

TEST_CASE("a hole depends on seed, picture and bin, and on nothing else") {
  for (const HoleRule rule :
       {HoleRule::random, HoleRule::free_form, HoleRule::bins, HoleRule::free_form_bins}) {
    INFO(to_string(rule));
    const HoleOptions options{.rule = rule, .seed = 3};
    const std::vector<double> hole = evaluation_mask(options, 32, 5).to_vector();
    CHECK(hole == evaluation_mask(options, 32, 5).to_vector());
    CHECK(hole != evaluation_mask({.rule = rule, .seed = 4}, 32, 5).to_vector());
    CHECK(hole != evaluation_mask(options, 32, 6).to_vector());
  }
}

TEST_CASE("a bin that there is not, and pictures without room for a hole of it, are refused") {
  CHECK_THROWS_AS(evaluation_mask({}, 32, 0, 1), Error);
  CHECK_THROWS_AS(evaluation_mask({.rule = HoleRule::bins}, 32, 0, 4), Error);
  // 10 to 20 % of 2 x 2 pixels is less than one
  CHECK(sentence_of([] { evaluation_mask({.rule = HoleRule::bins}, 2, 0, 0); }) ==
        "evaluation_mask: no hole of 10-20 % was found in pictures of 2 x 2 pixels");
}

TEST_CASE("a rule tells itself in words, with its numbers") {
  CHECK(describe({}, 64) == "the centre square of 32 px");
  CHECK(describe({.rule = HoleRule::random, .sides = {5, 9}, .seed = 7}, 64) ==
        "rectangles with sides of 5 to 9 px, drawn for each picture, seed 7");
  CHECK(describe({.rule = HoleRule::random}, 64).starts_with("rectangles with sides of 24 to 32"));
  CHECK(describe({.rule = HoleRule::free_form}, 64).find("strokes") != std::string::npos);
  CHECK(describe({.rule = HoleRule::bins, .seed = 8}, 64).find("seed 8") != std::string::npos);
}

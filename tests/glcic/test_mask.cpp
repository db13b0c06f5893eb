#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "glcic/mask.h"
#include "tensor/error.h"
#include "tensor/io/image.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

double total(const Tensor& mask) {
  const std::vector<double> values = mask.to_vector();
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

TEST_CASE("random holes have sides in their range and lie inside the picture") {
  CHECK(rc::check([] {
    const auto low = *rc::gen::inRange<int64_t>(1, 20);
    const auto high = *rc::gen::inRange<int64_t>(low, 21);
    const auto height = *rc::gen::inRange<int64_t>(high, 40);
    const auto width = *rc::gen::inRange<int64_t>(high, 40);
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const Hole hole = random_hole({low, high}, height, width, generator);
    RC_ASSERT(hole.width >= low && hole.width <= high);
    RC_ASSERT(hole.height >= low && hole.height <= high);
    RC_ASSERT(hole.x >= 0 && hole.x + hole.width <= width);
    RC_ASSERT(hole.y >= 0 && hole.y + hole.height <= height);
  }));
}

TEST_CASE("random holes reach every side and every place, and their sides differ") {
  Generator generator{.seed = 3};
  std::set<int64_t> widths, heights, columns, rows;
  int squares = 0;
  for (int i = 0; i < 400; ++i) {
    const Hole hole = random_hole({2, 4}, 6, 7, generator);
    widths.insert(hole.width);
    heights.insert(hole.height);
    columns.insert(hole.x);
    rows.insert(hole.y);
    squares += hole.width == hole.height;
  }
  CHECK(widths == std::set<int64_t>{2, 3, 4});
  CHECK(heights == std::set<int64_t>{2, 3, 4});
  CHECK(columns == std::set<int64_t>{0, 1, 2, 3, 4, 5});
  CHECK(rows == std::set<int64_t>{0, 1, 2, 3, 4});
  CHECK(squares > 80);
  CHECK(squares < 190);
  CHECK_THROWS_AS(random_hole({2, 8}, 6, 9, generator), Error);
  CHECK_THROWS_AS(random_hole({0, 2}, 6, 9, generator), Error);
}

TEST_CASE("holes are 3S/8 to S/2 unless said otherwise") {
  CHECK(default_hole_range(256) == HoleRange{96, 128});
  CHECK(default_hole_range(64) == HoleRange{24, 32});
  CHECK(hole_range_from_string("48:96") == HoleRange{48, 96});
  for (const char* text : {"", "24", "24:", ":32", "32:24", "0:4", "-2:4", "2:4x", "a:b", "2:4:6"})
    CHECK_THROWS_AS(hole_range_from_string(text), Error);
}

TEST_CASE("a mask is 1 in its holes and 0 elsewhere") {
  const std::vector<Hole> holes = {{.x = 1, .y = 0, .width = 2, .height = 3},
                                   {.x = 2, .y = 2, .width = 2, .height = 1}};
  const Tensor mask = mask_from_holes(holes, 4, 5);
  CHECK(mask.shape() == Shape{4, 5, 1});
  CHECK(mask.to_vector() == std::vector<double>{0, 1, 1, 0, 0,  //
                                                0, 1, 1, 0, 0,  //
                                                0, 1, 1, 1, 0,  //
                                                0, 0, 0, 0, 0});
  const Tensor masks = masks_from_holes(holes, 4, 5);
  CHECK(masks.shape() == Shape{2, 4, 5, 1});
  CHECK(total(masks) == 8);
  CHECK_THROWS_AS(mask_from_holes(holes, 2, 5), Error);
  CHECK_THROWS_AS(mask_from_holes(std::vector<Hole>{{-1, 0, 2, 2}}, 4, 4), Error);
}

TEST_CASE("the bounding box of a rectangle's mask is the rectangle") {
  CHECK(rc::check([] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const Hole hole = random_hole({1, 9}, 11, 14, generator);
    RC_ASSERT(bounding_box(mask_from_holes(std::vector{hole}, 11, 14)) == hole);
  }));
  CHECK_THROWS_AS(bounding_box(Tensor::zeros({3, 3, 1})), Error);
}

TEST_CASE("the centre hole is a centred square of half the side") {
  CHECK(centre_hole(64) == Hole{16, 16, 32, 32});
  CHECK(centre_hole(128) == Hole{32, 32, 64, 64});
}

TEST_CASE("several holes, and strokes, are drawn from the generator alone") {
  Generator one{.seed = 5}, two{.seed = 5}, other{.seed = 6};
  CHECK(random_holes(4, {3, 8}, 32, 32, one) == random_holes(4, {3, 8}, 32, 32, two));
  const Tensor strokes = free_form_mask(48, 64, one);
  CHECK(strokes.to_vector() == free_form_mask(48, 64, two).to_vector());
  CHECK(strokes.to_vector() != free_form_mask(48, 64, other).to_vector());
}

TEST_CASE("free-form masks are binary, never empty and never the whole picture") {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Generator generator{.seed = seed};
    const Tensor mask = free_form_mask(40, 56, generator);
    CHECK(mask.shape() == Shape{40, 56, 1});
    for (const double value : mask.to_vector()) REQUIRE((value == 0 || value == 1));
    CHECK(total(mask) > 0);
    CHECK(total(mask) < 0.8 * 40 * 56);
  }
}

TEST_CASE("the local patch is centred on the hole as far as the picture allows") {
  CHECK(local_patch_corner({16, 16, 32, 32}, 64) == Corner{16, 16});
  CHECK(local_patch_corner({0, 40, 24, 24}, 64) == Corner{0, 32});
  CHECK(local_patch_corner({20, 21, 25, 27}, 64) == Corner{16, 18});  // 16.5, 18.5 rounded down
  CHECK(rc::check([] {
    const int64_t size = 4 * *rc::gen::inRange<int64_t>(2, 40);
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const Hole hole = random_hole({1, size}, size, size, generator);
    const Corner corner = local_patch_corner(hole, size);
    const auto expected = [&](int64_t start, int64_t side) {
      const double centre = static_cast<double>(start) + static_cast<double>(side) / 2;
      return std::clamp(static_cast<int64_t>(std::floor(centre - static_cast<double>(size) / 4)),
                        int64_t{0}, size / 2);
    };
    RC_ASSERT(corner.x == expected(hole.x, hole.width));
    RC_ASSERT(corner.y == expected(hole.y, hole.height));
  }));
}

TEST_CASE("a mask file marks the hole by 128 to 255, or by 1 where nothing is larger") {
  const TemporaryFolder folder;
  const auto written = [&](std::initializer_list<double> bytes) {
    std::vector<double> values(bytes);
    for (double& value : values) value /= 255;
    write_png(folder / "m.png", Tensor::from(values, {1, static_cast<int64_t>(values.size())}));
    return read_mask(folder / "m.png", 1, static_cast<int64_t>(values.size())).to_vector();
  };
  CHECK(written({0, 255, 127, 128}) == std::vector<double>{0, 1, 0, 1});
  CHECK(written({0, 1, 1, 0}) == std::vector<double>{0, 1, 1, 0});
  CHECK(written({0, 1, 1, 200}) == std::vector<double>{0, 0, 0, 1});
  CHECK_THROWS_AS(written({0, 0}), Error);
  CHECK_THROWS_AS(written({0, 90}), Error);
}

TEST_CASE("a mask of another size is refused, naming both sizes") {
  const TemporaryFolder folder;
  write_png(folder / "m.png", Tensor::full({3, 5}, 1));
  CHECK(sentence_of([&] { read_mask(folder / "m.png", 4, 5); }) ==
        "the mask " + folder / "m.png" + " has 5 x 3 pixels, but the picture has 5 x 4");
}

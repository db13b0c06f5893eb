#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "glcic/pictures/mask_shape.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// Whether a pixel of the given kind lies at most `radius` from (x, y): by looking at all of them.
bool is_near(const PixelMask& mask, uint8_t kind, int64_t x, int64_t y, int64_t radius) {
  for (int64_t v = 0; v < mask.height(); ++v)
    for (int64_t u = 0; u < mask.width(); ++u)
      if (mask.row(v)[u] == kind && (u - x) * (u - x) + (v - y) * (v - y) <= radius * radius)
        return true;
  return false;
}

PixelMask random_mask(int64_t height, int64_t width, Generator& generator) {
  PixelMask mask(height, width);
  for (const Hole& hole : random_holes(3, {1, std::min(height, width)}, height, width, generator))
    if (generator.integer(0, 2) > 0) mask.add(hole);
  return mask;
}

}  // namespace

TEST_CASE("a grown hole has every pixel within the distance, a shrunk one none near a kept pixel") {
  CHECK(rc::check([] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const int64_t height = generator.integer(1, 16), width = generator.integer(1, 16);
    const PixelMask mask = random_mask(height, width, generator);
    const int64_t radius = generator.integer(0, 7);
    const PixelMask larger = grown(mask, radius), smaller = shrunk(mask, radius);
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        RC_ASSERT((larger.row(y)[x] == 1) == is_near(mask, 1, x, y, radius));
        RC_ASSERT((smaller.row(y)[x] == 1) ==
                  (mask.row(y)[x] == 1 && !is_near(mask, 0, x, y, radius)));
      }
  }));
}

TEST_CASE("one pixel grows to a disc, and the disc shrinks to the pixel") {
  PixelMask mask(101, 101);
  mask.add({50, 50, 1, 1});
  const PixelMask disc = grown(mask, 5);
  CHECK(disc.count() == 81);  // points of the grid within a circle of radius 5
  CHECK(disc.bounding_box() == Hole{45, 45, 11, 11});
  CHECK(shrunk(disc, 4).count() >= 1);
  CHECK(shrunk(disc, 5).count() <= 1);
  CHECK(grown(mask, 0) == mask);
  CHECK(shrunk(mask, 0) == mask);
}

TEST_CASE("beyond the picture nothing is kept: a hole at the border stays there when it shrinks") {
  PixelMask mask(20, 30);
  mask.add({0, 0, 10, 20});
  const PixelMask smaller = shrunk(mask, 3);
  CHECK(smaller.bounding_box() == Hole{0, 0, 7, 20});
  PixelMask all(20, 30);
  all.add({0, 0, 30, 20});
  CHECK(shrunk(all, 9) == all);
  CHECK(grown(mask, 100) == all);
  CHECK(grown(PixelMask(20, 30), 5).count() == 0);
  CHECK(sentence_of([&] { grown(mask, -1); }).find("-1 pixels") != std::string::npos);
}

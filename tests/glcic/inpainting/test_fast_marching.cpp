#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "glcic/inpainting/fast_marching.h"
#include "tensor/error.h"
#include "tensor/random.h"

using namespace kintsugi;

namespace {

/// 1 where inside(row, column).
template <class Inside>
std::vector<uint8_t> hole_where(int64_t height, int64_t width, Inside&& inside) {
  std::vector<uint8_t> hole;
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column) hole.push_back(inside(row, column) ? 1 : 0);
  return hole;
}

}  // namespace

TEST_CASE("the distance from a straight edge is exact on both sides, as far as the reach") {
  const auto hole = hole_where(6, 20, [](int64_t, int64_t column) { return column >= 8; });
  const FastMarch march = march_from_edge(hole, 6, 20, 4.0);
  for (int64_t i = 0; i < 6 * 20; ++i)
    CHECK(march.distance[static_cast<size_t>(i)] ==
          std::max(-4.0, static_cast<double>(i % 20 - 7)));
}

TEST_CASE("the distance in a disc is within a pixel of the exact one, and is never too small") {
  constexpr int64_t kSize = 65, kCentre = 32;
  constexpr double kRadius = 27.0;
  const auto from_centre = [](int64_t row, int64_t column) {
    return std::hypot(static_cast<double>(row - kCentre), static_cast<double>(column - kCentre));
  };
  const auto hole = hole_where(kSize, kSize, [&](int64_t row, int64_t column) {
    return from_centre(row, column) < kRadius;
  });
  const FastMarch march = march_from_edge(hole, kSize, kSize, 5.0);
  double worst = 0.0;
  for (int64_t i = 0; i < kSize * kSize; ++i) {
    if (hole[static_cast<size_t>(i)] == 0) continue;
    const double exact = kRadius - from_centre(i / kSize, i % kSize);
    worst = std::max(worst, std::abs(march.distance[static_cast<size_t>(i)] - exact));
  }
  CHECK(worst < 1.0);
}

TEST_CASE("the eikonal equation holds at every pixel of any hole, in several pieces or not") {
  CHECK(rc::check([] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const int64_t height = generator.integer(2, 16), width = generator.integer(2, 16);
    const double share = generator.uniform();
    auto hole =
        hole_where(height, width, [&](int64_t, int64_t) { return generator.uniform() < share; });
    hole[static_cast<size_t>(generator.integer(0, height * width - 1))] = 0;
    const FastMarch march = march_from_edge(hole, height, width, 3.0);
    RC_ASSERT(static_cast<int64_t>(march.order.size()) ==
              std::count(hole.begin(), hole.end(), uint8_t{1}));
    const auto time = [&](int64_t row, int64_t column) {
      const bool inside = row >= 0 && row < height && column >= 0 && column < width;
      return inside ? march.distance[static_cast<size_t>(row * width + column)] : 1e9;
    };
    double before = 0.0;
    for (const int64_t pixel : march.order) {
      const int64_t row = pixel / width, column = pixel % width;
      const double t = time(row, column);
      RC_ASSERT(hole[static_cast<size_t>(pixel)] == 1);
      RC_ASSERT(t >= before);
      before = t;
      const double a = std::max(0.0, t - std::min(time(row, column - 1), time(row, column + 1)));
      const double b = std::max(0.0, t - std::min(time(row - 1, column), time(row + 1, column)));
      RC_ASSERT(std::abs(a * a + b * b - 1.0) < 1e-9);
    }
  }));
}

TEST_CASE("pixels of the same distance come row by row") {
  const auto hole = hole_where(7, 7, [](int64_t row, int64_t column) {
    return std::max(std::abs(row - 3), std::abs(column - 3)) < 2;
  });
  const FastMarch march = march_from_edge(hole, 7, 7, 1.0);
  CHECK(march.order == std::vector<int64_t>{16, 18, 30, 32, 17, 23, 25, 31, 24});
}

TEST_CASE("without a known pixel there is no edge to march from") {
  CHECK_THROWS_AS(march_from_edge({1, 1, 1, 1}, 2, 2, 1.0), Error);
}

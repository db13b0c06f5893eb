#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "glcic/inpainting/poisson.h"
#include "glcic/mask.h"
#include "tensor/error.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// A picture [height, width, 1] in float64 with f(row, column) at each pixel.
template <class F>
Tensor drawn(int64_t height, int64_t width, F&& f) {
  std::vector<double> values;
  for (int64_t row = 0; row < height; ++row)
    for (int64_t column = 0; column < width; ++column)
      values.push_back(f(static_cast<double>(row), static_cast<double>(column)));
  return Tensor::from(values, {height, width, 1}, {.dtype = DType::float64});
}

/// The picture with nonsense under the mask.
Tensor spoiled(const Tensor& picture, const Tensor& mask) {
  const Tensor result = picture.clone();
  const std::vector<double> hole = mask.to_vector();
  for (size_t i = 0; i < hole.size(); ++i)
    if (hole[i] != 0.0) result.data<double>()[i] = 77.0;
  return result;
}

Tensor rectangle(const Hole& hole, int64_t height, int64_t width) {
  return mask_from_holes({&hole, 1}, height, width);
}

double worst_difference(const Tensor& a, const Tensor& b) {
  const std::vector<double> x = a.to_vector(), y = b.to_vector();
  double worst = 0.0;
  for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, std::abs(x[i] - y[i]));
  return worst;
}

}  // namespace

TEST_CASE("diffusion continues a harmonic picture exactly") {
  // a + b·x + c·y + d·x·y + e·(x² − y²) solves the discrete Laplace equation too
  const Tensor picture = drawn(20, 17, [](double y, double x) {
    return 0.2 + 0.01 * x - 0.02 * y + 0.001 * x * y + 0.0005 * (x * x - y * y);
  });
  const Tensor mask = rectangle({3, 4, 9, 11}, 20, 17);
  CHECK(worst_difference(diffusion_fill(spoiled(picture, mask), mask), picture) < 1e-6);
}

TEST_CASE("a guidance with the picture's own gradients gives the picture back, for any hole") {
  CHECK(rc::check([] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const int64_t height = generator.integer(2, 24), width = generator.integer(2, 24);
    const Tensor picture = uniform({height, width, 3}, 0, 1, generator, {.dtype = DType::float64});
    Tensor mask = uniform({height, width, 1}, 0, 1, generator);
    const double share = generator.uniform();
    float* hole = mask.data<float>();
    for (int64_t i = 0; i < mask.numel(); ++i) hole[i] = hole[i] < share ? 1.0f : 0.0f;
    hole[generator.integer(0, mask.numel() - 1)] = 0.0f;  // something to fill from

    const Tensor guidance = picture.clone();  // moved by a constant: gradients stay
    for (int64_t i = 0; i < guidance.numel(); ++i) guidance.data<double>()[i] += 5.0;
    const Tensor known = picture.clone();
    for (int64_t i = 0; i < known.numel(); ++i)
      if (hole[i / 3] != 0.0f) known.data<double>()[i] = -3.0;
    RC_ASSERT(worst_difference(solve_poisson(known, mask, guidance), picture) < 1e-5);
  }));
}

TEST_CASE("every pixel of a diffused hole is the mean of its neighbours, borders included") {
  Generator generator{.seed = 5};
  const Tensor picture = uniform({9, 8, 1}, 0, 1, generator, {.dtype = DType::float64});
  const Tensor mask = rectangle({0, 3, 5, 6}, 9, 8);  // touches two borders of the picture
  const Tensor filled = diffusion_fill(picture, mask);
  const std::vector<double> f = filled.to_vector();
  for (int64_t row = 3; row < 9; ++row)
    for (int64_t column = 0; column < 5; ++column) {
      double sum = 0.0, count = 0.0;
      for (const auto& [dy, dx] : {std::pair{-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
        const int64_t y = row + dy, x = column + dx;
        if (y < 0 || y > 8 || x < 0 || x > 7) continue;
        sum += f[static_cast<size_t>(y * 8 + x)];
        count += 1.0;
      }
      CHECK(f[static_cast<size_t>(row * 8 + column)] == doctest::Approx(sum / count).epsilon(1e-6));
    }
}

TEST_CASE("an edge without gradient meets the picture smoothly where the guidance jumps") {
  const Tensor picture = drawn(12, 12, [](double, double) { return 0.5; });
  const Hole hole{3, 3, 6, 6};
  const Tensor mask = rectangle(hole, 12, 12);
  // Known inside the hole only: a constant there, nonsense outside of it.
  const Tensor guidance = drawn(
      12, 12, [](double y, double x) { return y >= 3 && y < 9 && x >= 3 && x < 9 ? 0.9 : -4.0; });
  const Tensor smooth = solve_poisson(picture, mask, guidance, {.edge = EdgeGradient::zero});
  CHECK(worst_difference(smooth, picture) < 1e-6);
  CHECK(worst_difference(solve_poisson(picture, mask, guidance), picture) > 1.0);
}

TEST_CASE("outside of the hole the picture stays bit for bit, and the hole's values are not used") {
  Generator generator{.seed = 8};
  const Tensor picture = uniform({16, 16, 3}, 0, 1, generator);
  const Tensor mask = free_form_mask(16, 16, generator);
  const Tensor filled = diffusion_fill(picture, mask);
  const Tensor other = picture.clone();
  for (int64_t i = 0; i < mask.numel(); ++i)
    for (int64_t c = 0; c < 3; ++c) {
      const int64_t at = 3 * i + c;
      if (mask.data<float>()[i] == 0.0f)
        CHECK(filled.data<float>()[at] == picture.data<float>()[at]);
      else
        other.data<float>()[at] = 0.0f;
    }
  CHECK(diffusion_fill(other, mask).to_vector() == filled.to_vector());
  CHECK(filled.dtype() == DType::float32);
  CHECK(diffusion_fill(picture, Tensor::zeros({16, 16, 1})).to_vector() == picture.to_vector());
}

TEST_CASE("Poisson's equation refuses what it has no answer for") {
  const Tensor picture = Tensor::full({4, 5, 3}, 0.5);
  CHECK(sentence_of([&] {
          diffusion_fill(picture, Tensor::full({4, 5, 1}, 1.0));
        }) ==
        "diffusion_fill: the hole covers the whole picture, so that there is nothing to fill it "
        "from");
  CHECK_THROWS_AS(diffusion_fill(picture, Tensor::zeros({5, 4, 1})), ShapeError);
  CHECK_THROWS_AS(solve_poisson(picture, Tensor::zeros({4, 5}), Tensor::zeros({4, 5, 1})),
                  ShapeError);
  const Tensor broken = picture.clone();
  broken.data<float>()[7] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(diffusion_fill(broken, rectangle({1, 1, 1, 1}, 4, 5)), Error);
}

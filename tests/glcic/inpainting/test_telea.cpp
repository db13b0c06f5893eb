#include <doctest/doctest.h>

#include "glcic/inpainting/telea.h"
#include "tensor/error.h"
#include "tests/glcic/inpainting/inpainting_cases.h"
#include "tests/glcic/inpainting/opencv_cases.h"

using namespace kintsugi;

TEST_CASE("Telea's filling keeps what is known, ignores what is not and stays within [0, 1]") {
  for (const int radius : {1, 3})
    for (const double slope : {0.0, 1.0}) {
      CAPTURE(radius);
      CAPTURE(slope);
      CHECK(broken_promise([&](const Tensor& picture, const Tensor& mask) {
              return telea_fill(picture, mask, {.radius = radius, .slope = slope});
            }) == "");
    }
}

TEST_CASE("with the whole slope Telea's filling continues a ramp exactly") {
  // Where every known pixel beside the hole has known pixels behind it to take the slope from.
  const Tensor ramp =
      drawn_picture(24, 20, [](double y, double x) { return 0.2 + 0.01 * x + 0.012 * y; });
  for (const Hole& hole : {Hole{5, 6, 9, 11}, Hole{12, 0, 8, 10}, Hole{7, 7, 1, 1}}) {
    const Tensor mask = mask_from_holes({&hole, 1}, 24, 20);
    const Tensor spoiled = under_mask(mask, Tensor::zeros(ramp.shape(), ramp.options()), ramp);
    CHECK(worst_difference(telea_fill(spoiled, mask, {.slope = 1.0}), ramp) < 1e-9);
  }
}

TEST_CASE("Telea's filling of a mirrored picture is the mirrored filling") {
  Generator generator{.seed = 3};
  const Tensor picture = uniform({24, 20, 3}, 0, 1, generator, {.dtype = DType::float64});
  for (const Tensor& mask : awkward_masks())
    for (const int axis : {0, 1}) {
      const Tensor mirrored = telea_fill(ops::flip(picture, axis), ops::flip(mask, axis));
      CHECK(worst_difference(ops::flip(mirrored, axis), telea_fill(picture, mask)) < 1e-12);
    }
}

TEST_CASE("a pixel is made with the weights of the paper") {
  // A straight edge: T = column − 9, ∇T = (0, 1). Pixel p in column 10 sees, with radius 2, in
  // columns 8 and 9: straight behind dir 1, at T = 0 with dst 1, lev 1/2 and at T = -1 with dst
  // 1/4, lev 1/3; aslant dir 1/√2, dst 1/2, lev 1/2. Those above and below are in the hole.
  const Hole hole{10, 0, 10, 21};
  const Tensor mask = mask_from_holes({&hole, 1}, 21, 20);
  const Tensor picture = drawn_picture(21, 20, [](double y, double x) {
    return y == 10 && x == 9 ? 0.8 : y == 10 && x == 8 ? 0.6 : y == 9 && x == 9 ? 0.5 : 0.0;
  });
  const double near = 1.0 / 2, far = 1.0 / 4 / 3, aslant = 1.0 / std::sqrt(2.0) / 2 / 2;
  const double filled = telea_fill(picture, mask, {.radius = 2}).data<double>()[3 * (10 * 20 + 10)];
  CHECK(filled ==
        doctest::Approx((0.8 * near + 0.6 * far + 0.5 * aslant) / (near + far + 2.0 * aslant)));
}

TEST_CASE("Telea's filling is close to OpenCV's") {
  const OpencvCases cases;
  for (const std::string& name : cases.names()) {
    CAPTURE(name);
    const Tensor picture = cases.picture(name + ".picture"), mask = cases.mask(name);
    for (const int radius : {1, 3, 5}) {
      CAPTURE(radius);
      const Tensor filled = telea_fill(picture, mask, {.radius = radius});
      CHECK(hole_psnr(filled, cases.picture(fmt::format("{}.telea{}", name, radius)), mask) > 30.0);
    }
  }
}

TEST_CASE("Telea's filling refuses what it has no answer for") {
  const Tensor picture = Tensor::full({4, 5, 3}, 0.5);
  CHECK_THROWS_AS(telea_fill(picture, Tensor::full({4, 5, 1}, 1.0)), Error);
  CHECK_THROWS_AS(telea_fill(picture, Tensor::zeros({5, 4, 1})), ShapeError);
  CHECK_THROWS_AS(telea_fill(picture, Tensor::zeros({4, 5, 1}), {.radius = 0}), Error);
}

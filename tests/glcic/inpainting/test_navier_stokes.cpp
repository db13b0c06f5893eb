#include <doctest/doctest.h>

#include "glcic/inpainting/navier_stokes.h"
#include "tensor/error.h"
#include "tests/glcic/inpainting/inpainting_cases.h"
#include "tests/glcic/inpainting/opencv_cases.h"

using namespace kintsugi;

TEST_CASE("the flow keeps what is known, ignores what is not and stays within [0, 1]") {
  CHECK(broken_promise([](const Tensor& picture, const Tensor& mask) {
          return navier_stokes_fill(picture, mask);
        }) == "");
}

TEST_CASE("the flow brings a ramp back") {
  const Tensor ramp =
      drawn_picture(24, 20, [](double y, double x) { return 0.2 + 0.01 * x + 0.012 * y; });
  const Hole hole{5, 6, 9, 11};
  const Tensor mask = mask_from_holes({&hole, 1}, 24, 20);
  CHECK(worst_difference(navier_stokes_fill(ramp, mask), ramp) < 0.01);
}

TEST_CASE("the flow comes to rest before its steps are used up, and near to where it tends") {
  const OpencvCases cases;
  for (const std::string& name : cases.names()) {
    CAPTURE(name);
    const Tensor picture = cases.picture(name + ".picture"), mask = cases.mask(name);
    const Tensor filled = navier_stokes_fill(picture, mask);
    CHECK(filled.to_vector() == navier_stokes_fill(picture, mask, {.max_steps = 600}).to_vector());
    const Tensor longer = navier_stokes_fill(picture, mask, {.tolerance = 1e-4, .max_steps = 3000});
    CHECK(hole_psnr(filled, longer, mask) > 30.0);
  }
}

TEST_CASE("an edge that enters the hole on both sides is continued sharper than by diffusion") {
  const Tensor picture = drawn_picture(40, 40, [](double, double x) { return x < 20 ? 0.2 : 0.7; });
  const Hole hole{12, 17, 16, 6};
  const Tensor mask = mask_from_holes({&hole, 1}, 40, 40);
  CHECK(hole_psnr(navier_stokes_fill(picture, mask), picture, mask) >
        hole_psnr(navier_stokes_fill(picture, mask, {.edge = 1e3}), picture, mask) + 3.0);
}

TEST_CASE("the flow is as near to OpenCV's filling of that name as two methods are") {
  const OpencvCases cases;
  for (const std::string& name : cases.names()) {
    CAPTURE(name);
    const Tensor mask = cases.mask(name);
    const Tensor filled = navier_stokes_fill(cases.picture(name + ".picture"), mask);
    CHECK(hole_psnr(filled, cases.picture(name + ".navier_stokes"), mask) > 20.0);
  }
}

TEST_CASE("the flow refuses what it has no answer for") {
  const Tensor picture = Tensor::full({4, 5, 3}, 0.5);
  CHECK_THROWS_AS(navier_stokes_fill(picture, Tensor::full({4, 5, 1}, 1.0)), Error);
  CHECK_THROWS_AS(navier_stokes_fill(picture, Tensor::zeros({5, 4, 1})), ShapeError);
}

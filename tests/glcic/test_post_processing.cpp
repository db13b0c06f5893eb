#include <doctest/doctest.h>

#include "glcic/inpainting/telea.h"
#include "glcic/post_processing.h"
#include "tensor/error.h"
#include "tests/glcic/inpainting/inpainting_cases.h"
#include "tests/glcic/inpainting/opencv_cases.h"

using namespace kintsugi;

TEST_CASE("every post-processing keeps what is known and does not use what lies under the hole") {
  Generator generator{.seed = 12};
  const Tensor completed = uniform({24, 20, 3}, 0, 1, generator);
  const Tensor picture = uniform({24, 20, 3}, 0, 1, generator);
  for (const Post post : {Post::none, Post::poisson, Post::telea_poisson})
    for (const Tensor& mask : awkward_masks()) {
      const Tensor result = post_process(post, picture, mask, completed);
      CHECK(under_mask(mask, picture, result).to_vector() == picture.to_vector());
      const Tensor other = under_mask(mask, Tensor::full({24, 20, 3}, 77.0), picture);
      CHECK(post_process(post, other, mask, completed).to_vector() == result.to_vector());
      CHECK(worst_difference(ops::clamp(result, 0.0, 1.0), result) == 0.0);
    }
}

TEST_CASE("a completion that is the picture in a wrong colour comes back in the right one") {
  const Tensor picture = drawn_picture(
      40, 40, [](double y, double x) { return 0.3 + 0.1 * std::sin(x / 5) * std::cos(y / 6); });
  const Tensor completed = ops::affine(picture, 1.0, 0.15);
  const Hole hole{8, 9, 22, 20};
  const Tensor mask = mask_from_holes({&hole, 1}, 40, 40);
  const auto psnr_after = [&](Post post) {
    return hole_psnr(post_process(post, picture, mask, completed), picture, mask);
  };
  CHECK(psnr_after(Post::none) < 17.0);
  CHECK(psnr_after(Post::poisson) > 35.0);
  CHECK(psnr_after(Post::telea_poisson) > 30.0);
}

TEST_CASE("with telea+poisson a thin hole is Telea's alone, and so is the rim of a wide one") {
  Generator generator{.seed = 2};
  const Tensor picture = uniform({30, 30, 3}, 0, 1, generator);
  const Tensor completed = uniform({30, 30, 3}, 0, 1, generator);
  const Hole thin{4, 4, 6, 20}, wide{4, 4, 20, 20}, core{7, 7, 14, 14};
  const Tensor thin_mask = mask_from_holes({&thin, 1}, 30, 30);
  CHECK(post_process(Post::telea_poisson, picture, thin_mask, completed).to_vector() ==
        telea_fill(picture, thin_mask, {.radius = 1}).to_vector());
  const Tensor mask = mask_from_holes({&wide, 1}, 30, 30);
  const Tensor core_mask = mask_from_holes({&core, 1}, 30, 30);
  const Tensor telea = telea_fill(picture, mask, {.radius = 1});
  const Tensor result = post_process(Post::telea_poisson, picture, mask, completed);
  CHECK(under_mask(core_mask, telea, result).to_vector() == telea.to_vector());
  CHECK(worst_difference(result, telea) > 0.05);
}

TEST_CASE("telea+poisson is close to OpenCV's inpaint and seamlessClone one after the other") {
  const OpencvCases cases;
  for (const std::string& name : cases.cloned()) {
    CAPTURE(name);
    const Tensor mask = cases.mask(name);
    const Tensor result = post_process(Post::telea_poisson, cases.picture(name + ".picture"), mask,
                                       cases.picture(name + ".source"));
    CHECK(hole_psnr(result, cases.picture(name + ".cloned"), mask) > 28.0);
  }
}

TEST_CASE("post-processing goes by three names") {
  CHECK(post_from_string("none") == Post::none);
  CHECK(post_from_string("poisson") == Post::poisson);
  CHECK(post_from_string("telea+poisson") == Post::telea_poisson);
  CHECK_THROWS_AS(post_from_string("telea"), Error);
}

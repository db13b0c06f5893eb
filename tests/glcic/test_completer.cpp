#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

#include "glcic/completer.h"
#include "glcic/inpainting/poisson.h"
#include "glcic/mask.h"
#include "tensor/error.h"
#include "tensor/io/image.h"
#include "tensor/ops.h"
#include "tests/glcic/small_model.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

namespace {

/// As it comes out of an 8-bit file.
Tensor random_picture(int64_t height, int64_t width, Generator& generator) {
  Tensor picture = uniform({height, width, 3}, 0, 256, generator);
  for (int64_t i = 0; i < picture.numel(); ++i)
    picture.data<float>()[i] = std::floor(picture.data<float>()[i]) / 255.0f;
  return picture;
}

Tensor rectangle(const Hole& hole, int64_t height, int64_t width) {
  return mask_from_holes({&hole, 1}, height, width);
}

bool all_finite(const Tensor& x) {
  const std::vector<double> values = x.to_vector();
  return std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

TEST_CASE("pictures of any size are completed, and are the same outside of the hole") {
  const Model model = small_model();
  CHECK(rc::check([&] {
    Generator generator{.seed = *rc::gen::arbitrary<uint64_t>()};
    const int64_t height = generator.integer(1, 19), width = generator.integer(1, 19);
    const Tensor picture = random_picture(height, width, generator);
    const Tensor mask = rectangle(random_hole({1, 1}, height, width, generator), height, width);
    const Completion done = complete(model, picture, mask);
    RC_ASSERT(done.raw.shape() == picture.shape());
    RC_ASSERT(done.composite.shape() == picture.shape());
    for (int64_t i = 0; i < picture.numel(); ++i) {
      const bool hole = mask.data<float>()[i / 3] != 0.0f;
      const float expected = hole ? done.raw.data<float>()[i] : picture.data<float>()[i];
      RC_ASSERT(done.composite.data<float>()[i] == expected);
    }
  }));
}

TEST_CASE("in a written PNG every byte outside of the hole is the picture's") {
  const TemporaryFolder folder;
  Generator generator{.seed = 4};
  write_png(folder / "before.png", random_picture(21, 30, generator));
  const Tensor picture = read_image(folder / "before.png");
  const Tensor mask = rectangle({8, 5, 12, 9}, 21, 30);
  for (const Post post : {Post::none, Post::poisson}) {
    write_png(folder / "after.png",
              complete(small_model(), picture, mask, {.post = post}).composite);
    const Tensor after = read_image(folder / "after.png");
    int changed = 0;
    for (int64_t i = 0; i < picture.numel(); ++i) {
      const bool same = after.data<float>()[i] == picture.data<float>()[i];
      if (mask.data<float>()[i / 3] == 0.0f) CHECK(same);
      changed += !same;
    }
    CHECK(changed > 100);
  }
}

TEST_CASE("what lies under the hole is never seen, at the padded border neither") {
  const Model model = small_model();
  Generator generator{.seed = 6};
  const Tensor picture = random_picture(18, 21, generator);
  const Tensor mask = rectangle({13, 9, 8, 9}, 18, 21);  // reaches the padded corner
  const Tensor other = ops::where(mask, random_picture(18, 21, generator), picture);
  for (const Post post : {Post::none, Post::poisson})
    CHECK(complete(model, picture, mask, {.post = post}).composite.to_vector() ==
          complete(model, other, mask, {.post = post}).composite.to_vector());
}

TEST_CASE("a picture whose sides are multiples of 4 is not padded") {
  const Model model = small_model();
  Generator generator{.seed = 7};
  const Tensor picture = random_picture(12, 16, generator);
  const Tensor mask = rectangle({4, 4, 5, 5}, 12, 16);
  const Tensor raw =
      run_completion(model, picture.reshape({1, 12, 16, 3}), mask.reshape({1, 12, 16, 1}));
  CHECK(complete(model, picture, mask).raw.to_vector() == raw.to_vector());
}

TEST_CASE("a picture is completed alike alone and in a batch, and the network keeps its mode") {
  const Model model = small_model();
  model.completion->train();
  Generator generator{.seed = 9};
  const Tensor images = uniform({3, 16, 16, 3}, 0, 1, generator);
  const Tensor masks =
      masks_from_holes(std::vector<Hole>{{1, 2, 6, 5}, {4, 4, 8, 8}, {9, 0, 7, 3}}, 16, 16);
  const Tensor together = run_completion(model, images, masks);
  for (int64_t n = 0; n < 3; ++n) {
    const std::vector<double> alone =
        run_completion(model, ops::slice(images, 0, n, 1), ops::slice(masks, 0, n, 1)).to_vector();
    const std::vector<double> batched = ops::slice(together, 0, n, 1).to_vector();
    for (size_t i = 0; i < alone.size(); ++i)
      REQUIRE(batched[i] == doctest::Approx(alone[i]).epsilon(1e-5));
  }
  CHECK(model.completion->is_training());
}

TEST_CASE("Poisson blending keeps the picture in range and removes a step of colour at the edge") {
  const Model model = small_model();
  const Tensor picture = Tensor::full({24, 24, 3}, 0.97);
  const Tensor mask = rectangle({6, 6, 12, 12}, 24, 24);
  const Completion plain = complete(model, picture, mask);
  const Completion blended = complete(model, picture, mask, {.post = Post::poisson});
  const auto step = [&](const Tensor& filled) {  // between the hole's top row and the one above
    double sum = 0.0;
    for (int64_t column = 6; column < 18; ++column)
      for (int64_t c = 0; c < 3; ++c)
        sum += std::abs(filled.data<float>()[(6 * 24 + column) * 3 + c] - 0.97f);
    return sum / 36.0;
  };
  CHECK(all_finite(blended.composite));
  CHECK(ops::max(blended.composite).item() <= 1.0);
  CHECK(step(blended.composite) < 0.2 * step(plain.composite));
  CHECK(blended.raw.to_vector() == plain.raw.to_vector());
}

TEST_CASE("completing refuses an empty mask, a mask of another size, and a name it does not know") {
  const Model model = small_model();
  const Tensor picture = Tensor::full({8, 8, 3}, 0.5);
  CHECK(sentence_of([&] {
          complete(model, picture, Tensor::zeros({8, 8, 1}));
        }) == "complete: the mask is empty, there is nothing to fill");
  CHECK_THROWS_AS(complete(model, picture, Tensor::full({8, 9, 1}, 1.0)), ShapeError);
  CHECK_THROWS_AS(complete(model, Tensor::zeros({8, 8}), Tensor::zeros({8, 8, 1})), ShapeError);
  const Tensor everything = Tensor::full({8, 8, 1}, 1.0);
  CHECK(all_finite(complete(model, picture, everything).composite));
  CHECK_THROWS_AS(complete(model, picture, everything, {.post = Post::poisson}), Error);
  CHECK(post_from_string("poisson") == Post::poisson);
  CHECK_THROWS_AS(post_from_string("telea"), Error);
}

#include <doctest/doctest.h>

#include "glcic/inpainting/method.h"
#include "tensor/error.h"
#include "tests/glcic/inpainting/inpainting_cases.h"
#include "tests/temporary_folder.h"

using namespace kintsugi;

TEST_CASE("every method keeps what is known, ignores what is not and repeats itself") {
  Generator generator{.seed = 12};
  const Tensor picture = uniform({24, 20, 3}, 0, 1, generator);
  for (const FillMethod& method : fill_methods())
    for (const Tensor& mask : awkward_masks()) {
      CAPTURE(method.name);
      const Tensor filled = method.fill(picture, mask, {});
      CHECK(filled.shape() == picture.shape());
      CHECK(under_mask(mask, picture, filled).to_vector() == picture.to_vector());
      const Tensor other = under_mask(mask, Tensor::full({24, 20, 3}, 77.0), picture);
      CHECK(method.fill(other, mask, {}).to_vector() == filled.to_vector());
      CHECK(worst_difference(ops::clamp(filled, 0.0, 1.0), filled) == 0.0);
    }
}

TEST_CASE("every method takes float64, and fills as it does in float32") {
  Generator generator{.seed = 13};
  const Tensor picture = uniform({24, 20, 3}, 0, 1, generator);
  const Tensor mask = awkward_masks().front();
  for (const FillMethod& method : fill_methods()) {
    CAPTURE(method.name);
    const Tensor filled = method.fill(picture.to(DType::float64), mask.to(DType::float64), {});
    CHECK(filled.dtype() == DType::float64);
    const Tensor expected = method.fill(picture, mask, {}).to(DType::float64);
    CHECK(ops::max(ops::abs(ops::subtract(filled, expected))).item() < 1e-3);
  }
}

TEST_CASE("tables list the methods from the plainest on") {
  std::vector<std::string> names;
  for (const FillMethod& method : fill_methods()) names.push_back(method.name);
  CHECK(names == std::vector<std::string>{"mean-colour", "diffusion", "telea", "navier-stokes",
                                          "patchmatch"});
  CHECK(sentence_of([] { fill_method("magic"); }) ==
        "\"magic\" is not a method: mean-colour, diffusion, telea, navier-stokes, patchmatch");
}

TEST_CASE("no method fills nothing, everything, or what is no picture") {
  const Tensor picture = Tensor::full({4, 5, 3}, 0.5);
  for (const FillMethod& method : fill_methods()) {
    CAPTURE(method.name);
    CHECK_THROWS_AS(method.fill(picture, Tensor::zeros({4, 5, 1}), {}), Error);
    CHECK_THROWS_AS(method.fill(picture, Tensor::full({4, 5, 1}, 1.0), {}), Error);
    CHECK_THROWS_AS(method.fill(picture, Tensor::zeros({5, 4, 1}), {}), ShapeError);
  }
}

TEST_CASE("the mean colour is the known pixels', or the training set's where it is given") {
  const Tensor picture = Tensor::from({0.0, 0.2, 0.4, 0.2, 0.4, 0.6, 9.0, 9.0, 9.0}, {1, 3, 3},
                                      {.dtype = DType::float64});
  const Tensor mask = Tensor::from({0.0, 0.0, 1.0}, {1, 3, 1});
  const FillMethod& method = fill_method("mean-colour");
  const std::vector<double> own = method.fill(picture, mask, {}).to_vector();
  CHECK(own[6] == doctest::Approx(0.1));
  CHECK(own[8] == doctest::Approx(0.5));
  const Tensor mean = Tensor::from({0.7, 0.8, 0.9}, {3});
  const std::vector<double> given = method.fill(picture, mask, {.mean_pixel = mean}).to_vector();
  CHECK(given[7] == doctest::Approx(0.8));
}
